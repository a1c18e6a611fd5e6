-- Matrix factorization with users' interest boundaries: seconds an epoch. usage: boundary.lua FOLDER NEGATIVES
-- BPR+UIB with the setting of the UIB paper on MovieLens-1M, dropout of every row that is looked up included.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local negatives = math.tointeger(arg[2])
local model = perigee.models.mf {
  data = split, dim = 32, score = "dot", init = { std = 1 }, seed = 1, boundary = "linear", dropout = 0.1,
  dropout_on = "lookups",
}
local trainer = perigee.trainer {
  model = model, data = split, batch = 1024, seed = 1, replacement = true,
  loss = perigee.losses.uib { alpha = 8, negatives = "sum" },
  sampler = perigee.samplers.uniform { count = negatives, exclude_positives = true },
  optimizer = perigee.optimizers.adagrad { rate = 1 },
}
local fastest = math.huge
for _ = 1, 3 do fastest = math.min(fastest, trainer:epoch().seconds) end
print(("perigee boundary %.6g s"):format(fastest))
