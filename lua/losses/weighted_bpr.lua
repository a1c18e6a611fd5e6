-- BPR with a weight for each triplet of user, positive and negative.
--
--   L = 1/(B N) sum_b sum_j w_bj softplus(s_bj - s_b)
--
-- The inner objective of TIL, Wu et al., CIKM 2022, Eq. 2, which sums: reduction = "sum".
-- Native: perigee.losses.weighted_bpr.
--
--   local trust = perigee.parameter { name = "trust", per = "user", data = split, init = 1 }
--   local loss = weighted_bpr { weights = function(s) return trust[s.users] end }
--
-- The weights, one for each positive or each negative, are held constant: nothing is learned through them.

local options = require "perigee.options"

return function(given)
  local o = options.read("losses.weighted_bpr", given, {
    weights = options.required, reduction = options.one_of { "mean", "sum" },
  })
  return function(s)
    local weights = o.weights(s)
    if type(weights) ~= "number" then weights = weights:stop_gradient() end
    local total = (weights * (s.negative - s.positive):softplus()):sum()
    return o.reduction == "sum" and total or total / (s.batch_size * s.negative_count)
  end
end
