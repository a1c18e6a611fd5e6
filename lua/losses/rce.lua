-- Reweighted cross-entropy: a sample that the model finds unlikely may be noise, and counts less.
--
--   L = mean of p^beta * -ln p over the B (1 + N) samples, p = sigmoid(s_b) or 1 - sigmoid(s_bj)
--
-- The weight p^beta is held constant. Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 4.
-- Native: perigee.losses.rce. With c = -ln p the weight is exp(-beta c).

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.rce", given, { beta = 0.25 })
  local function weighted(costs) return (-o.beta * costs):exp():stop_gradient() * costs end
  return function(s)
    local total = weighted((-s.positive):softplus()):sum() + weighted(s.negative:softplus()):sum()
    return total / (s.batch_size * (1 + s.negative_count))
  end
end
