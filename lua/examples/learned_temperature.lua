-- A bilevel idea in a dozen lines: the temperature of a softmax, learned by what a step with it does to other data.
--
-- Batches go in pairs. The first trains; the second only judges, by BPR: how does its loss change with the temperature
-- of the step before? With v the judge's gradient after the step and g(t) the first batch's gradient, the derivative is
--
--     dJ/dt = -rate <v, dg/dt>,   dg/dt by central differences
--
-- Gradients of a batch are values of their own: they are taken at other temperatures and for another loss without
-- moving anything. `perigee.weighting.triplet_importance` does the same for a network, exactly.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local rate = 5

--- Trains with a temperature that stands still, or learns it from there; returns it with the metrics.
local function train(temperature, is_learned)
  local model = perigee.models.mf { data = split, dim = 32, score = "dot", init = { std = 0.1 }, seed = 7 }
  local softmax = perigee.losses.softmax { temperature = temperature }
  local judge = perigee.losses.bpr {}
  local trainer = perigee.trainer {
    model = model, loss = softmax, batch = 256, seed = 7, sampler = perigee.samplers.uniform { count = 20 },
    optimizer = perigee.optimizers.sgd { rate = rate },
  }
  local function gradients_at(batch, value)
    softmax.temperature = value
    return batch:gradients()
  end
  for _ = 1, 20 do
    local slope
    for batch in trainer:batches() do
      if batch.number % 2 == 1 then
        local h = 0.05 * temperature
        slope = gradients_at(batch, temperature + h):add(gradients_at(batch, temperature - h):scale(-1)):scale(0.5 / h)
        softmax.temperature = temperature
        batch:step()
      else
        trainer.loss = judge
        local derivative = -rate * batch:gradients():dot(slope)
        trainer.loss = softmax
        -- By its sign and its logarithm: it stays above 0, however large the derivative is.
        if is_learned then temperature = temperature * math.exp(derivative < 0 and 0.02 or -0.02) end
        batch:skip()
      end
    end
  end
  return temperature, perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } })
end

for _, start in ipairs { 1, 0.3, 0.05 } do
  for _, is_learned in ipairs { false, true } do
    local temperature, metrics = train(start, is_learned)
    print(("%s from %g: temperature %.3f, recall@20 %.4f, ndcg@20 %.4f"):format(
      is_learned and "learned" or "fixed", start, temperature, metrics["recall@20"], metrics["ndcg@20"]))
  end
end
