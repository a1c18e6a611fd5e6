-- Contrastive loss: positives should be near, negatives farther than a margin.
--
--   L = 1/(B (1 + N)) sum_b ( d_b^2 + sum_j [margin - d_bj]+^2 );   form = "linear": without squares
--
-- Hadsell et al., "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006, Eq. 4 (MML Eq. 1),
-- which sum: reduction = "sum".
-- Native: perigee.losses.contrastive.

local options = require "perigee.options"

local distances = {
  negated = function(score) return -score end,
  root = function(score) return (-score):clamp(1e-12):sqrt() end,       -- of euclidean scores
  cosine = function(score) return 1 - score end,
}

---@param given? table Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.contrastive", given, {
    distance = options.one_of { "root", "negated", "cosine" }, form = options.one_of { "squared", "linear" },
    margin = 1, reduction = options.one_of { "mean", "sum" },
  })
  return function(s)
    local d = distances[o.distance]
    local near, gap = d(s.positive), (o.margin - d(s.negative)):relu()
    if o.form ~= "linear" then near, gap = near:square(), gap:square() end
    local total = near:sum() + gap:sum()
    return o.reduction == "sum" and total or total / (s.batch_size * (1 + s.negative_count))
  end
end
