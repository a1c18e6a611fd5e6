-- Models without gradients, on a set that is always there: how far each of them gets beyond what is popular.
-- Runs in less than a second.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }

local function report(model)
  print(("%-16s %s"):format(model.name, perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })))
end

for _, model in ipairs {
  perigee.models.popularity { data = split },
  perigee.models.item_neighbors { data = split, k = 100, shrinkage = 10 },
  perigee.models.ease { data = split, l2 = 200 },
} do
  model:fit { progress = false }
  report(model)
end

local factors = perigee.models.wrmf { data = split, dim = 16, alpha = 5, regularization = 5, seed = 7 }
factors:fit { epochs = 10, progress = false }
report(factors)
