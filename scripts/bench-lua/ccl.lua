-- Cosine matrix factorization with the contrastive loss: seconds an epoch. usage: ccl.lua FOLDER NEGATIVES
-- The setting of the MML paper on Gowalla; Adam is dense-equivalent.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local negatives = math.tointeger(arg[2])
local model = perigee.models.mf { data = split, dim = 64, score = "cosine", init = { std = 1e-4 }, seed = 1 }
local trainer = perigee.trainer {
  model = model, data = split, batch = 256, seed = 1,
  loss = perigee.losses.ccl { margin = 0.9, negative_weight = 150 },
  sampler = perigee.samplers.uniform { count = negatives },
  optimizer = perigee.optimizers.adam { rate = 1e-4 },
}
-- The first epoch moves fewer rows than later ones.
trainer:epoch()
local began = perigee.seconds()
trainer:epoch()
print(("perigee ccl%d %.6g s"):format(negatives, perigee.seconds() - began))
local _, peak = perigee.memory()
print(("perigee ccl%d_memory %.6g MB"):format(negatives, peak))
