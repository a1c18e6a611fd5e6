-- Hybrid loss of the user interest boundary: positives score above the user's boundary b, negatives below.
--
--   L = 1/B sum_b ( phi(b_b - s_b) + alpha sum_j phi(s_bj - b_b) ),   phi(x) = softplus(x)  or  [x + margin]+
--
-- Wang et al., "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Eq. 4 and 6; its code has
-- weights 1 - alpha and alpha. Both sum: reduction = "sum". Native: perigee.losses.uib. The model must have a boundary.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.uib", given, {
    alpha = 1, form = options.one_of { "logistic", "margin" }, margin = 1, negatives = options.one_of { "sum", "mean" },
    released_weights = false, reduction = options.one_of { "mean", "sum" },
  })
  return function(s)
    local alpha = o.alpha
    local function phi(x)
      if o.form == "margin" then return (x + o.margin):relu() end
      return x:softplus()
    end
    local below, above = phi(s.boundary - s.positive), phi(s.negative - s.boundary)
    above = o.negatives == "mean" and above:mean "negatives" or above:sum "negatives"
    local total = ((o.released_weights and 1 - alpha or 1) * below + alpha * above):sum()
    return o.reduction == "sum" and total or total / s.batch_size
  end
end
