-- Reweighted BPR: a pair whose order the model finds unlikely may be noise, and counts less.
--
--   L = mean of p^beta * -ln p over the B N pairs, p = sigmoid(s_b - s_bj)
--
-- The weight p^beta is held constant. R-CE (Wang et al., WSDM 2021) with the pairwise loss, a baseline of TIL,
-- CIKM 2022, section 5.3. Native: perigee.losses.rce_bpr.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.rce_bpr", given, { beta = 0.25 })
  return function(s)
    local costs = (s.negative - s.positive):softplus()
    return ((-o.beta * costs):exp():stop_gradient() * costs):mean "negatives"
  end
end
