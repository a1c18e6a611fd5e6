-- Full ranking of all test users, top 20, train items left out. usage: ranking.lua FOLDER
-- Factors are random numbers, as on the peers' side: no list is easier to find than another.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local model = perigee.models.mf { data = split, dim = 64, score = "dot", init = { std = 1 }, seed = 1 }

local best = math.huge
for _ = 1, 5 do
  local began = perigee.seconds()
  perigee.evaluate(model, split, { on = "test", metrics = { "recall@20", "ndcg@20" } })
  best = math.min(best, perigee.seconds() - began)
end
print(("perigee ranking %.6g s"):format(best))
