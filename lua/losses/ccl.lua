-- Cosine contrastive loss: positives towards 1, negatives below a margin.
--
--   L = 1/B sum_b ( [1 - s_b]+ + w 1/N sum_j [s_bj - m]+ )
--
-- Mao et al., "SimpleX: A Simple and Strong Baseline for Collaborative Filtering", CIKM 2021, Eq. 1 (MML Eq. 2).
-- Native: perigee.losses.ccl.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.ccl", given, {
    margin = 0.9, negatives = options.one_of { "mean", "sum" }, negative_weight = 150,
  })
  return function(s)
    local missing = (1 - s.positive):relu()
    local excess = (s.negative - o.margin):relu()
    if o.negatives == "sum" then return missing + excess:sum "negatives" end
    return missing + o.negative_weight * excess:mean "negatives"
  end
end
