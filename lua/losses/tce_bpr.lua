-- Truncated BPR: the pairs of largest loss may be noise, and are left out.
--
--   Of the batch's B N pairs keep the floor((1 - r) B N), at least one, with the smallest softplus(s_bj - s_b);
--   L = their mean
--   r = t / (gradual_steps - 1) * drop_rate ^ exponent before batch t + 1, drop_rate from gradual_steps on
--
-- T-CE (Wang et al., WSDM 2021) with the pairwise loss, a baseline of TIL, CIKM 2022, section 5.3.
-- Native: perigee.losses.tce_bpr.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.tce_bpr", given, { drop_rate = 0.2, gradual_steps = 30000, exponent = 1 })
  return function(s)
    local r, gradual, t = o.drop_rate, o.gradual_steps, s.step - 1
    if t < gradual then r = gradual == 1 and 0 or t / (gradual - 1) * r ^ o.exponent end
    local kept = math.max(1, math.floor((1 - r) * s.batch_size * s.negative_count))
    local costs = (s.negative - s.positive):softplus()
    return (costs * costs:rank():le(kept)):sum() / kept
  end
end
