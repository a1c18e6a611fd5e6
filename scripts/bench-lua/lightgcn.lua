-- A step of LightGCN with BPR: milliseconds. usage: lightgcn.lua FOLDER STEPS
-- Adam is dense, as the peer's; the mean over all steps, the draw of negatives included.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local steps = math.tointeger(arg[2])
local trainer = perigee.trainer {
  model = perigee.models.lightgcn { data = split, dim = 64, layers = 3, seed = 1 },
  data = split, batch = 2048, seed = 1,
  loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 1 },
  optimizer = perigee.optimizers.adam { rate = 1e-3 },
}
for _ = 1, 3 do trainer:step() end
local began = perigee.seconds()
for _ = 1, steps do trainer:step() end
print(("perigee lightgcn %.6g ms"):format((perigee.seconds() - began) / steps * 1e3))
