-- Pairwise hinge: a positive should outscore its negatives by a margin.
--
--   L = 1/B sum_b 1/N sum_j [margin + s_bj - s_b]+
--
-- RecBox's PairwiseMarginLoss (MML Table 3). Native: perigee.losses.hinge.

return function(options)
  local o = options or {}
  return function(s) return ((s.negative - s.positive) + (o.margin or 1)):relu():mean "negatives" end
end
