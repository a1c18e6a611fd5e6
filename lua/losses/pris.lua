-- BPR with negatives weighted by importance: hard ones count more, those that are often drawn less.
--
--   w_b = softmax_j( s_bj / t - ln q(bj) ),   L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)
--
-- ln q is the sampler's log_proposal, a constant, 0 where it gives none.
-- Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, Eq. 6. Native: perigee.losses.pris.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.pris", given, { temperature = 1, gradient_through_weights = true })
  return function(s)
    local logits = s.negative / o.temperature
    if s.log_proposal then logits = logits - s.log_proposal end
    local weights = logits:softmax()
    if o.gradient_through_weights == false then weights = weights:stop_gradient() end
    return (weights * (s.negative - s.positive):softplus()):sum "negatives"
  end
end
