-- A first model: sampled softmax on cosine scores, with a step size that fades, on a set that is always there.
-- Runs in less than a second.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local model = perigee.models.mf { data = split, dim = 32, seed = 7 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.softmax { temperature = 0.2 }, batch = 256, seed = 7,
  sampler = perigee.samplers.uniform { count = 50 },
  optimizer = perigee.optimizers.adam { rate = function(epoch) return 1e-3 * 0.9 ^ (epoch - 1) end },
}
trainer:run { epochs = 10, progress = false }
print(perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } }))
