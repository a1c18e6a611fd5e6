-- Squared error to 1 for the positive and 0 for the negatives.
--
--   L = 1/B sum_b ( (s_b - 1)^2 / 2 + sum_j s_bj^2 / 2 )
--
-- RecBox's MSELoss (MML Table 3). Native: perigee.losses.mse.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  options.read("losses.mse", given, {})
  return function(s) return ((s.positive - 1):square() + s.negative:square():sum "negatives") / 2 end
end
