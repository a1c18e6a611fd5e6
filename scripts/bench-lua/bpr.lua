-- BPR with one negative: seconds an epoch, and Recall@20 after as many epochs as the peer. usage: bpr.lua FOLDER EPOCHS
-- Plain descent, as the peer's; 64 numbers a row (the peer: 63 and a bias). Updates do not race: the same seed gives
-- the same numbers at any number of threads.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local epochs = math.tointeger(arg[2])
local model = perigee.models.mf {
  data = split, dim = 64, score = "dot", init = { std = 0.1 }, seed = 1,
}
local trainer = perigee.trainer {
  model = model, data = split, batch = 4096, seed = 1,
  loss = perigee.losses.bpr { reduction = "sum" }, sampler = perigee.samplers.uniform { count = 1 },
  optimizer = perigee.optimizers.sgd { rate = 0.1 },
}
local began = perigee.seconds()
for _ = 1, epochs do trainer:epoch() end
print(("perigee bpr %.6g s"):format((perigee.seconds() - began) / epochs))
print(("perigee bpr_recall %.6g"):format(perigee.evaluate(model, split, { metrics = "recall@20" })["recall@20"]))
