-- Weights of triplets by a function of one's own, learned as TIL learns its network (Wu et al., CIKM 2022).
--
-- 40 % of what users have are accidents, here. What should a triplet count? By how popular its positive and its
-- negative are: two numbers and an offset. What they should be is asked of a look-ahead step: a step by the weighted
-- loss is written down with its graph, and the plain loss after it is differentiated through the step. The answer on
-- this set: all count alike, for popularity does not tell an accident. `perigee.weighting.triplet_importance` has a
-- network that reads rows, and needs no graph of the step.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, noise = 0.4, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local counts = {}
for _, user in ipairs(split:users()) do
  for _, item in ipairs(split:items_of(user)) do counts[item] = (counts[item] or 0) + 1 end
end
local popularity = {}
for place, item in ipairs(data:items()) do popularity[place] = math.log(1 + (counts[item] or 0)) - 3 end
popularity = perigee.tensor(popularity)

local rate_of_numbers, look_ahead = 0.1, 0.1

local function weights(lambda, batch)
  local features = perigee.stack({
    popularity:gather(batch.positives), popularity:gather(batch.negatives:squeeze(2)),
    perigee.ones { #batch.users },
  }, 2)
  return perigee.matmul(features, lambda):sigmoid()
end

local function losses(p, qi, qj) return (p * (qj - qi)):sum(2):softplus() end

--- The derivative of the plain loss after a look-ahead step with respect to the numbers.
local function derivative(model, numbers, batch)
  local lambda = numbers:detach():requires_gradient()
  local rows = {
    model:user_embeddings():gather(batch.users):requires_gradient(),
    model:item_embeddings():gather(batch.positives):requires_gradient(),
    model:item_embeddings():gather(batch.negatives:squeeze(2)):requires_gradient(),
  }
  local inner = (weights(lambda, batch) * losses(table.unpack(rows))):sum()
  local moved = { perigee.gradient(inner, rows, { create_graph = true }) }
  for i, gradient in ipairs(moved) do moved[i] = rows[i] - gradient * look_ahead end
  return perigee.gradient(losses(table.unpack(moved)):sum(), lambda)
end

--- Trains with weights that are learned, or without any.
local function train(is_learned)
  local model = perigee.models.mf { data = split, dim = 32, score = "dot", init = { std = 0.1 }, seed = 7 }
  local numbers, current = perigee.zeros { 3 }, nil
  local trainer = perigee.trainer {
    model = model, loss = perigee.losses.bpr {}, batch = 256, seed = 7,
    sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
    weight = is_learned and function() return current end or nil,
  }
  for _ = 1, 10 do
    for batch in trainer:batches() do
      if is_learned then
        -- Weights are asked for when the batch is opened, before the negatives are known, and again by the step.
        current = perigee.ones { #batch.users }
        current = weights(numbers, batch)
        local slope = derivative(model, numbers, batch)
        batch:step()
        numbers = numbers - slope * rate_of_numbers
      else
        batch:step()
      end
    end
  end
  return numbers, perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })
end

local _, plain = train(false)
print(("alike:   recall@20 %.4f, ndcg@20 %.4f"):format(plain["recall@20"], plain["ndcg@20"]))
local numbers, learned = train(true)
print(("learned: recall@20 %.4f, ndcg@20 %.4f; positive %+.2f, negative %+.2f, offset %+.2f"):format(
  learned["recall@20"], learned["ndcg@20"], numbers[1], numbers[2], numbers[3]))
