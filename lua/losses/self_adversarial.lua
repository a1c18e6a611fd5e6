-- BPR with negatives weighted by their own scores, the weights held constant.
--
--   w_b = softmax_j( s_bj / t ),   L = 1/B sum_b sum_j w_bj softplus(s_bj - s_b)
--
-- Sun et al., "RotatE", ICLR 2019, Eq. 5; as PRIS, WWW 2020, section 5.4 compares with it, t = 1.
-- Native: perigee.losses.self_adversarial.

local options = require "perigee.options"

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.self_adversarial", given, { temperature = 1 })
  return function(s)
    local weights = (s.negative / o.temperature):softmax():stop_gradient()
    return (weights * (s.negative - s.positive):softplus()):sum "negatives"
  end
end
