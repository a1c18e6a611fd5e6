-- Weighted approximate-rank pairwise loss, as lightfm computes it. Negatives are candidates in the order in which they
-- were drawn; the first above s_b - margin that the user does not know counts, and how many were tried until then tells
-- how far down the positive ranks.
--
--   w_b = min(maximum_weight, ln max(1, floor((items - 1) / trials))),   L = 1/B sum_b w_b (margin - s_b + s_bj)
--
-- Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011. Native: perigee.losses.warp.

local perigee = require "perigee"
local options = require "perigee.options"

---@class losses.warp.options
---@field items integer How many items there are, of which ranks are estimated.

---@param given losses.warp.options Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.warp", given, {
    items = options.required, margin = 1, maximum_weight = 10, reduction = options.one_of { "mean", "sum" },
  })
  --- The weight after each number of trials, [N].
  local function weights(count)
    local row = {}
    for trials = 1, count do
      row[trials] = math.min(o.maximum_weight, math.log(math.max(1, (o.items - 1) // trials)))
    end
    return perigee.tensor(row)
  end
  return function(s)
    local margin = o.margin
    local gap = s.negative - s.positive + margin
    local violates = gap:gt(0) * (1 - s.known)
    local first = violates * violates:cumsum():eq(1)
    local total = perigee.where(first, weights(s.negative_count) * gap, 0):sum()
    return o.reduction == "sum" and total or total / s.batch_size
  end
end
