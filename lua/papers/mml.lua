-- Multi-Margin Loss: Proposal and Application in Recommender Systems. Ozsoy, arXiv 2405.04614.
--
-- The matrix factorisation rows of Table 2 (CCL and MML, with and without early stopping) and Table 3 (MML against
-- six losses), and the sweep over the count of negatives of Figure 3.
--
-- Protocol: the given split of LightGCN for Gowalla and Yelp2018 (checksums: perigee data info gowalla); all items
-- ranked, train items masked; Recall@20 and NDCG@20 as means over users with test items, NDCG over the ideal of
-- min(20, test items); of equal scores the item with the lower number first. Negatives uniform over all items,
-- positives included. Parameters are taken after the last epoch; nothing is selected on test, except with
-- --early-stop, which does what the paper's code did. Other data sets: 80/20 at random for each user, and settings
-- of ours.
--
-- Settings and published numbers: lua/papers/settings/mml.lua. Numbers obtained, with commands and minutes: RESULTS.md.

local perigee = require "perigee"
local arguments = require "perigee.arguments"
local text_table = require "perigee.text_table"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/mml.lua")

local options = arguments.parse(arg, {
  name = "mml.lua",
  summary = "reproduces the matrix factorisation rows of the MML paper, the published numbers beside ours",
  {
    "dataset", "NAME", default = "ml-100k",
    help = "gowalla, yelp2018 or any set or path that perigee.data.open knows.",
  },
  { "loss", "NAMES", kind = "list",
    help = "One or more of " .. table.concat(settings.losses, ",") .. ",bce; all of Table 3 if left out." },
  { "negatives", "N", kind = "integer", least = 1, help = "Negatives for each positive (the paper: 100)." },
  { "epochs", "N", kind = "integer", least = 1, help = "Epochs (the paper: 100)." },
  {
    "seed", "N", kind = "integer", least = 0, default = settings.seed,
    help = "Of parameters, order, negatives and dropout.",
  },
  { "every", "N", kind = "integer", least = 1, help = "Show the metrics on test every N epochs; nothing is selected." },
  { "early-stop", help = "Table 2's rows with early stopping; selects on test, as the paper's code did." },
  { "sweep", help = "Figure 3: one row for each count of negatives." },
  { "exact-l2", help = "L2 of all rows in every batch instead of touched ones (slow)." },
  { "quick", help = "Seconds instead of minutes: a synthetic set, two epochs. Its numbers mean nothing." },
})

-- Data

local function synthetic()
  return perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
end

local function open_data()
  if options.quick then return synthetic(), "synthetic" end
  if options.dataset == "ml-100k" and not perigee.data.find "ml-100k" then
    io.stderr:write "ml-100k is not here yet; fetching it once ...\n"
    local fetched, why = pcall(perigee.data.fetch, "ml-100k")
    if not fetched then
      io.stderr:write(tostring(why), "\n")
      print "ml-100k cannot be had here (the reason is above); running on a synthetic set instead"
      return synthetic(), "synthetic"
    end
  end
  return perigee.data.open(options.dataset), options.dataset
end

local data, name = open_data()

local function merged(...)
  local result = {}
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do result[key] = value end
  end
  return result
end

local setting = merged(settings.common, settings.datasets[name] or settings.datasets.other)
if options.quick then setting.epochs, setting.negatives = 2, 20 end
setting.epochs = options.epochs or setting.epochs
setting.negatives = options.negatives or setting.negatives
local split = data:split(setting.split)
local published = settings.published[options.early_stop and "early_stop" or "final"][name] or {}

-- Losses

local make_loss = {
  bpr = function() return perigee.losses.bpr {} end,
  hinge = function() return perigee.losses.hinge(setting.hinge) end,
  softmax = function() return perigee.losses.softmax {} end,
  mse = function() return perigee.losses.mse {} end,
  bce = function() return perigee.losses.bce {} end,
  ccl = function() return perigee.losses.ccl(setting.ccl) end,
  mml = function() return perigee.losses.mml(setting.mml) end,
  bsl = function()
    local b = setting.bsl
    return perigee.losses.bsl {
      temperature = b.temperature, negative_exponent = b.negative_exponent, mode = b.mode,
    }
  end,
}

local chosen = options.loss or options.early_stop and { "ccl", "mml" } or options.sweep and { "ccl", "bsl", "mml" }
  or settings.losses
for _, loss in ipairs(chosen) do
  if not make_loss[loss] then
    local known = table.concat(settings.losses, ",")
    io.stderr:write(("mml.lua: unknown loss '%s'; want some of %s,bce\n"):format(loss, known))
    os.exit(2, true)
  end
end

-- Training

local function train(loss_name, negatives)
  -- BSL was run with its own code: its settings differ from those of the SimpleX code.
  local s = loss_name == "bsl" and merged(setting, settings.common.bsl, setting.bsl) or setting
  local regularization = s.regularization
  if options.exact_l2 and regularization.scope == "tables_touched" then
    regularization = { weight = regularization.weight, scope = "tables" }
  end
  local model = perigee.models.mf {
    data = split, dim = s.dim, score = "cosine", init = s.init, dropout = s.dropout, dropout_on = s.dropout_on,
    seed = options.seed,
  }
  local trainer = perigee.trainer {
    model = model, data = split, loss = make_loss[loss_name](), batch = s.batch, seed = options.seed,
    sampler = perigee.samplers.uniform { count = negatives },
    optimizer = perigee.optimizers.adam { rate = s.rate, clip = not s.no_clip and s.clip or nil },
    regularization = regularization,
  }
  io.stderr:write(("%s, %s, %d negatives, %d epochs\n"):format(name, loss_name, negatives, setting.epochs))
  local run
  if options.early_stop then
    local best = 0
    run = trainer:run {
      epochs = setting.epochs, patience = s.early_stop.patience, select_on_test = true,
      evaluate = { every = 1, on = "test", metrics = settings.metrics },
      on_epoch = function(report)
        local value = report.metrics["recall@20"]
        if value <= best then trainer.rate = trainer.rate * s.early_stop.reduce_rate end
        best = math.max(best, value)
      end,
    }
  else
    local evaluate = options.every and { every = options.every, on = "test", metrics = settings.metrics } or nil
    run = trainer:run { epochs = setting.epochs, evaluate = evaluate }
  end
  return perigee.evaluate(model, split, { on = "test", metrics = settings.metrics }), run
end

-- The table

print(("%s, MF, cosine, d = %d, Adam %g, batch %d (BSL %d), seed %d, %d threads"):format(
  tostring(split), setting.dim, setting.rate, setting.batch, settings.common.bsl.batch, options.seed,
  perigee.threads()))
if not next(published) then print "the paper has no numbers for this set" end

local function four(number) return number and ("%.4f"):format(number) end

local rows = {}
for _, loss in ipairs(chosen) do
  for _, negatives in ipairs(options.sweep and settings.sweep or { setting.negatives }) do
    local metrics, run = train(loss, negatives)
    -- The published numbers are for 100 negatives.
    local paper = negatives == settings.common.negatives and published[loss] or {}
    local recall, ndcg = metrics["recall@20"], metrics["ndcg@20"]
    rows[#rows + 1] = {
      loss, negatives, #run.epochs,
      four(recall), four(paper.recall), text_table.difference(recall, paper.recall),
      four(ndcg), four(paper.ndcg), text_table.difference(ndcg, paper.ndcg),
      ("%.1f"):format(run.seconds / 60), ("%.2f"):format(run.seconds / #run.epochs),
    }
  end
end
print()
print(text_table.format({
  "loss", "negatives", "epochs", "recall@20", "paper", "difference", "ndcg@20", "paper", "difference", "minutes",
  "s/epoch",
}, rows))
