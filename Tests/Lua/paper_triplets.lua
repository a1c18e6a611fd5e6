-- lua/perigee/paper/triplet_weights.lua: weights of triplets whose ratings are known, held to a loop over all of them.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_triplets.lua

local perigee = require "perigee"
local triplet_weights = require "perigee.paper.triplet_weights"
local workshop = require "support.workshop"

local expect = workshop.expect

local rated = { users = {}, items = {}, ratings = {} }
for user = 1, 12 do
  for item = 1, 15 do
    if (user * 7 + item * 5) % 4 > 0 then
      table.insert(rated.users, "u" .. user)
      table.insert(rated.items, "i" .. item)
      table.insert(rated.ratings, (user * item) % 5 + 1)
    end
  end
end
local data = perigee.data.from(rated)
local split = data:filter({ min_rating = 4 }):split { kind = "ratio", test = 0.2, seed = 1 }

--- A row of a tensor as a list.
local function numbers(tensor, row)
  local list = {}
  for column = 1, tensor.shape[2] do list[column] = tensor[row][column] end
  return list
end

local function slow_weight(network, interest, positive, negative)
  local hidden, output, last = network.hidden:tensor(), network.output:tensor(), network.offset:tensor():item()
  local d = #interest
  for row = 1, d do
    local sum = network.bias:tensor()[1][row]
    for column = 1, d do
      sum = sum + hidden[row][column] * positive[column] * interest[column]
        + hidden[row][d + column] * negative[column] * interest[column]
    end
    last = last + output[1][row] * math.max(0, sum)
  end
  return network.activation == "softplus" and math.log(1 + math.exp(last)) or 1 / (1 + math.exp(-last))
end

local function positions(list)
  local position = {}
  for i, name in ipairs(list) do position[name] = i end
  return position
end

local function slow_means(trainer, liked, disliked)
  local users, items = trainer.model:user_embeddings(), trainer.model:item_embeddings()
  local user_row, item_row = positions(split.dataset:users()), positions(split.dataset:items())
  local sums, counts, largest = {}, {}, 0
  for _, user in ipairs(split:users()) do
    local train, interest = split:items_of(user), numbers(users, user_row[user])
    for column in ipairs(interest) do
      local sum = 0
      for _, item in ipairs(train) do sum = sum + numbers(items, item_row[item])[column] end
      interest[column] = interest[column] + sum / #train
    end
    for _, positive in ipairs(train) do
      for _, negative in ipairs(data:items_of(user)) do
        local one, other = data:rating(user, positive), data:rating(user, negative)
        if liked[one] and disliked[other] and item_row[negative] then
          local weight = slow_weight(trainer.weighting, interest, numbers(items, item_row[positive]),
            numbers(items, item_row[negative]))
          local name = ("weight_%d_%d"):format(one, other)
          sums[name], counts[name] = (sums[name] or 0) + weight, (counts[name] or 0) + 1
          largest = math.max(largest, weight)
        end
      end
    end
  end
  for name, sum in pairs(sums) do sums[name] = 100 * sum / counts[name] / largest end
  return sums
end

for _, activation in ipairs { "sigmoid", "softplus" } do
  local model = perigee.models.mf { data = split, dim = 4, score = "dot", seed = 2, init = { std = 0.5 } }
  local trainer = perigee.trainer {
    model = model, loss = perigee.losses.bpr { reduction = "sum" }, batch = 16, seed = 1,
    sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 0.1 },
    weighting = perigee.weighting.triplet_importance {
      model = model, seed = 3, activation = activation, offset = activation == "sigmoid",
    },
  }
  trainer:epoch()
  local means = triplet_weights(trainer, split, data, { 5, 4 }, { 1, 2, 3 })
  local slow, count = slow_means(trainer, { [4] = true, [5] = true }, { true, true, true }), 0
  for name, wanted in pairs(slow) do
    count = count + 1
    local own = means[name]
    expect(own and math.abs(own - wanted) < 1e-3 * wanted, activation .. ": " .. name, own, wanted)
  end
  for name in pairs(means) do expect(slow[name], "a mean of no triplet", name) end
  expect(count > 2, "means", count)
end
