-- Learning Explicit User Interest Boundary for Recommendation. Wang et al., WWW 2022.
--
-- Table 4: BPR, NCF, SML and LightGCN, each without and with the boundary of each user's interest (+UIB), on LastFM,
-- Amazon Instant Video and MovieLens-1M. --all runs it with five seeds: every finished row is kept in a file, and a run
-- that was stopped goes on where it was.
--
-- Protocol: of each user with 5 items or more one item validates and one is tested on. Each is ranked among 100
-- candidates that the user does not have, the same for all rows and seeds; an equal score counts against it. NDCG@10 on
-- validation, looked at every 10 epochs, ends a run and chooses its epoch. Hit@1, Hit@10, NDCG@10 and MRR@10 are means
-- over users, shares from 0 to 1 as the paper prints them. Negatives are items that the user does not have in train: 32
-- for each positive with the boundary, one without. Sets called .../uib-split have the split and the candidates that
-- the authors published, among which are items that the user has.
--
-- With more than one seed numbers are means over seeds, +- their deviation; p is that of a paired t-test over users, of
-- NDCG@10, each user's the mean over seeds: of a boosted row against the same model without the boundary.
--
-- Settings and published numbers: lua/papers/settings/uib.lua. Numbers obtained: RESULTS.md.

local perigee = require "perigee"
local described = require "perigee.paper.described"
local grid = require "perigee.paper.grid"
local merged = require "perigee.merged"
local paired_test = require "perigee.paper.paired_test"
local paper = require "perigee.paper"
local result_table = require "perigee.paper.result_table"
local row_store = require "perigee.paper.row_store"
local seeds = require "perigee.paper.seeds"
local text_table = require "perigee.text_table"
local user_values = require "perigee.paper.user_values"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/uib.lua")

local method_names = table.concat(settings.table4, ",")

local lab = paper.begin {
  results = "results/uib", decided_by_all = { "table", "rows", "tune" },
  description = {
    name = "uib.lua",
    summary = "reproduces Table 4 of the UIB paper, the published numbers beside ours",
    {
      "dataset", "NAME", default = "lastfm",
      help = "lastfm, amazon-instant-video, ml-1m; lastfm/uib-split, amazon-instant-video/uib-split (split and "
        .. "candidates of the authors), or any set or path that perigee.data.open knows.",
    },
    { "table", "N", kind = "integer", least = 1, help = "4: all models with and without the boundary." },
    { "rows", "NAMES", kind = "list", help = "Only these, of " .. method_names .. "." },
    { "all", help = "Table 4 on LastFM, Instant Video and MovieLens-1M unless --dataset says otherwise." },
    { "tune", help = "The settings' grids on validation, instead of a table." },
    { "seed", "N", kind = "integer", least = 0, default = settings.seed, help = "Of parameters, order and negatives." },
    {
      "seeds", "N", kind = "integer", least = 1,
      help = ("How many seeds, from --seed on; 1 if left out, %d with --all."):format(settings.seeds),
    },
    { "epochs", "N", kind = "integer", least = 1, help = "Epochs at most." },
    paper.option.out "results/uib",
    paper.option.fresh,
    paper.option.quick,
  },
}
local options = lab.options
local values_of_users = user_values.open(lab.folder and lab.folder .. "/users")

-- Rows: what is to be trained, and its settings

--- A data set with its split and what the settings say of it.
local function open_problem(wanted)
  local setting = settings.datasets[wanted] or settings.datasets.other
  local data, name = lab:open_data(wanted, setting)
  if options.quick then setting = settings.datasets.other end
  local kept = setting.filter and data:filter(setting.filter) or data
  return {
    name = name, data = kept, setting = setting, split = kept:split(setting.split),
    dropped_users = #data:users() - #kept:users(),
  }
end

--- The settings of a method on a data set; `change` has those in which a row differs, as in a grid.
local function settings_of(problem, method, change)
  local quick = options.quick and { epochs = 2, every = 1, batch = 128 } or nil
  return merged(settings.common, settings.methods[method], problem.setting.settings[method], quick,
    { epochs = options.epochs }, change)
end

--- Everything that decides a row, and nothing else: it is trained from this alone, and this is its key.
local function configuration(problem, row, seed)
  local s, setting = settings_of(problem, row.method, row.change), problem.setting
  local layers = s.layer_rate and { { parameters = { "layer*", "output*" }, rate = s.layer_rate } }
  return {
    method = row.method, data = problem.name, checksum = problem.data.checksum, filter = setting.filter,
    split = setting.split, candidates = setting.candidates, repeats = setting.repeats, version = perigee.version,
    model = merged(s.model, {
      dim = s.dim, dropout = s.dropout, boundary = s.base and settings.boundary, layers = s.layers,
    }),
    loss = merged(s.loss, { alpha = s.alpha }),
    sampler = { kind = "uniform", count = s.negatives, exclude_positives = true },
    optimizer = merged(s.optimizer, { rate = s.rate, groups = layers }), batch = s.batch,
    regularization = s.l2 and { weight = s.l2, scope = "batch_mean" } or nil,
    epochs = s.epochs, every = s.every, patience = s.patience, seed = seed,
  }
end

-- Training

--- How a row is evaluated on a part of the split.
local function protocol(c, part)
  return {
    on = part, metrics = settings.metrics, candidates = c.candidates, repeats = c.repeats, ties = "against",
    mask = "none",
  }
end

local function make_row(problem, c)
  local run, trainer = lab:train(c, function() return described.trainer(c, problem.split) end, {
    epochs = c.epochs, patience = c.patience, evaluate = merged(protocol(c, "valid"), { every = c.every }),
  })
  local metrics = perigee.evaluate(trainer.model, problem.split, merged(protocol(c, "test"), { per_user = true }))
  values_of_users:keep(row_store.key(c), metrics.per_user["ndcg@10"])
  return {
    hit1 = metrics["hit@1"], hit10 = metrics["hit@10"], ndcg = metrics["ndcg@10"], mrr = metrics["mrr@10"],
    valid = run.best.value, best_epoch = run.best.epoch, epochs_run = #run.epochs, seconds = run.seconds,
    threads = perigee.threads(), finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }
end

local function title_of(problem, row, seed)
  local changes = row.change and ", " .. row_store.key(row.change) or ""
  return ("%s, %s%s, seed %d"):format(problem.name, settings.methods[row.method].title, changes, seed)
end

--- What came out of a row with one seed.
local function outcome(problem, row, seed)
  local c = configuration(problem, row, seed)
  return lab:outcome {
    configuration = c, title = title_of(problem, row, seed), make = function()
      io.stderr:write(title_of(problem, row, seed), "\n")
      return make_row(problem, c)
    end,
    about = { data = c.data, checksum = c.checksum, method = c.method, seed = seed, version = c.version },
  }, row_store.key(c)
end

-- Table 4

--- A row with all its seeds: means, deviations, and each user's mean.
local function summary(problem, row, count)
  local results, keys = {}, {}
  for i = 1, count do
    local result, key = outcome(problem, row, options.seed + i - 1)
    if not result.failure then
      results[#results + 1], keys[#keys + 1] = result, key
    end
  end
  return seeds.summary(results), seeds.mean_of_lists(keys, function(key) return values_of_users:find(key) end)
end

local metrics = { { "hit1", "hit@1" }, { "hit10", "hit@10" }, { "ndcg", "ndcg@10" }, { "mrr", "mrr@10" } }

local function wanted(method)
  if not options.rows then return true end
  for _, name in ipairs(options.rows) do
    if name == method then return true end
  end
  return false
end

--- What the boundary changes: of each model the boosted row to its base, in per cent, ours and the paper's; and the
--- mean over models, which is the paper's last line.
local function print_improvements(problem, lines)
  local published = settings.published[problem.name] or {}
  local cells, sums, count = {}, {}, 0
  for _, method in ipairs(settings.table4) do
    local base = settings.methods[method].base
    local boosted = base and lines[base] and lines[method]
    local row = boosted and { settings.methods[base].title }
    for i, metric in ipairs(boosted and metrics or {}) do
      local name = metric[1]
      local ours, before = boosted.summary[name], lines[base].summary[name]
      local theirs = published[method] and published[method][name] / published[base][name]
      local change = ours and before and ours / before
      row[2 * i], row[2 * i + 1] = text_table.difference(change, 1), text_table.difference(theirs, 1)
      for column, value in pairs { [2 * i] = change or 0 / 0, [2 * i + 1] = theirs or 0 / 0 } do
        sums[column] = (sums[column] or 0) + value
      end
    end
    if row then
      row[2 * #metrics + 2] = paper.number("%.2g", boosted.p)
      cells[#cells + 1], count = row, count + 1
    end
  end
  if count == 0 then return end
  local mean = { "mean" }
  for column, sum in pairs(sums) do
    if sum == sum then mean[column] = text_table.difference(sum / count, 1) end
  end
  cells[#cells + 1] = mean
  local header = { "+UIB to" }
  for i, metric in ipairs(metrics) do header[2 * i], header[2 * i + 1] = metric[2], "paper" end
  header[#header + 1] = "p"
  lab:print_table(problem.name .. ", what the boundary changes", header, cells)
end

local function table4(problem, count)
  local published = settings.published[problem.name] or {}
  local lines, by_method, users = {}, {}, {}
  for _, method in ipairs(settings.table4) do
    if wanted(method) then
      local base = settings.methods[method].base
      local line = { title = settings.methods[method].title, published = published[method] }
      line.summary, users[method] = summary(problem, { method = method }, count)
      if base and users[base] and users[method] then line.p = paired_test(users[method], users[base]).p end
      lines[#lines + 1], by_method[method] = line, line
    end
  end
  result_table.print(lab, problem.name .. ", Table 4, p of +UIB against its base", lines, metrics)
  print_improvements(problem, by_method)
end

-- Tuning

--- Which point of each grid is best on validation; what test says is kept with the rows, and decides nothing.
local function tune(problem)
  local lines = {}
  for _, method in ipairs(settings.table4) do
    local best
    for _, point in ipairs(wanted(method) and grid(settings.grids[method]) or {}) do
      local result = outcome(problem, { method = method, change = point }, options.seed)
      local line = {
        settings.methods[method].title, row_store.key(point), result.best_epoch,
        paper.number("%.4f", result.valid, result), "", result.seconds and ("%.1f"):format(result.seconds / 60),
      }
      lines[#lines + 1] = line
      if result.valid and (not best or result.valid > best.valid) then best = { valid = result.valid, line = line } end
    end
    if best then best.line[5] = "best" end
  end
  lab:print_table(problem.name .. ", tuned on validation",
    { "method", "settings", "epochs", "ndcg@10", "", "minutes" }, lines)
end

-- What was asked for

local function print_problem(problem)
  local s = settings.common
  print(("%s, %s, d = %d, batch %d, Adagrad, %d threads"):format(
    problem.name, tostring(problem.split), s.dim, s.batch, perigee.threads()))
  if problem.dropped_users > 0 then
    print(("%d users with fewer than %d items are left out"):format(
      problem.dropped_users, problem.setting.filter.min_per_user))
  end
  if not settings.published[problem.name] then print "the paper has no numbers for this set" end
end

local function run(problem)
  print_problem(problem)
  if options.tune then return tune(problem) end
  table4(problem, options.seeds or options.all and settings.seeds or 1)
end

for _, name in ipairs(options.rows or {}) do
  if not settings.methods[name] then lab:refuse("unknown row '%s'; want some of %s", name, method_names) end
end
if options.table and options.table ~= 4 then lab:refuse("no table %d; want 4", options.table) end

if options.all and not lab.given.dataset and not options.quick then
  for _, name in ipairs(settings.datasets_of_paper) do
    run(open_problem(name))
    print()
  end
else
  run(open_problem(options.dataset))
end

lab:finish()
