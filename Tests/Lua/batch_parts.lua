-- A batch taken apart by a script: rows, forward, gradients and the step, held to training that does it all at once.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 60, items = 120, interests = 4, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }

local function make(options)
  local model = perigee.models.mf {
    data = split, dim = 8, score = options.score or "cosine", seed = 3, boundary = options.boundary, dropout = 0.2,
  }
  local trainer = perigee.trainer {
    model = model, data = split, batch = 32, seed = 5, accumulate = options.accumulate,
    loss = options.loss or perigee.losses.ccl { margin = 0.4, negative_weight = 3 },
    sampler = perigee.samplers.uniform { count = 6 },
    optimizer = options.optimizer or perigee.optimizers.adam { rate = 1e-2, clip = options.clip },
    regularization = options.scope and { weight = 1e-2, scope = options.scope } or nil,
  }
  return trainer, model
end

local function distance(one, other)
  local function of(a, b) return (a - b):abs():max():item() end
  return of(one:user_embeddings(), other:user_embeddings()) + of(one:item_embeddings(), other:item_embeddings())
end

local function refused(pattern, body)
  local went, message = pcall(body)
  assert(not went and message:find(pattern, 1, true), message)
end

-- Gradients that are collected and applied train as those that step at once.
for _, options in ipairs {
  {}, { scope = "batch" }, { scope = "tables" }, { scope = "tables_touched" }, { clip = 0.05 },
  { boundary = "linear", loss = perigee.losses.uib {} }, { score = "dot", loss = perigee.losses.bpr {} },
  { loss = function(s) return (s.negative:mean("negatives") - s.positive):softplus():mean() end },
} do
  local fused, its_model = make(options)
  local apart, own_model = make(options)
  for _ = 1, 2 do
    fused:epoch()
    for batch in apart:batches() do
      local gradients = batch:gradients()
      assert(#batch.users == #batch.positives and batch.negatives.shape[1] == #batch.users)
      local scores = batch:forward()
      assert(scores.positive.shape[1] == #batch.users and scores.negative.shape[2] == 6)
      -- Nothing has moved: the same again.
      assert(batch:gradients():dot(gradients) == gradients:dot(gradients))
      assert(math.abs(gradients:dot(gradients) - gradients:norm() ^ 2) <= 1e-5 * gradients:norm() ^ 2)
      local report = batch:apply(gradients)
      assert(report.loss == scores.loss and report.step == apart.steps)
    end
  end
  assert(distance(its_model, own_model) < 1e-5, distance(its_model, own_model))
end

-- Accumulated gradients are those of one larger batch, taken by their mean.
do
  local trainer, model = make { accumulate = 3 }
  local by_hand, its_model = make {}
  trainer:epoch()
  local sum, count = nil, 0
  for batch in by_hand:batches() do
    local gradients = batch:gradients()
    sum = sum and sum:add(gradients) or gradients:copy()
    count = count + 1
    if count == 3 or batch.number == by_hand.batches_per_epoch then
      batch:apply(sum:scale(1 / count))
      sum, count = nil, 0
    else
      batch:skip()
    end
  end
  assert(trainer.steps == by_hand.steps and trainer.steps == math.ceil(trainer.batches_per_epoch / 3))
  assert(distance(model, its_model) < 1e-6)
  -- Saved in the middle of a step, it goes on with the same bits.
  local path = os.tmpname()
  local saved, saved_model = make { accumulate = 3 }
  for batch in saved:batches() do
    batch:step()
    if batch.number == 4 then break end
  end
  saved:save(path)
  local loaded, loaded_model = make { accumulate = 3 }
  loaded:load(path)
  loaded:epoch()
  saved:epoch()
  assert(distance(saved_model, loaded_model) == 0 and distance(loaded_model, model) == 0)
  os.remove(path)
end

-- Negatives of the script's own count as if they had been drawn.
do
  local one, its_model = make {}
  local other, own_model = make {}
  for batch in one:batches() do
    batch.negatives = batch.negatives
    batch:step()
  end
  other:epoch()
  assert(distance(its_model, own_model) < 1e-6)
  do
    local batch = one:next_batch()
    local before = batch:gradients():norm()
    local rows = {}
    for row = 1, #batch.users do rows[row] = { row, row + 1 } end
    batch.negatives = rows
    assert(batch.negatives[1][2] == 2 and batch:gradients():norm() ~= before)
    refused("want [32, N]", function() batch.negatives = { { 1, 2 } } end)
    refused("the position of no item", function()
      rows[3][1] = 121
      batch.negatives = rows
    end)
    batch:step()
    refused("was trained already", function() return batch.negatives end)
  end
end

-- Loss, sampler and the optimizer's numbers may be others from batch to batch.
do
  local trainer = make {}
  for batch in trainer:batches() do
    trainer.loss = batch.number % 2 == 0 and perigee.losses.bpr {} or perigee.losses.ccl {}
    trainer.sampler = perigee.samplers.uniform { count = 1 + batch.number % 3 }
    trainer.rate = 1e-3 / batch.number
    assert(batch:step().loss > 0)
  end
end

-- What goes wrong says so and moves nothing.
do
  local trainer, model = make {}
  local stranger = make {}
  local gradients = trainer:next_batch():gradients()
  local users = model:user_embeddings()
  do
    local batch = stranger:next_batch()
    refused("which this trainer does not train", function() batch:apply(gradients) end)
    refused("was not trained", function() stranger:next_batch(batch) end)
    stranger:step()
    refused("is over", function() batch:gradients() end)
  end
  refused("want a finite number", function() gradients:scale(0 / 0) end)
  assert((model:user_embeddings() - users):abs():max():item() == 0 and trainer.steps == 0)
  local dense = gradients:tensor(model.parameters.user)
  assert(dense.shape[1] == 60 and dense.shape[2] == 8)
end
