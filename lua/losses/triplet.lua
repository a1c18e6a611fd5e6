-- Triplet loss: a positive should be nearer than each negative, by a margin.
--
--   L = 1/(B N) sum_b sum_j [d_b - d_bj + margin]+
--
-- Schroff et al., "FaceNet", CVPR 2015, Eq. 3 (MML Eq. 3). Native: perigee.losses.triplet.

local options = require "perigee.options"

local distances = {
  negated = function(score) return -score end,                           -- squared, where scores are euclidean
  root = function(score) return (-score):clamp(1e-12):sqrt() end,
  cosine = function(score) return 1 - score end,
}

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.triplet", given, {
    distance = options.one_of { "negated", "root", "cosine" }, margin = 1,
  })
  return function(s)
    local d = distances[o.distance]
    return (d(s.positive) - d(s.negative) + o.margin):relu():mean "negatives"
  end
end
