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

---@class losses.weighted_bpr.options
---@field weights fun(s: LossScores): Tensor|number The weights of a batch, `[B]` or `[B, N]`.

---@param given losses.weighted_bpr.options Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
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
