-- Binary cross-entropy of scores as logits: label 1 for the positive, 0 for the negatives.
--
--   L = 1/(B (1 + N)) sum_b ( softplus(-s_b) + sum_j softplus(s_bj) )
--
-- RecBox's SigmoidCrossEntropyLoss is a sum over everything: reduction = "sum". Native: perigee.losses.bce.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.bce", given, { reduction = options.one_of { "mean", "sum" } })
  return function(s)
    local total = (-s.positive):softplus():sum() + s.negative:softplus():sum()
    return o.reduction == "sum" and total or total / (s.batch_size * (1 + s.negative_count))
  end
end
