-- Weights of triplets that are learned, beside BPR of the same batch: seconds an epoch. usage: importance.lua FOLDER
-- The setting of the TIL paper: matrix factorization of d = 64, batch 5,000, one negative.

local perigee = require "perigee"

-- As the data stands, so that a peer trains on the same part.
local split = perigee.data.open(arg[1]):split { kind = "given" }

local function measure(name, regularization, weighting_of, exclude_positives)
  local model = perigee.models.mf {
    data = split, dim = 64, score = "dot", init = { kind = "xavier_uniform" }, seed = 1,
  }
  local weighting = weighting_of and weighting_of(model) or nil
  local trainer = perigee.trainer {
    model = model, data = split, batch = 5000, seed = 1, loss = perigee.losses.bpr { reduction = "sum" },
    sampler = perigee.samplers.uniform { count = 1, exclude_positives = exclude_positives },
    optimizer = perigee.optimizers.adam { rate = 1e-3 },
    weighting = weighting, regularization = regularization,
  }
  local fastest = math.huge
  for _ = 1, 3 do fastest = math.min(fastest, trainer:epoch().seconds) end
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

measure "importance_bpr"
measure("importance_detached", nil, importance("uni", "detached"))
measure("importance_attached", nil, importance("uni", "attached"))
measure("importance_multi_detached", nil, importance("multi", "detached"))
measure("importance_multi", nil, importance("multi", "attached"))
-- As in the stock script: no negatives that the user has, and L2 of all rows in every batch, so that every row moves.
local all_rows = { weight = 1e-2, scope = "tables" }
measure("importance_bpr_l2", all_rows, nil, true)
measure("importance_attached_l2", all_rows, importance("uni", "attached"), true)
measure("importance_multi_l2", all_rows, importance("multi", "attached"), true)
