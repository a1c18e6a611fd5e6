-- Truncated cross-entropy: the positives of largest loss may be noise, and are left out.
--
--   Of the batch's B (1 + N) samples keep the floor((1 - r) B (1 + N)), at least one, with the smallest label * loss;
--   L = their mean
--   r = t / (gradual_steps - 1) * drop_rate ^ exponent before batch t + 1, drop_rate from gradual_steps on
--
-- Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 3, and its official code.
-- Where there are not enough positives negatives are left out, those of the last rows. Native: perigee.losses.tce.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.tce", given, { drop_rate = 0.2, gradual_steps = 30000, exponent = 1 })
  return function(s)
    local r, gradual, t = o.drop_rate, o.gradual_steps, s.step - 1
    if t < gradual then r = gradual == 1 and 0 or t / (gradual - 1) * r ^ o.exponent end
    local samples = s.batch_size * (1 + s.negative_count)
    local kept = math.max(1, math.floor((1 - r) * samples))
    local kept_positives = s.batch_size - (samples - kept)
    local costs, negatives = (-s.positive):softplus(), s.negative:softplus()
    -- Equal numbers rank in the order of the rows.
    if kept_positives < 0 then negatives = negatives * (s.negative:eq(s.negative)):rank():le(kept) end
    return ((costs * costs:rank("batch"):le(kept_positives)):sum() + negatives:sum()) / kept
  end
end
