-- Multi-Margin Loss: Proposal and Application in Recommender Systems. Ozsoy, arXiv 2405.04614.
--
-- Table 2 (SimpleX and matrix factorization, CCL and MML, with and without early stopping), Table 3 (MML against
-- six losses), and the sweep over the count of negatives of Figure 3. --all runs the whole paper: every finished row
-- is kept in a file, and a run that was stopped goes on with the row it was at.
--
-- Protocol: the given split of LightGCN for Gowalla and Yelp2018 (checksums: perigee data info gowalla); all items
-- ranked, train items masked; Recall@20 and NDCG@20 as means over users with test items, NDCG over the ideal of
-- min(20, test items); of equal scores the item with the lower number first. Negatives uniform over all items,
-- positives included. Parameters are taken after the last epoch; nothing is selected on test, except with --best, which
-- takes the best epoch as the paper's code does. The rows with early stopping end after as many epochs as the paper's
-- did. Other data sets: 80/20 at random for each user, and settings of ours.
--
-- Settings and published numbers: lua/papers/settings/mml.lua. Numbers obtained, with commands and minutes: RESULTS.md.

local perigee = require "perigee"
local merged = require "perigee.merged"
local paper = require "perigee.paper"
local text_table = require "perigee.text_table"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/mml.lua")

local description = {
  name = "mml.lua",
  summary = "reproduces the tables of the MML paper, the published numbers beside ours",
  {
    "dataset", "NAME", default = "ml-100k",
    help = "gowalla, yelp2018 or any set or path that perigee.data.open knows.",
  },
  { "model", "NAMES", kind = "list", help = "mf, simplex or both; mf if left out." },
  { "loss", "NAMES", kind = "list",
    help = "One or more of " .. table.concat(settings.losses, ",") .. ",bce; all of Table 3 if left out." },
  { "negatives", "N", kind = "integer", least = 1, help = "Negatives for each positive (the paper: 100)." },
  { "epochs", "N", kind = "integer", least = 1, help = "Epochs (the paper: 100)." },
  {
    "seed", "N", kind = "integer", least = 0, default = settings.seed,
    help = "Of parameters, order, negatives and dropout.",
  },
  { "every", "N", kind = "integer", least = 1, help = "Show the metrics on test every N epochs; nothing is selected." },
  { "early-stop", help = "Table 2's rows with early stopping: as many epochs as the paper's runs took." },
  { "best", help = "The best of all epochs on test instead of the last, as the paper's code does; selects on test." },
  { "sweep", help = "Figure 3: one row for each count of negatives." },
  { "all", help = "Tables 2 and 3 and Figure 3, on Gowalla and Yelp2018 unless --dataset says otherwise." },
  paper.option.out "results/mml",
  paper.option.fresh,
  paper.option.keep,
  { "l2", "WEIGHT", kind = "number", least = 0, help = "Weight of the L2 term instead of the setting's." },
  { "exact-l2", help = "L2 of all rows in every batch instead of touched ones (slow)." },
  paper.option.quick,
}
local lab = paper.begin {
  description = description, results = "results/mml",
  decided_by_all = { "model", "loss", "negatives", "early-stop", "sweep" },
}
local options = lab.options

--- A data set with its split and what the settings say of it.
local function open_problem(wanted)
  local data, name = lab:open_data(wanted)
  local setting = merged(settings.common, settings.datasets[name] or settings.datasets.other)
  if options.quick then setting.epochs, setting.negatives = 2, 20 end
  setting.epochs = options.epochs or setting.epochs
  setting.negatives = options.negatives or setting.negatives
  return { name = name, data = data, setting = setting, split = data:split(setting.split) }
end

-- Rows: what is to be trained, and its settings

local loss_settings = {
  bpr = function() return {} end,
  hinge = function(s) return s.hinge end,
  softmax = function() return {} end,
  mse = function() return {} end,
  bce = function(s) return s.bce end,
  ccl = function(s, row) return row.model == "simplex" and s.simplex_ccl or s.ccl end,
  mml = function(s) return s.mml end,
  bsl = function(s)
    local b = s.bsl
    return { temperature = b.temperature, negative_exponent = b.negative_exponent, mode = b.mode }
  end,
}

--- Everything that decides a row, and nothing else: it is trained from this alone, and this is its key.
local function configuration(problem, row)
  local setting = problem.setting
  -- BSL was run with its own code: its settings differ from those of the SimpleX code.
  local s = row.loss == "bsl" and merged(setting, settings.common.bsl, setting.bsl) or setting
  local regularization = s.regularization
  if options.l2 then regularization = { weight = options.l2, scope = regularization.scope } end
  if options.exact_l2 and regularization.scope == "tables_touched" then
    regularization = { weight = regularization.weight, scope = "tables" }
  end
  local model = {
    dim = s.dim, score = "cosine", init = s.init, dropout = s.dropout, dropout_on = s.dropout_on, seed = options.seed,
  }
  return {
    data = problem.name, checksum = problem.data.checksum, split = s.split,
    model = row.model, model_settings = row.model == "simplex" and merged(model, s.simplex) or model,
    loss = row.loss, loss_settings = loss_settings[row.loss](s, row), negatives = row.negatives,
    rate = s.rate, clip = not s.no_clip and s.clip or nil, batch = s.batch, regularization = regularization,
    epochs = row.early_stop and math.min(s.epochs, s.early_stop_epochs[row.model][row.loss]) or s.epochs,
    best_by = options.best and not row.early_stop and settings.best_by[row.model] or nil,
    seed = options.seed, version = perigee.version,
  }
end

local function new_trainer(problem, c)
  local model = perigee.models[c.model](merged(c.model_settings, { data = problem.split }))
  return perigee.trainer {
    model = model, data = problem.split, loss = perigee.losses[c.loss](c.loss_settings), batch = c.batch, seed = c.seed,
    sampler = perigee.samplers.uniform { count = c.negatives },
    optimizer = perigee.optimizers.adam { rate = c.rate, clip = c.clip }, regularization = c.regularization,
  }
end

local function train(problem, c, title)
  io.stderr:write(("%s, %d epochs\n"):format(title, c.epochs))
  local every = c.best_by and 1 or options.every
  -- A row goes on from one of fewer epochs; a best epoch is one of so many, and begins anew.
  local decides = merged(c.best_by and c or paper.but_epochs(c), { every = every })
  local run, trainer = lab:train(decides, function() return new_trainer(problem, c) end, {
    epochs = c.epochs, monitor = c.best_by, select_on_test = c.best_by ~= nil,
    -- Never exhausted: it only puts the best epoch back at the end.
    patience = c.best_by and c.epochs or nil,
    evaluate = every and { every = every, on = "test", metrics = settings.metrics } or nil,
  })
  local metrics = perigee.evaluate(trainer.model, problem.split, { on = "test", metrics = settings.metrics })
  return {
    recall = metrics["recall@20"], ndcg = metrics["ndcg@20"], epochs_run = run.best and run.best.epoch or c.epochs,
    trained = c.epochs, seconds = run.seconds,
    threads = perigee.threads(), finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }
end

local function outcome(problem, row)
  local c = configuration(problem, row)
  local title = ("%s, %s, %s, %d negatives"):format(problem.name, row.model, row.loss, row.negatives)
  return lab:outcome {
    configuration = c, title = title, make = function() return train(problem, c, title) end,
    about = {
      data = c.data, checksum = c.checksum, model = c.model, loss = c.loss, negatives = c.negatives,
      epochs = c.epochs, early_stop = row.early_stop or false, seed = c.seed, version = c.version,
    },
  }
end

-- Tables

local function published(problem, row)
  -- The published numbers are for 100 negatives.
  if row.negatives ~= settings.common.negatives then return {} end
  local models = settings.published[row.early_stop and "early_stop" or "final"][problem.name] or {}
  return (models[row.model] or {})[row.loss] or {}
end

local header = {
  "model", "loss", "early stop", "negatives", "epochs", "recall@20", "paper", "difference", "ndcg@20", "paper",
  "difference", "minutes", "s/epoch",
}

local function line(row, result, published_row)
  local number, difference = paper.number, text_table.difference
  local seconds = result.seconds
  return {
    row.model, row.loss, row.early_stop and "yes" or "no", row.negatives, result.epochs_run,
    number("%.4f", result.recall, result), number("%.4f", published_row.recall),
    difference(result.recall, published_row.recall),
    number("%.4f", result.ndcg, result), number("%.4f", published_row.ndcg),
    difference(result.ndcg, published_row.ndcg),
    seconds and ("%.1f"):format(seconds / 60),
    seconds and ("%.2f"):format(seconds / (result.trained or result.epochs_run)),
  }
end

local function print_table(title, problem, rows)
  local lines = {}
  for i, row in ipairs(rows) do lines[i] = line(row, outcome(problem, row), published(problem, row)) end
  lab:print_table(title, header, lines)
end

local function rows_of(models, losses, counts, early_stop)
  local rows = {}
  for _, model in ipairs(models) do
    for _, loss in ipairs(losses) do
      for _, negatives in ipairs(counts) do
        rows[#rows + 1] = { model = model, loss = loss, negatives = negatives, early_stop = early_stop }
      end
    end
  end
  return rows
end

local function print_problem(problem)
  local s = problem.setting
  print(("%s, cosine, d = %d, Adam %g, batch %d (BSL %d), seed %d, %d threads"):format(
    tostring(problem.split), s.dim, s.rate, s.batch, settings.common.bsl.batch, options.seed, perigee.threads()))
  if not settings.published.final[problem.name] then print "the paper has no numbers for this set" end
end

local function sweep_counts() return options.quick and { 10, 20 } or settings.sweep end

local function whole_paper(problem)
  print_problem(problem)
  local counts = { problem.setting.negatives }
  local table2 = {}
  for _, row in ipairs(rows_of(settings.models, settings.table2_losses, counts)) do
    table2[#table2 + 1] = merged(row, { early_stop = true })
    table2[#table2 + 1] = row
  end
  -- Table 2 first: its rows without early stopping go on from those with it, and some are Table 3's.
  print_table(problem.name .. ", Table 2", problem, table2)
  print_table(problem.name .. ", Table 3", problem, rows_of({ "mf" }, settings.losses, counts))
  print_table(problem.name .. ", Figure 3", problem, rows_of({ "mf" }, settings.sweep_losses, sweep_counts()))
end

local function some_rows(problem)
  local models = options.model or { "mf" }
  local losses = options.loss or options.early_stop and settings.table2_losses
    or options.sweep and settings.sweep_losses or settings.losses
  for _, model in ipairs(models) do
    if model ~= "mf" and model ~= "simplex" then lab:refuse("unknown model '%s'; want mf, simplex or both", model) end
  end
  for _, loss in ipairs(losses) do
    if not loss_settings[loss] then
      lab:refuse("unknown loss '%s'; want some of %s,bce", loss, table.concat(settings.losses, ","))
    end
    if options.early_stop and not settings.common.early_stop_epochs.mf[loss] then
      lab:refuse("the paper stopped early with %s only, not with %s", table.concat(settings.table2_losses, ", "), loss)
    end
  end
  print_problem(problem)
  local counts = options.sweep and sweep_counts() or { problem.setting.negatives }
  print_table(nil, problem, rows_of(models, losses, counts, options.early_stop))
end

lab:on_datasets(settings.datasets_of_paper, function(name)
  (options.all and whole_paper or some_rows)(open_problem(name))
end)

lab:finish()
