-- lua/perigee/{grid,described,unit_ball,result_table}.lua: rows that are described by plain data.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_models.lua

local perigee = require "perigee"
local described = require "perigee.paper.described"
local grid = require "perigee.paper.grid"
local paper = require "perigee.paper"
local result_table = require "perigee.paper.result_table"
local row_store = require "perigee.paper.row_store"
local workshop = require "support.workshop"

local expect = workshop.expect

-- Grids

local points = grid { rate = { 0.1, 0.2 }, l2 = { 1, 2, 3 } }
local texts = {}
for i, point in ipairs(points) do texts[i] = row_store.key(point) end
expect(table.concat(texts, " ") == "{l2=1 rate=0.1} {l2=1 rate=0.2} {l2=2 rate=0.1} {l2=2 rate=0.2} {l2=3 rate=0.1} "
  .. "{l2=3 rate=0.2}", "all combinations", table.concat(texts, " "))
expect(#grid {} == 1 and next(grid {}[1]) == nil and #grid { a = {} } == 0, "no settings, and no values")

-- What is described is what is made by hand

local split = paper.synthetic():split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
local function quality(model) return perigee.evaluate(model, split, { on = "valid" })["ndcg@20"] end

local configuration = {
  model = { kind = "mf", dim = 8, score = "dot" }, loss = { kind = "pris", temperature = 2 },
  sampler = { kind = "uniform", count = 3, exclude_positives = true }, optimizer = { kind = "adam", rate = 0.02 },
  regularization = { weight = 0.01, scope = "per_sample" }, batch = 100, seed = 4,
}
local before = row_store.key(configuration)
local trainer, of_run = described.trainer(configuration, split)
expect(of_run == nil, "a native model needs nothing")
local model = perigee.models.mf { data = split, dim = 8, score = "dot", seed = 4 }
local by_hand = perigee.trainer {
  model = model, loss = perigee.losses.pris { temperature = 2 }, batch = 100, seed = 4,
  sampler = perigee.samplers.uniform { count = 3, exclude_positives = true },
  optimizer = perigee.optimizers.adam { rate = 0.02 }, regularization = { weight = 0.01, scope = "per_sample" },
}
trainer:run { epochs = 2, progress = false }
by_hand:run { epochs = 2, progress = false }
expect(quality(trainer.model) == quality(model) and quality(model) > 0, "a described trainer", quality(model))
expect(row_store.key(configuration) == before, "a configuration is left as it was")
local solved = described.model({ model = { kind = "wrmf", dim = 8, alpha = 3 }, seed = 2 }, split)
local wrmf = perigee.models.wrmf { data = split, dim = 8, alpha = 3, seed = 2 }
solved:fit { epochs = 2, progress = false }
wrmf:fit { epochs = 2, progress = false }
expect(quality(solved) == quality(wrmf), "a described solver")
local ok, why = pcall(described.make, perigee.losses, { kind = "bpr", margin = 3 })
expect(not ok and tostring(why):find "margin", "an option that the kind does not have", why)

-- A loss of lua/losses, with the margins of the model; distances of 2, 3 and 1, and a boundary at 2.5

local function value_of(loss, boundary)
  local trained = described.trainer({
    model = { kind = "sml", dim = 8, boundary = boundary and "linear" }, loss = loss,
    sampler = { kind = "uniform" }, optimizer = { kind = "adagrad" }, batch = 100, seed = 1, replacement = true,
  }, split)
  trained:step()
  trained.model.parameters.user_margin:assign(1)
  trained.model.parameters.item_margin:assign(1)
  return (perigee.losses.evaluate(trained.loss, {
    positive = perigee.tensor { -4 }, negative = perigee.tensor { { -9 } }, item_scores = perigee.tensor { { -1 } },
    boundary = boundary and perigee.tensor { boundary }, users = { 3 }, positive_items = { 5 },
  }))
end
local root = { kind = "sml", script = true, distance = "root", item_weight = 0.5, margin_weight = 4 }
expect(value_of(root) == 0 + 0.5 * 2 - 8, "sml of distances", value_of(root))
root = { kind = "sml_uib", script = true, distance = "root", item_weight = 0.5, margin_weight = 4, alpha = 3 }
expect(value_of(root, -2.5) == 0.5 + 3 * 0.5 + 0.5 * 2 - 8, "sml_uib of distances", value_of(root, -2.5))
root.distance = "squared"
expect(value_of(root, -5) == 0 + 3 * 0 + 0.5 * 4 - 8, "sml_uib of squares", value_of(root, -5))

-- The unit ball

configuration = {
  model = { kind = "unit_ball", dim = 8, init = { kind = "normal", std = 0.5 } }, batch = 5000, seed = 1,
  loss = { kind = "cml", reduction = "sum" }, sampler = { kind = "uniform", count = 10, exclude_positives = true },
  optimizer = { kind = "adagrad", variant = "tensorflow", rate = 0.1 },
}
local function longest(rows) return rows:norm(2):max():item() end
trainer, of_run = described.trainer(configuration, split)
expect(longest(trainer.model:item_embeddings()) > 1.1, "rows start outside of the ball")
local floor = quality(trainer.model)
trainer:run { epochs = 1, progress = false, on_batch = of_run.on_batch }
for side, rows in pairs { users = trainer.model:user_embeddings(), items = trainer.model:item_embeddings() } do
  expect(longest(rows) < 1 + 1e-6 and longest(rows) > 0.999, side .. " are in the ball", longest(rows))
  expect(rows:norm(2):min():item() < 0.999, side .. " within it stay where they are", rows:norm(2):min():item())
end
trainer:run { epochs = 20, progress = false, on_batch = of_run.on_batch }
expect(quality(trainer.model) > 2 * floor, "it learns", floor, quality(trainer.model))

-- Tables

local shown
local lab = {}
function lab.print_table(_, title, header, lines) shown = { title = title, header = header, lines = lines } end
result_table.print(lab, "Title", {
  {
    title = "one", value = 5, published = { ndcg = 0.1 }, p = 0.012345,
    summary = { count = 2, ndcg = 0.11, deviation = { ndcg = 0.01 }, best_epoch = 7.5, seconds = 90, epochs_run = 30 },
  },
  {
    title = "surely", value = 5, p = 0,
    summary = { count = 1, ndcg = 0.2, deviation = {}, best_epoch = 3, seconds = 6, epochs_run = 3 },
  },
  { title = "two", value = 6, summary = { count = 0, failure = "no", deviation = {} } },
}, { { "ndcg", "ndcg@50" } }, "negatives")
expect(shown.title == "Title", "title")
expect(table.concat(shown.header, " ") == "method negatives seeds epochs ndcg@50 +- paper difference p minutes s/epoch",
  "header", table.concat(shown.header, " "))
local function text(line)
  local cells = {}
  for i = 1, #shown.header do cells[i] = line[i] == nil and "nil" or tostring(line[i]) end
  return table.concat(cells, " ")
end
expect(text(shown.lines[1]) == "one 5 2 8 0.1100 0.0100 0.1000 +10.0 % 0.012 1.5 3.00", "a row", text(shown.lines[1]))
expect(text(shown.lines[2]) == "surely 5 1 3 0.2000 nil nil nil <1e-300 0.1 2.00", "p of 0", text(shown.lines[2]))
expect(text(shown.lines[3]) == "two 6 0 nil failed nil nil nil nil nil nil", "one that failed", text(shown.lines[2]))
