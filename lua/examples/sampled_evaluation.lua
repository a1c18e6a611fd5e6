-- The held-out item of each user among 100 that the user does not have: early stopping on it, a metric of one's own,
-- groups of users. Such numbers compare with those of the same candidates alone; the last line has those of all items.
-- Runs in a second or two.
local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "leave_one_out", seed = 7 }
local model = perigee.models.mf { data = split, dim = 32, seed = 7 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.softmax { temperature = 0.2 }, batch = 256, seed = 7,
  sampler = perigee.samplers.uniform { count = 50 }, optimizer = perigee.optimizers.adam { rate = 1e-3 },
}
local candidates = { count = 100, seed = 1 } -- the same for validation and test, and for every model
trainer:run {
  epochs = 30, patience = 3, progress = false,
  evaluate = { candidates = candidates, ties = "against", metrics = "ndcg@10" },
}

local popularity = {} -- how often training has an item
for _, user in ipairs(split:users()) do
  for _, item in ipairs(split:items_of(user)) do popularity[item] = (popularity[item] or 0) + 1 end
end

local function rare(list) -- the share of a list that training has seldom
  local count = 0
  for _, item in ipairs(list) do
    if (popularity[item] or 0) < 20 then count = count + 1 end
  end
  return count / #list
end

print(perigee.evaluate(model, split, {
  candidates = candidates, ties = "against", metrics = { "ndcg@10", ["rare@10"] = rare },
  groups = function(user) return #split:items_of(user) < 25 and "few items" or "many items" end,
}))
print(perigee.evaluate(model, split, { metrics = { "ndcg@10", ["rare@10"] = rare } }))
