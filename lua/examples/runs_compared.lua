-- Three losses with three seeds each, recorded in a store of runs and compared: means, deviations, and which
-- differences are more than chance. Runs in a few seconds. The store is a file of its own that goes in the end;
-- `store = true` would keep the runs.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local path = os.tmpname()
os.remove(path)

local losses = {
  { "bpr", perigee.losses.bpr {} },
  { "softmax 0.1", perigee.losses.softmax { temperature = 0.1 } },
  { "softmax 0.4", perigee.losses.softmax { temperature = 0.4 } },
}
for _, named in ipairs(losses) do
  local name, loss = named[1], named[2]
  for seed = 1, 3 do
    local model = perigee.models.mf { data = split, dim = 32, seed = seed }
    local trainer = perigee.trainer {
      model = model, loss = loss, batch = 256, seed = seed,
      sampler = perigee.samplers.uniform { count = 20 }, optimizer = perigee.optimizers.adam { rate = 1e-3 },
    }
    trainer:run { epochs = 8, progress = false, store = path, name = name, tags = "losses" }
    perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })   -- belongs to the run
  end
end

local store = perigee.runs.open { path = path }
print(store:list { sort = "ndcg@20", limit = 3 })
print()
local comparison = store:compare { tags = "losses", baseline = "bpr" }
print(comparison)
for _, ending in ipairs { "", "-wal", "-shm" } do os.remove(path .. ending) end
