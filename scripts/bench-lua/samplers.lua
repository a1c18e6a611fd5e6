-- What a negative costs, in nanoseconds on one thread, and making clusters anew. usage: samplers.lua FOLDER
-- A model of d = 64 that was trained for a moment; batches of 256 positives with 100 negatives each, so that what a
-- sampler computes once a user counts little, and with 5 as in PRIS' settings, where it counts. Items of the user are
-- drawn again. What the exact sampler costs depends on how far scores spread: it is measured once more on a model that
-- was trained for ten epochs, with bounds and with all scores.

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
  { "exact_of_all", function(count) return perigee.samplers.exact { count = count, clusters = 0 } end },
}

local function measure(entry, count, suffix)
  local name, make = table.unpack(entry)
  local sampler = make(count)
  local cost = trainer(sampler):measure_sampler { repeats = name:find "exact" and 3 or 50 }
  name = name .. suffix
  -- With what is computed once a batch.
  local each = cost.draw + cost.refresh / cost.negatives
  print(("perigee sampler_%s.%d %.4g ns"):format(name, count, each * 1e9))
  print(("perigee sampler_%s_draw.%d %.4g ns"):format(name, count, cost.draw * 1e9))
  if name == "cluster_uniform" and count == 5 then print(("perigee clustering %.4g s"):format(cost.first)) end
  if sampler.kept == 0 then return end
  print(("perigee sampler_%s_draws.%d %.6g"):format(name, count, sampler.drawn / sampler.kept))
end

for _, count in ipairs { 100, 5 } do
  for _, entry in ipairs(samplers) do measure(entry, count, "") end
end

local training = perigee.trainer {
  model = model, data = split, batch = 256, seed = 1, loss = perigee.losses.pris {},
  sampler = perigee.samplers.uniform { count = 5, exclude_positives = true },
  optimizer = perigee.optimizers.adam { rate = 1e-3 },
  regularization = { weight = 0.5 / 128, scope = "per_sample" },
}
for _ = 1, 10 do training:epoch() end
for _, count in ipairs { 100, 5 } do
  for _, entry in ipairs(samplers) do
    if entry[1]:find "exact" then measure(entry, count, "_trained") end
  end
end
