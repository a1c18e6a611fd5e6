-- InfoNCE: the softmax loss with a temperature, for cosine scores.
--
--   L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )
--
-- van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, Eq. 4 (MML Eq. 4).
-- Native: perigee.losses.infonce.

local softmax = require "losses.softmax"
local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.infonce", given, { temperature = 0.2 })
  return softmax { temperature = o.temperature }
end
