-- The model of collaborative metric learning: rows of users and items within the unit ball, and their distance.
--
--   score = -|u - v|^2,  |u| <= 1,  |v| <= 1
--
-- Hsieh et al., "Collaborative Metric Learning", WWW 2017, section 3.4: after each step rows that left the ball are put
-- back on it. That touches all rows, and is meant for large batches, as the authors' code has them.
--
--   local model, of_run = perigee.unit_ball { data = split, dim = 64, init = { std = 0.1 }, seed = 1 }
--   trainer:run(merged({ epochs = 20 }, of_run))

local perigee = require "perigee"

local function rows(per, o, seed)
  return perigee.parameter { name = per, per = per, data = o.data, dim = o.dim, init = o.init, seed = seed }
end

local function put_back(parameter)
  local now = parameter:tensor()
  parameter:assign(now / now:norm(2, { keep = true }):maximum(1))
end

---@class perigee.unit_ball.Options
---@field data Split Whose users and items.
---@field dim integer Numbers in a row.
---@field init? number|table How rows start, as for `perigee.parameter`.
---@field seed integer Of the rows' first numbers.

--- The model, and the options of `trainer:run` that put rows back.
---@param o perigee.unit_ball.Options What the model is made of.
---@return Model model Its parameters are `user` and `item`.
---@return table of_run Options that its run needs.
return function(o)
  local parameters = { user = rows("user", o, o.seed), item = rows("item", o, o.seed + 1000003) }
  local model = perigee.model {
    data = o.data, name = "unit_ball", score = "euclidean", parameters = parameters,
    encode = function(_, _, p) return p.user, p.item end,
  }
  return model, { on_batch = function()
    put_back(parameters.user)
    put_back(parameters.item)
  end }
end
