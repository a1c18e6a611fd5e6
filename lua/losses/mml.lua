-- Multi-margin loss: the cosine contrastive loss with several margins, each with a weight.
--
--   L = 1/B sum_b ( w+ [1 - s_b]+ + w- 1/N sum_j sum_k w_k [s_bj - m_k]+ )
--
-- Ozsoy, "Multi-Margin Loss", arXiv 2405.04614, Eq. 7. Native: perigee.losses.mml.

return function(options)
  local o = options or {}
  return function(s)
    local margins, weights = o.margins or { 0.7, 0.8, 0.9 }, o.weights or { 0.1, 0.15, 0.75 }
    local cost = 0
    for k, margin in ipairs(margins) do cost = cost + weights[k] * (s.negative - margin):relu() end
    return (o.positive_weight or 1) * (1 - s.positive):relu() + (o.negative_weight or 700) * cost:mean "negatives"
  end
end
