-- SimpleX (Mao et al., CIKM 2021) in Lua, beside the native one: u = g P_u + (1 - g) W mean(q_h, h in H_u).
--
-- `each_row = true`: each row of a batch is encoded beside its positive, which the history then leaves out.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local dim, gate = 32, 0.5

local function in_lua()
  local init = { std = 0.1 }
  return perigee.model {
    name = "simplex in Lua", data = split, score = "cosine", each_row = true,
    parameters = {
      user = perigee.parameter { name = "user", per = "user", data = split, dim = dim, init = init },
      item = perigee.parameter { name = "item", per = "item", data = split, dim = dim, init = init },
      history = perigee.parameter { name = "history", per = "item", data = split, dim = dim, init = init },
      weights = perigee.parameter { name = "weights", shape = { dim, dim }, init = { kind = "xavier_normal" } },
    },
    encode = function(users, _, p)
      local history = users:history()
      local mean = perigee.segment_mean(p.history[history.items], history.segments, #users)
      return gate * p.user[users] + (1 - gate) * mean:matmul(p.weights:tensor():transpose()), p.item
    end,
  }
end

local function native()
  return perigee.models.simplex { data = split, dim = dim, gate = gate, aggregator = "mean", init = { std = 0.1 } }
end

for _, make in ipairs { in_lua, native } do
  local model = make()
  local trainer = perigee.trainer {
    model = model, batch = 256, seed = 7, loss = perigee.losses.softmax { temperature = 0.2 },
    sampler = perigee.samplers.uniform { count = 50 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
  }
  trainer:run { epochs = 5, progress = false }
  print(model.name, perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } }))
end
