-- NCF of 64-32-16-8 on data of ML-1M's size: full ranking of all users, and a batch of training with UIB.
-- Parameters and data are random, as on the peer's side. usage: ncf.lua

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 6040, items = 3706, interactions_per_user = 165, seed = 1 }
local split = data:split { kind = "ratio", test = 0.1, seed = 1 }
local model = perigee.models.ncf { data = split, dim = 32, init = { std = 1 }, boundary = "linear", seed = 1 }

local best = math.huge
for _ = 1, 5 do
  local began = perigee.seconds()
  perigee.evaluate(model, split, { on = "test", metrics = { "recall@20", "ndcg@20" } })
  best = math.min(best, perigee.seconds() - began)
end
print(("perigee ncf_ranking %.6g s"):format(best))

local trainer = perigee.trainer {
  model = model, data = split, batch = 1024, seed = 1, loss = perigee.losses.uib { alpha = 8 },
  sampler = perigee.samplers.uniform { count = 32 }, optimizer = perigee.optimizers.adagrad { rate = 0.05 },
}
best = math.huge
local began = perigee.seconds()
for _ = 1, 100 do
  trainer:step()
  local now = perigee.seconds()
  best, began = math.min(best, now - began), now
end
print(("perigee ncf_batch %.6g ms"):format(best * 1e3))
