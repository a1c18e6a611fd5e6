-- Losses written in Lua beside the native ones, on one data set, d = 64. usage: losses.lua FOLDER
-- Three trainers take turns, a few batches each: the native loss, the loss of lua/losses compiled, and the same
-- computed with tensors, operation by operation; the best turn of each counts. Then what preparing a batch costs.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }

local function own(name, options) return dofile("lua/losses/" .. name .. ".lua")(options) end

local mml = { margins = { 0.7, 0.8, 0.9 }, weights = { 0.1, 0.15, 0.75 }, negative_weight = 700 }
local ccl = { margin = 0.9, negative_weight = 150 }
local reweighted = { mode = "reweight", temperature = 0.11, negative_exponent = 1.1 }
local multi = { mode = "multi", temperature = 0.11, negative_exponent = 1.1 }

-- name, native, own, negatives, positives in a batch, batches in a turn
local cases = { { "bpr", perigee.losses.bpr {}, own("bpr", {}), 1, 1024, 400 } }
for _, negatives in ipairs { 100, 800 } do
  local batches = negatives == 100 and 100 or 40
  for _, case in ipairs {
    { "ccl", perigee.losses.ccl(ccl), own("ccl", ccl) }, { "mml", perigee.losses.mml(mml), own("mml", mml) },
    { "bsl_reweight", perigee.losses.bsl(reweighted), own("bsl", reweighted) },
    { "bsl_multi", perigee.losses.bsl(multi), own("bsl", multi) },
  } do
    cases[#cases + 1] = { case[1], case[2], case[3], negatives, 256, batches }
  end
end

local function trainer(loss, negatives, batch)
  return perigee.trainer {
    model = perigee.models.mf { data = split, dim = 64, score = "cosine", init = { std = 1e-4 }, seed = 1 },
    data = split, batch = batch, seed = 1, loss = loss, sampler = perigee.samplers.uniform { count = negatives },
    optimizer = perigee.optimizers.adam { rate = 1e-4 },
  }
end

local function turn(each, batches)
  local began = perigee.seconds()
  for _ = 1, batches do each:step() end
  return (perigee.seconds() - began) / batches * 1e6
end

local turns = 9
for _, case in ipairs(cases) do
  local name, native, fn, negatives, batch, batches = table.unpack(case)
  local key = ("lua.%s.%d"):format(name, negatives)
  local fused, plain = perigee.losses.traced(fn), perigee.losses.traced(fn, { fuse = false })
  local best = { math.huge, math.huge, math.huge }
  local trainers, losses = {}, {}
  for index, loss in ipairs { native, fused, plain } do
    trainers[index] = trainer(loss, negatives, batch)
    -- The first batch has the same parameters in all; later ones need not agree to the last bit.
    losses[index] = trainers[index]:step().loss
    assert(math.abs(losses[index] - losses[1]) <= 1e-5 * math.max(1, math.abs(losses[1])), key)
  end
  for number = 1, turns do
    for index, each in ipairs(trainers) do
      -- Tensors are so much slower that a few batches tell.
      local count = index < 3 and batches or math.max(5, batches // 10)
      if index < 3 or number <= 3 then
        best[index] = math.min(best[index], turn(each, count))
      end
    end
  end
  local cost = perigee.losses.measure(fn, { batch = batch, negatives = negatives, repeats = 1000 })
  print(("perigee %s.native %.6g us"):format(key, best[1]))
  print(("perigee %s.fused %.6g us"):format(key, best[2]))
  print(("perigee %s.tensors %.6g us"):format(key, best[3]))
  print(("perigee %s.trace %.6g us"):format(key, cost.prepare * 1e6))
  print(("perigee %s.compile %.6g us"):format(key, (cost.first - cost.prepare) * 1e6))
end
