-- Softmax cross-entropy over the positive and its sampled negatives.
--
--   L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )
--
-- RecBox's SoftmaxCrossEntropyLoss has t = 1. Native: perigee.losses.softmax.
-- ln(e^p + e^n) - p = softplus(n - p): the positive needs no place among the negatives.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.softmax", given, { temperature = 1 })
  return function(s)
    local t = o.temperature
    return ((s.negative / t):logsumexp "negatives" - s.positive / t):softplus()
  end
end
