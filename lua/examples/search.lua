-- A search for a loss and its settings: conditions by a plain `if`, trials that fall behind end early, and in the end
-- what mattered. Runs in a few seconds. The store is a file of its own that goes in the end; leave it out, and what was
-- found stays: the script goes on after it was killed, and `perigee studies` shows it.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 400, items = 300, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", valid = 0.1, test = 0.2, seed = 7 }
local path = os.tmpname()
os.remove(path)

local function loss_of(settings)
  if settings.loss == "bpr" then return perigee.losses.bpr {} end
  if settings.loss == "ccl" then return perigee.losses.ccl { margin = settings.margin, negative_weight = 10 } end
  return perigee.losses.softmax { temperature = settings.temperature }
end

local study = perigee.search {
  name = "losses", store = path, trials = 30, prune = { first = 3, factor = 2 }, progress = false,
  space = function(s)
    local loss = s:choice("loss", { "bpr", "ccl", "softmax" })
    if loss == "ccl" then s:uniform("margin", 0, 0.9) end
    if loss == "softmax" then s:log_uniform("temperature", 0.05, 1) end
    s:log_uniform("rate", 1e-3, 1e-1)
  end,
  run = function(settings, trial)
    local model = perigee.models.mf { data = split, dim = 32, init = { std = 0.1 }, seed = trial.seed }
    local trainer = perigee.trainer {
      model = model, loss = loss_of(settings), sampler = perigee.samplers.uniform { count = 20 }, batch = 256,
      optimizer = perigee.optimizers.adam { rate = settings.rate }, seed = trial.seed,
    }
    return trainer:run {
      epochs = 9, patience = 3, progress = false, evaluate = { metrics = "recall@20" }, on_epoch = trial:watch(),
    }
  end,
}
print(study:table { limit = 5 })
print()
print(study:importance())
for _, ending in ipairs { "", "-wal", "-shm" } do os.remove(path .. ending) end
