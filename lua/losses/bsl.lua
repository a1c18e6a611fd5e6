-- Bilateral softmax loss. With t the temperature and e the negative exponent:
--
--   multi:     L = 1/B sum_b ( e ln(1/N sum_j exp(s_bj/t)) - ln mean_{c: user_c = user_b} exp(s_c/t) )
--   reweight:  L = 1/B sum_b ( e ln sum_j exp(s_bj/t) - s_b/t )
--   single:    as reweight, with the mean over negatives and e = 1
--   paper:     L = 1/B sum_b ( t ln(1/N sum_j exp(s_bj/t)) - t' ln mean_{c: user_c = user_b} exp(s_c/t') )
--
-- Wu et al., "BSL: Understanding and Improving Softmax Loss for Recommendation", ICDE 2024: `paper` as printed, the
-- others as its code computes them. Native: perigee.losses.bsl.

local options = require "perigee.options"

--- ln of the mean of exp(x) over the positives of the same user.
local function same_user_log_mean(x)
  local top = x:same_user_max():stop_gradient()          -- each user's own: another's may be too far for exp
  return (x - top):exp():same_user_mean():log() + top
end

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.bsl", given, {
    temperature = 0.1, negative_exponent = 1, positive_temperature = options.optional,
    mode = options.one_of { "multi", "reweight", "single", "paper" },
  })
  return function(s)
    local t, mode = o.temperature, o.mode
    local negative = (s.negative / t):logsumexp "negatives"
    local mean = negative - math.log(s.negative_count)
    local e = o.negative_exponent
    if mode == "single" then return mean - s.positive / t end
    if mode == "reweight" then return e * negative - s.positive / t end
    if mode == "multi" then return e * mean - same_user_log_mean(s.positive / t) end
    local own = o.positive_temperature or t
    return t * mean - own * same_user_log_mean(s.positive / own)
  end
end
