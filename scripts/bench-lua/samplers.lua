-- What a negative costs, in nanoseconds on one thread, and making clusters anew. usage: samplers.lua FOLDER
-- A model of d = 64 that was trained for a moment; batches of 256 positives with 100 negatives each, so that what a
-- sampler computes once a user counts little, and with 5 as in PRIS' settings, where it counts. Items of the user are
-- drawn again.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local model = perigee.models.mf { data = split, dim = 64, score = "dot", init = { std = 0.1 }, seed = 1 }

local function trainer(sampler)
  return perigee.trainer {
    model = model, data = split, batch = 256, seed = 1, loss = perigee.losses.pris {}, sampler = sampler,
    optimizer = perigee.optimizers.adam { rate = 1e-3 },
  }
end

local warm = trainer(perigee.samplers.uniform { count = 20 })
for _ = 1, 200 do warm:step() end

local function cluster(members)
  return function(count) return perigee.samplers.cluster { count = count, clusters = 100, members = members } end
end

local samplers = {
  { "uniform", function(count) return perigee.samplers.uniform { count = count, exclude_positives = true } end },
  { "popularity", function(count)
    return perigee.samplers.popularity { count = count, transform = "logarithm", exclude_positives = true }
  end },
  { "cluster_uniform", cluster "uniform" },
  { "cluster_popularity", cluster "popularity" },
  { "adaptive", function(count) return perigee.samplers.adaptive { count = count } end },
  { "exact", function(count) return perigee.samplers.exact { count = count } end },
}

for _, count in ipairs { 100, 5 } do
  for _, entry in ipairs(samplers) do
    local name, make = table.unpack(entry)
    local sampler = make(count)
    local cost = trainer(sampler):measure_sampler { repeats = name == "exact" and 3 or 50 }
    -- With what is computed once a batch.
    local each = cost.draw + cost.refresh / cost.negatives
    print(("perigee sampler_%s.%d %.4g ns"):format(name, count, each * 1e9))
    print(("perigee sampler_%s_draw.%d %.4g ns"):format(name, count, cost.draw * 1e9))
    if name == "cluster_uniform" and count == 5 then print(("perigee clustering %.4g s"):format(cost.first)) end
    if name ~= "exact" then
      print(("perigee sampler_%s_draws.%d %.6g"):format(name, count, sampler.drawn / sampler.kept))
    end
  end
end
