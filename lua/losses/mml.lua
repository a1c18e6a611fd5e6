-- Multi-margin loss: the cosine contrastive loss with several margins, each with a weight.
--
--   L = 1/B sum_b ( w+ [1 - s_b]+ + w- 1/N sum_j sum_k w_k [s_bj - m_k]+ )
--
-- Ozsoy, "Multi-Margin Loss", arXiv 2405.04614, Eq. 7. Native: perigee.losses.mml.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.mml", given, {
    margins = { 0.7, 0.8, 0.9 }, weights = { 0.1, 0.15, 0.75 }, positive_weight = 1, negative_weight = 700,
  })
  return function(s)
    local margins, weights = o.margins, o.weights
    local cost = 0
    for k, margin in ipairs(margins) do cost = cost + weights[k] * (s.negative - margin):relu() end
    return o.positive_weight * (1 - s.positive):relu() + o.negative_weight * cost:mean "negatives"
  end
end
