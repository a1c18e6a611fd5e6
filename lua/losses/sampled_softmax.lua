-- Softmax cross-entropy corrected for how likely each item was to be sampled.
--
--   x_b = s_b/t - ln q(b), x_bj = s_bj/t - ln q(bj),   L = 1/B sum_b ( ln( exp(x_b) + sum_j exp(x_bj) ) - x_b )
--
-- ln q is the sampler's log_proposal. correction = "negatives" leaves it out of the positive, "none" everywhere.
-- Bengio and Senecal, IEEE TNN 2008; Wu et al., "On the Effectiveness of Sampled Softmax Loss for Item Recommendation",
-- 2022. Native: perigee.losses.sampled_softmax.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.sampled_softmax", given, {
    temperature = 1, correction = options.one_of { "both", "negatives", "none" },
  })
  return function(s)
    local t, correction = o.temperature, o.correction
    local positive, negative = s.positive / t, s.negative / t
    if correction ~= "none" then
      if not s.log_proposal then error "the sampler does not say how likely its negatives are; set correction" end
      negative = negative - s.log_proposal
    end
    if correction == "both" then positive = positive - s.positive_log_proposal end
    return (negative:logsumexp "negatives" - positive):softplus()
  end
end
