-- Weights of triplets that are learned, beside BPR of the same batch: seconds an epoch. usage: importance.lua FOLDER
-- The setting of the TIL paper: matrix factorization of d = 64, batch 5,000, one negative.

local perigee = require "perigee"

-- As the data stands, so that a peer trains on the same part.
local split = perigee.data.open(arg[1]):split { kind = "given" }

local models = {
  mf = function()
    return perigee.models.mf { data = split, dim = 64, score = "dot", init = { kind = "xavier_uniform" }, seed = 1 }
  end,
  lightgcn = function()
    return perigee.models.lightgcn { data = split, dim = 64, layers = 1, init = { kind = "xavier_uniform" }, seed = 1 }
  end,
}

local function measure(name, options)
  local model = models[options.model or "mf"]()
  local weighting = options.weighting and options.weighting(model)
  local trainer = perigee.trainer {
    model = model, data = split, batch = 5000, seed = 1, loss = perigee.losses.bpr { reduction = "sum" },
    sampler = perigee.samplers.uniform { count = 1, exclude_positives = options.exclude_positives },
    optimizer = perigee.optimizers.adam { rate = 1e-3 },
    weighting = weighting, regularization = options.regularization,
  }
  local fastest = math.huge
  for _ = 1, options.epochs or 3 do fastest = math.min(fastest, trainer:epoch().seconds) end
  print(("perigee %s %.6g s"):format(name, fastest))
  if weighting then print(("perigee %s_weight_deviation %.4g"):format(name, weighting.weights.deviation)) end
end

--- TIL-UI, or TIL-MI, with states of one kind.
local function importance(strategy, states)
  return function(model)
    return perigee.weighting.triplet_importance {
      model = model, strategy = strategy, states = states, gamma = strategy == "multi" and 1e-2 or nil,
    }
  end
end

measure("importance_bpr", {})
measure("importance_detached", { weighting = importance("uni", "detached") })
measure("importance_attached", { weighting = importance("uni", "attached") })
measure("importance_multi_detached", { weighting = importance("multi", "detached") })
measure("importance_multi", { weighting = importance("multi", "attached") })
-- As in the stock script: no negatives that the user has, and L2 of all rows in every batch, so that every row moves.
local function stock(weighting)
  return { regularization = { weight = 1e-2, scope = "tables" }, exclude_positives = true, weighting = weighting }
end
measure("importance_bpr_l2", stock())
measure("importance_attached_l2", stock(importance("uni", "attached")))
measure("importance_multi_l2", stock(importance("multi", "attached")))
-- The stock script's LightGCN, of one layer.
local function graph(weighting)
  return {
    model = "lightgcn", regularization = { weight = 1e-3, scope = "batch" }, exclude_positives = true, epochs = 2,
    weighting = weighting,
  }
end
measure("importance_graph_bpr", graph())
measure("importance_graph", graph(importance("uni", "attached")))
measure("importance_graph_multi", graph(importance("multi", "attached")))
