-- Weights of triplets that are learned, beside BPR of the same batch: seconds an epoch. usage: importance.lua FOLDER
-- The setting of the TIL paper: matrix factorization of d = 64, batch 5,000, one negative.

local perigee = require "perigee"

-- As the data stands, so that a peer trains on the same part.
local split = perigee.data.open(arg[1]):split { kind = "given" }

local function measure(name, weighting_of)
  local model = perigee.models.mf {
    data = split, dim = 64, score = "dot", init = { kind = "xavier_uniform" }, seed = 1,
  }
  local weighting = weighting_of and weighting_of(model) or nil
  local trainer = perigee.trainer {
    model = model, data = split, batch = 5000, seed = 1, loss = perigee.losses.bpr { reduction = "sum" },
    sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 1e-3 },
    weighting = weighting,
  }
  local fastest = math.huge
  for _ = 1, 3 do fastest = math.min(fastest, trainer:epoch().seconds) end
  print(("perigee %s %.6g s"):format(name, fastest))
  if weighting then print(("perigee %s_weight_deviation %.4g"):format(name, weighting.weights.deviation)) end
end

measure "importance_bpr"
measure("importance_detached", function(model)
  return perigee.weighting.triplet_importance { model = model, states = "detached" }
end)
measure("importance_attached", function(model) return perigee.weighting.triplet_importance { model = model } end)
measure("importance_multi_detached", function(model)
  return perigee.weighting.triplet_importance { model = model, strategy = "multi", gamma = 1e-2, states = "detached" }
end)
measure("importance_multi", function(model)
  return perigee.weighting.triplet_importance { model = model, strategy = "multi", gamma = 1e-2 }
end)
