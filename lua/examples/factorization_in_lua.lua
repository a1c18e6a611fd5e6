-- Matrix factorization written in Lua: a model is parameters and a function that makes rows of them.
--
-- The first model returns the parameters themselves: their rows score as they stand and step at native speed. The
-- second gathers the rows, where anything may be done with them on the way (here nothing): the same result.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }

local function parameters()
  local init = { std = 0.1 }
  return {
    user = perigee.parameter { name = "user", per = "user", data = split, dim = 32, init = init, seed = 1 },
    item = perigee.parameter { name = "item", per = "item", data = split, dim = 32, init = init, seed = 2 },
  }
end

local function train(encode)
  local model = perigee.model { data = split, score = "cosine", parameters = parameters(), encode = encode }
  local trainer = perigee.trainer {
    model = model, batch = 256, seed = 7, sampler = perigee.samplers.uniform { count = 50 },
    -- A loss in Lua: softmax over a positive and its negatives, temperature 0.2.
    loss = function(s) return (((s.negative - s.positive) / 0.2):exp():sum "negatives" + 1):log() end,
    optimizer = perigee.optimizers.adam { rate = 0.01 },
  }
  trainer:run { epochs = 5, progress = false }
  return perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })
end

print("tables  ", train(function(_, _, p) return p.user, p.item end))
print("gathered", train(function(users, items, p) return p.user[users], p.item[items] end))
