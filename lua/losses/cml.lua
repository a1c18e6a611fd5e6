-- Collaborative metric learning: the hardest negative, weighted by an estimate of the positive's rank.
--
--   rank_b = items * share of j with d_b - d_bj + margin > 0
--   L = 1/B sum_b ln(rank_b + 1) [d_b - min_j d_bj + margin]+
--
-- d = -s, the squared distance of euclidean scores. No derivative passes through the rank.
-- Hsieh et al., "Collaborative Metric Learning", WWW 2017, Eq. 2 and 3, as its official code computes it,
-- but for its sum: reduction = "sum".
-- Native: perigee.losses.cml, where of equally hard negatives the first has the derivative; here they share it.

local options = require "perigee.options"

---@class losses.cml.options
---@field items integer How many items there are, of which ranks are estimated.

---@param given losses.cml.options Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.cml", given, {
    margin = 1.9, items = options.required, reduction = options.one_of { "mean", "sum" },
  })
  return function(s)
    local margin = o.margin
    local impostors = (s.negative - s.positive):gt(-margin)
    local rank = o.items * impostors:mean "negatives"
    local total = ((rank + 1):log() * (s.negative:max "negatives" - s.positive + margin):relu()):sum()
    return o.reduction == "sum" and total or total / s.batch_size
  end
end
