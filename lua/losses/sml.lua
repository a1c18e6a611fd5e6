-- Symmetric metric learning with margins that are learned: m of each user, n of each item.
--
--   L = sum_b sum_j ( [s_bj - s_b + m_u]+ + lambda [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)
--
-- s = -|u - v|^2, and t_bj is the score that the negative and the positive have between them; with distance = "root"
-- all of them are of |u - v|, as are then boundaries.
-- Li et al., "Symmetric Metric Learning with Adaptive Margin for Recommendation", AAAI 2020, as Wang et al., WWW 2022,
-- Eq. 8 to 10 print it; means of margins over the batch, as its code. Native: perigee.losses.sml.

local perigee = require "perigee"
local options = require "perigee.options"

---@class losses.sml.options
---@field data? Split Whose margins these are, where the model has none.
---@field margins? table Parameters `user_margin` and `item_margin`, such as `model.parameters` of `perigee.models.sml`.
---@field distance? "squared"|"root" Whether scores are of |u - v|^2 or of |u - v|.

---@param given? losses.sml.options Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.sml", given, {
    data = options.optional, margins = options.optional, item_weight = 0.3, margin_weight = 64,
    distance = options.one_of { "squared", "root" },
  })
  if not (o.data or o.margins) then
    error("losses.sml: option 'data' is missing, a split; or give it margins = model.parameters of models.sml", 2)
  end
  local function margin(per)
    local name = per .. "_margin"
    return o.margins and o.margins[name]
      or perigee.parameter { name = name, per = per, data = o.data, init = 1, min = 0, max = 1 }
  end
  local user_margin, item_margin = margin "user", margin "item"
  local function score(value)
    if o.distance == "squared" then return value end
    return -(-value):clamp(1e-12):sqrt()
  end
  return function(s)
    local m, n = user_margin[s.users], item_margin[s.positive_items]
    local positive = score(s.positive)
    local user_hinge = (score(s.negative) - positive + m):relu()
    local item_hinge = (score(s.item_scores) - positive + n):relu()
    return user_hinge:sum() + o.item_weight * item_hinge:sum()
      - o.margin_weight * (m:mean() + n:mean())
  end
end
