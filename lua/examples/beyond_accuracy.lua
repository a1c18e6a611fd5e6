-- What is recommended, right or not: a model that ranks by popularity beside one that learned tastes. Popularity gives
-- the same few items to everybody; the metrics say so, and groups of users and of items say who pays for it.
-- Runs in a second or two.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }

local popularity = perigee.models.popularity { data = split }
popularity:fit {}

local learned = perigee.models.mf { data = split, dim = 32, score = "dot", init = { std = 0.1 }, seed = 1 }
perigee.trainer {
  model = learned, loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 4 },
  optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 256, seed = 1,
}:run { epochs = 20, progress = false }

local wanted = {
  metrics = { "ndcg@10", "coverage@10", "gini@10", "novelty@10", "tail@10", "diversity@10" },
  groups = "activity", item_groups = "popularity",
}
for _, model in ipairs { popularity, learned } do print(model, perigee.evaluate(model, split, wanted)) end
