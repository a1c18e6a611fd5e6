-- Bayesian personalised ranking: a positive should outscore its negatives.
--
--   L = 1/B sum_b 1/N sum_j softplus(s_bj - s_b)
--
-- Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009, section 4.1.
-- Native: perigee.losses.bpr.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  options.read("losses.bpr", given, {})
  return function(s) return (s.negative - s.positive):softplus():mean "negatives" end
end
