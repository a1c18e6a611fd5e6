-- Binary cross-entropy of scores as logits: label 1 for the positive, 0 for the negatives.
--
--   L = sum_b ( softplus(-s_b) + sum_j softplus(s_bj) )
--
-- RecBox's SigmoidCrossEntropyLoss, a sum over everything. Native: perigee.losses.bce.

local options = require "perigee.options"

return function(given)
  options.read("losses.bce", given, {})
  return function(s) return (-s.positive):softplus():sum() + s.negative:softplus():sum() end
end
