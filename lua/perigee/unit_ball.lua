-- The model of collaborative metric learning: rows of users and items within the unit ball, and their distance.
--
--   score = -|u - v|^2,  |u| <= 1,  |v| <= 1
--
-- Hsieh et al., "Collaborative Metric Learning", WWW 2017, section 3.4: after each step rows that left the ball are put
-- back on it. That touches all rows, and is meant for large batches, as the authors' code has them.

local perigee = require "perigee"

local function rows(per, o, seed)
  return perigee.parameter { name = per, per = per, data = o.data, dim = o.dim, init = o.init, seed = seed }
end

local function put_back(parameter)
  local now = parameter:tensor()
  parameter:assign(now / now:norm(2, { keep = true }):maximum(1))
end

--- The model, and the options of `trainer:run` that put rows back.
-- o.data: a split; o.dim: numbers in a row; o.init: how they start, as for perigee.parameter; o.seed.
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
