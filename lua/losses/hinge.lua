-- Pairwise hinge: a positive should outscore its negatives by a margin.
--
--   L = 1/B sum_b 1/N sum_j [margin + s_bj - s_b]+
--
-- RecBox's PairwiseMarginLoss (MML Table 3). Native: perigee.losses.hinge.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.hinge", given, { margin = 1 })
  return function(s) return ((s.negative - s.positive) + o.margin):relu():mean "negatives" end
end
