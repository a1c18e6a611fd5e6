-- What a trained network of `perigee.weighting.triplet_importance` makes of triplets whose ratings are known (TIL-UI).
--
--   local triplet_weights = require "perigee.paper.triplet_weights"
--   local means = triplet_weights(trainer, split, data, { 5, 4 }, { 1, 2, 3 })
--   print(means.weight_5_1)            -- of positives with 5 stars and negatives with 1, in percent of the largest

local perigee = require "perigee"

local function positions_of(list)
  local position = {}
  for i, name in ipairs(list) do position[name] = i end
  return position
end

--- Weights of all pairs of a user's positives and negatives, `[positives, negatives]`, by Eq. 3 and 5: the products
--- with W1 are of items, and not of pairs. interest: p_u + eta_u.
local function weights_of(network, interest, positives, negatives)
  local d = interest.shape[1]
  local hidden = network.hidden:tensor():transpose()
  local at_positives = perigee.matmul(positives * interest, hidden:slice { { 1, d } })
  local at_negatives = perigee.matmul(negatives * interest, hidden:slice { { d + 1, 2 * d } })
  local z = (at_positives:unsqueeze(2) + at_negatives:unsqueeze(1) + network.bias:tensor()):relu()
  local last = (z * network.output:tensor()):sum(3) + network.offset:tensor():item()
  return network.activation == "softplus" and last:softplus() or last:sigmoid()
end

--- Rows of the items of a list that the model has and that the user rated so; nil where there are none.
local function rows_rated(rows, position, data, user, items, rating)
  local list = {}
  for _, item in ipairs(items) do
    if position[item] and data:rating(user, item) == rating then list[#list + 1] = position[item] end
  end
  return #list > 0 and rows:gather(list) or nil
end

---@param trainer Trainer What trained the network, its `weighting`.
---@param split Split What was trained on; its train items are the positives.
---@param data Dataset The set with all ratings, negatives among them.
---@param liked number[] Ratings of positives.
---@param disliked number[] Ratings of negatives.
---@return table means By name, `weight_5_1`, in percent of the largest weight of all triplets.
return function(trainer, split, data, liked, disliked)
  local users, items = trainer.model:user_embeddings(), trainer.model:item_embeddings()
  local row, position = positions_of(split.dataset:users()), positions_of(split.dataset:items())
  local sums, counts, largest = {}, {}, 0
  local function add(name, weights)
    sums[name] = (sums[name] or 0) + weights:sum():item()
    counts[name] = (counts[name] or 0) + weights.shape[1] * weights.shape[2]
    largest = math.max(largest, weights:max():item())
  end
  for _, user in ipairs(split:users()) do
    local train, seen, own, negatives = split:items_of(user), data:items_of(user), {}, {}
    for i, item in ipairs(train) do own[i] = position[item] end
    local interest = users:gather({ row[user] }):squeeze(1) + items:gather(own):mean(1)
    for _, rating in ipairs(disliked) do
      negatives[rating] = rows_rated(items, position, data, user, seen, rating)
    end
    for _, one in ipairs(liked) do
      local positives = rows_rated(items, position, data, user, train, one)
      for _, other in ipairs(positives and disliked or {}) do
        if negatives[other] then
          add(("weight_%d_%d"):format(one, other), weights_of(trainer.weighting, interest, positives, negatives[other]))
        end
      end
    end
  end
  for name, sum in pairs(sums) do sums[name] = 100 * sum / counts[name] / largest end
  return sums
end
