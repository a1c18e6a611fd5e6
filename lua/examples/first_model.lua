-- A first model: the cosine contrastive loss with an annealed step size, on a set that is always there. Runs in seconds.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local model = perigee.models.mf { data = split, dim = 32, seed = 7 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.ccl {}, sampler = perigee.samplers.uniform { count = 50 },
  optimizer = perigee.optimizers.adam { rate = function(epoch) return 0.01 * 0.9 ^ (epoch - 1) end }, seed = 7,
}
trainer:run { epochs = 10, progress = false }
local metrics = perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })
print(("recall@20 %.4f  ndcg@20 %.4f"):format(metrics["recall@20"], metrics["ndcg@20"]))
