-- WARP: seconds an epoch and Recall@20 after as many epochs as the peer. usage: warp.lua FOLDER EPOCHS
-- lightfm's settings: 64 numbers and biases that start as large, Adagrad whose sums start at 1 and step before they are
-- added to, at most 50 trials. Batches in place of single, racing updates: the same seed gives the same numbers at any
-- number of threads.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local epochs = math.tointeger(arg[2])
local model = perigee.models.mf {
  data = split, dim = 64, score = "dot", biases = true, init = { std = 1 / 64 / math.sqrt(12) }, seed = 1,
}
local trainer = perigee.trainer {
  model = model, data = split, batch = 1024, seed = 1,
  loss = perigee.losses.warp { reduction = "sum" }, sampler = perigee.samplers.warp { max_trials = 50 },
  optimizer = perigee.optimizers.adagrad { rate = 0.05, variant = "lightfm" },
}
local began = perigee.seconds()
for _ = 1, epochs do trainer:epoch() end
print(("perigee warp %.6g s"):format((perigee.seconds() - began) / epochs))
print(("perigee warp_recall %.6g"):format(perigee.evaluate(model, split, { metrics = "recall@20" })["recall@20"]))
