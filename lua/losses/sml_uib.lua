-- Symmetric metric learning with the user interest boundary b.
--
--   L = sum_b ( sum_j [s_bj - b_b + m_u]+ + alpha [b_b - s_b + m_u]+ + lambda sum_j [t_bj - s_b + n_p]+ )
--       - gamma (mean m + mean n)
--
-- Wang et al., "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Eq. 11: alpha weighs the
-- positive. Native: perigee.losses.sml_uib. See sml.lua for the rest.

local perigee = require "perigee"
local options = require "perigee.options"

---@class losses.sml_uib.options
---@field data? Split Whose margins these are, where the model has none.
---@field margins? table Parameters `user_margin` and `item_margin`, such as `model.parameters` of `perigee.models.sml`.
---@field distance? "squared"|"root" Whether scores are of |u - v|^2 or of |u - v|.

---@param given? losses.sml_uib.options Options of the loss.
---@return fun(s: LossScores): LossValue loss For `perigee.trainer`.
return function(given)
  local o = options.read("losses.sml_uib", given, {
    data = options.optional, margins = options.optional, alpha = 1, item_weight = 0.3, margin_weight = 64,
    distance = options.one_of { "squared", "root" },
  })
  if not (o.data or o.margins) then
    error("losses.sml_uib: option 'data' is missing, a split; or give it margins = model.parameters of models.sml", 2)
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
    local above = (score(s.negative) - s.boundary + m):relu()
    local below = (s.boundary - positive + m):relu()
    local item_hinge = (score(s.item_scores) - positive + n):relu()
    return above:sum() + o.alpha * below:sum() + o.item_weight * item_hinge:sum()
      - o.margin_weight * (m:mean() + n:mean())
  end
end
