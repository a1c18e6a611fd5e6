-- LightGCN (He et al., SIGIR 2020) in Lua, beside the native one: a sum over the layers of a graph, E_{k+1} = A E_k.
--
-- The graph is a sparse matrix of all nodes, users first. Both start from the same rows, and their losses agree.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local layers, dim = 3, 32

local function in_lua()
  local graph = split:matrix { normalize = "symmetric" }
  return perigee.model {
    name = "lightgcn in Lua", data = split, score = "dot",
    parameters = {
      user = perigee.parameter { name = "user", per = "user", data = split, dim = dim, init = { std = 0.1 } },
      item = perigee.parameter { name = "item", per = "item", data = split, dim = dim, init = { std = 0.1 } },
    },
    encode = function(users, items, p)
      local layer = perigee.concatenate { p.user, p.item }
      local sum = layer
      for _ = 1, layers do
        layer = graph:matmul(layer)
        sum = sum + layer
      end
      local rows = sum / (layers + 1)
      return rows:gather(users:positions()), rows:gather(items:positions() + split.user_count)
    end,
  }
end

local first = in_lua()
local native = perigee.models.lightgcn { data = split, dim = dim, layers = layers }
for _, side in ipairs { "user", "item" } do native.parameters[side]:assign(first.parameters[side]:tensor()) end

for _, model in ipairs { first, native } do
  local trainer = perigee.trainer {
    model = model, batch = 512, seed = 7, loss = perigee.losses.bpr {},
    sampler = perigee.samplers.uniform { count = 1, exclude_positives = true },
    optimizer = perigee.optimizers.adam { rate = 0.01 },
  }
  trainer:run { epochs = 5, progress = false }
  for epoch, record in ipairs(trainer.history) do io.write(epoch == 1 and "" or "  ", ("%.5f"):format(record.loss)) end
  print("  " .. model.name, perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } }))
end
