-- Learning Explicit User Interest Boundary for Recommendation. Wang et al., WWW 2022.
--
-- Table 4: BPR, NCF, SML and LightGCN, each without and with the boundary of each user's interest (+UIB), on LastFM,
-- Amazon Instant Video and MovieLens-1M. Figures: 5, how boundaries are spread; 6, how good decisions by them are,
-- with offsets; 7 and 9, what alpha does; 8, how many samples stand on the wrong side in training. --all runs them all:
-- every finished row is kept in a file, and a run that was stopped goes on where it was. Figures are printed, and kept
-- as data (.tsv) and pictures (.svg) beside the rows.
--
-- Protocol: of each user with 5 items or more one item validates and one is tested on. Each is ranked among 100
-- candidates that the user does not have, the same for all rows and seeds; an equal score counts against it. NDCG@10 on
-- validation, looked at every 10 epochs, ends a run and chooses its epoch. Hit@1, Hit@10, NDCG@10 and MRR@10 are means
-- over users, shares from 0 to 1 as the paper prints them. Negatives are items that the user does not have in train: 32
-- for each positive with the boundary, one without. Sets called .../uib-split have the split and the candidates that
-- the authors published, without those that the user has in another part.
--
-- Decisions by the boundary are about all items; right are those that the user has in any part.
--
-- With more than one seed numbers are means over seeds, +- their deviation; p is that of a paired t-test over users, of
-- NDCG@10, each user's the mean over seeds: of a boosted row against the same model without the boundary.
--
-- Settings and published numbers: lua/papers/settings/uib.lua. Numbers obtained: RESULTS.md.

local perigee = require "perigee"
local described = require "perigee.paper.described"
local figure = require "perigee.paper.figure"
local merged = require "perigee.merged"
local paired_test = require "perigee.paper.paired_test"
local paper = require "perigee.paper"
local result_table = require "perigee.paper.result_table"
local row_store = require "perigee.paper.row_store"
local rows = require "perigee.paper.rows"
local text_table = require "perigee.text_table"
local tuning = require "perigee.paper.tuning"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/uib.lua")

local methods = { table.unpack(settings.table4) }
table.move(settings.others, 1, #settings.others, #methods + 1, methods)
local method_names = table.concat(methods, ",")

local lab = paper.begin {
  results = "results/uib", decided_by_all = { "table", "figure", "rows", "tune" },
  description = {
    name = "uib.lua",
    summary = "reproduces the table and the figures of the UIB paper, the published numbers beside ours",
    {
      "dataset", "NAME", default = "lastfm",
      help = "lastfm, amazon-instant-video, ml-1m; lastfm/uib-split, amazon-instant-video/uib-split (split and "
        .. "candidates of the authors), or any set or path that perigee.data.open knows.",
    },
    {
      "table", "N", kind = "integer", least = 1,
      help = "4: all models with and without the boundary; that is what runs if nothing is asked for.",
    },
    {
      "figure", "N", kind = "integer", least = 1,
      help = "5: boundaries; 6: their decisions; 7, or 9 for other sets than lastfm: alpha; 8: samples on the wrong "
        .. "side.",
    },
    paper.option.rows(method_names),
    { "all", help = "Table and figures, on LastFM, Instant Video and MovieLens-1M unless --dataset says otherwise." },
    paper.option.tune,
    paper.option.seed(settings.seed),
    paper.option.seeds(settings.seeds, "the table"),
    paper.option.epochs,
    paper.option.out "results/uib",
    paper.option.fresh,
    paper.option.keep,
    paper.option.quick,
  },
}
local options = lab.options

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
  local own = settings.methods[method]
  return merged(settings.common, own, problem.setting.settings[own.as or method], quick, { epochs = options.epochs },
    change)
end

--- Everything that decides a row, and nothing else: it is trained from this alone, and this is its key.
local function configuration(problem, row, seed)
  local s, setting = settings_of(problem, row.method, row.change), problem.setting
  local layers = s.layer_rate and { { parameters = { "layer*", "output*" }, rate = s.layer_rate } }
  return {
    method = row.method, data = problem.name, checksum = problem.data.checksum, filter = setting.filter,
    split = setting.split, candidates = setting.candidates, repeats = setting.repeats, mask = setting.mask,
    version = perigee.version,
    model = merged(s.model, {
      dim = s.dim, dropout = s.dropout, boundary = s.base and settings.boundary, layers = s.layers,
    }),
    loss = merged(s.loss, { alpha = s.alpha, margin_weight = s.margin_weight }),
    sampler = { kind = "uniform", count = s.negatives, exclude_positives = true },
    optimizer = merged(s.optimizer, { rate = s.rate, groups = layers }), batch = s.batch,
    regularization = s.l2 and { weight = s.l2, scope = "batch_mean" } or nil, replacement = true,
    corrupted = s.corrupted, epochs = s.epochs, every = s.every, patience = s.patience, seed = seed,
  }
end

-- Training

--- How a row is evaluated on a part of the split.
local function protocol(c, part)
  return {
    on = part, metrics = settings.metrics, candidates = c.candidates, repeats = c.repeats, ties = "against",
    mask = c.mask or "none",
  }
end

--- Column by column, what a list of records says: `{ f1 = { 0.4, 0.5 }, ... }`.
local function columns(records, names)
  local lists = {}
  for _, name in ipairs(names) do
    lists[name] = {}
    for i, record in ipairs(records) do lists[name][i] = record[name] end
  end
  return lists
end

--- What figures show of a trained row: lists of numbers by name, and what stands among the row's numbers.
local function curves_of(problem, c, trainer)
  local curves = columns(trainer.history, settings.corrupted_shares[c.corrupted] or {})
  -- A boundary that was learned from distances is none for the model's scores, which are their squares.
  if not c.model.boundary or c.loss.distance == "root" then return curves, {} end
  local quality = perigee.evaluate_boundary(trainer.model, problem.split, { offsets = settings.figure6.offsets })
  local spread = perigee.score_distributions(trainer.model, problem.split, { bins = settings.bins, seed = c.seed })
  for _, name in ipairs { "boundary", "positive", "negative" } do
    curves["edges of " .. name], curves["counts of " .. name] = spread[name].edges, spread[name].counts
  end
  return merged(curves, columns(quality, settings.figure6.measures)), {
    boundary_mean = spread.boundary.mean, boundary_deviation = spread.boundary.deviation,
    positive_mean = spread.positive.mean, negative_mean = spread.negative.mean,
  }
end

local function make_row(problem, c)
  local run, trainer = lab:train(paper.but_epochs(c), function() return described.trainer(c, problem.split) end, {
    epochs = c.epochs, patience = c.patience, evaluate = merged(protocol(c, "valid"), { every = c.every }),
  })
  local metrics = perigee.evaluate(trainer.model, problem.split, merged(protocol(c, "test"), { per_user = true }))
  local curves, summary = curves_of(problem, c, trainer)
  return merged(summary, {
    hit1 = metrics["hit@1"], hit10 = metrics["hit@10"], ndcg = metrics["ndcg@10"], mrr = metrics["mrr@10"],
    valid = run.best.value, best_epoch = run.best.epoch, epochs_run = #run.epochs, seconds = run.seconds,
    threads = perigee.threads(), finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }), merged(curves, { users = metrics.per_user["ndcg@10"] })
end

local function title_of(problem, row, seed)
  local changes = row.change and ", " .. row_store.key(row.change) or ""
  return ("%s, %s%s, seed %d"):format(problem.name, settings.methods[row.method].title, changes, seed)
end

--- What came out of a row with one seed.
local function outcome(problem, row, seed)
  local c = configuration(problem, row, seed)
  return rows.outcome(lab, c, title_of(problem, row, seed), function() return make_row(problem, c) end)
end

-- Table 4

--- A row with all its seeds: means, deviations, and each user's mean.
local function summary(problem, row, count)
  return rows.with_seeds(lab, count, function(seed) return outcome(problem, row, seed) end)
end

local metrics = { { "hit1", "hit@1" }, { "hit10", "hit@10" }, { "ndcg", "ndcg@10" }, { "mrr", "mrr@10" } }

--- The rows that were asked for, in order: those of Table 4 if none were named.
local function wanted_methods()
  return rows.wanted(lab, options.rows and methods or settings.table4)
end

local function published(problem, method)
  return (settings.published[problem.name] or {})[settings.methods[method].as or method]
end

local function ratio(one, other) return one and other and one / other or nil end

--- What the boundary makes of each metric, as a factor: ours, then the paper's; nil where a number is not to be had.
local function factors(problem, method, lines)
  local base, list = settings.methods[method].base, {}
  local theirs, theirs_before = published(problem, method) or {}, published(problem, base) or {}
  for i, metric in ipairs(metrics) do
    local name = metric[1]
    list[2 * i - 1] = ratio(lines[method].summary[name], lines[base].summary[name])
    list[2 * i] = ratio(theirs[name], theirs_before[name])
  end
  return list
end

--- Means of each column of a list of lists; nil where one of them has nothing.
local function means(lists)
  local result = {}
  for column = 1, 2 * #metrics do
    local sum = 0
    for _, list in ipairs(lists) do sum = sum and list[column] and sum + list[column] end
    result[column] = sum and sum / #lists
  end
  return result
end

--- What the boundary changes, of each model and as a mean over models, which is the last line of the paper's table.
local function print_improvements(problem, lines)
  local cells, lists = {}, {}
  local function add(title, list, p)
    local row = { title }
    for column = 1, 2 * #metrics do row[column + 1] = text_table.difference(list[column], 1) end
    row[2 * #metrics + 2] = paper.p_value(p)
    cells[#cells + 1] = row
  end
  for _, method in ipairs(wanted_methods()) do
    local base = settings.methods[method].base
    if base and lines[base] then
      lists[#lists + 1] = factors(problem, method, lines)
      add(settings.methods[base].title, lists[#lists], lines[method].p)
    end
  end
  if #lists == 0 then return end
  add("mean", means(lists))
  local header = { "+UIB to" }
  for i, metric in ipairs(metrics) do header[2 * i], header[2 * i + 1] = metric[2], "paper" end
  header[#header + 1] = "p"
  lab:print_table(problem.name .. ", what the boundary changes", header, cells)
end

local function table4(problem, count)
  local lines, by_method, users = {}, {}, {}
  for i, method in ipairs(wanted_methods()) do
    local base = settings.methods[method].base
    local line = { title = settings.methods[method].title, published = published(problem, method) }
    line.summary, users[method] = summary(problem, { method = method }, count)
    if base and users[base] and users[method] then line.p = paired_test(users[method], users[base]).p end
    lines[i], by_method[method] = line, line
  end
  result_table.print(lab, problem.name .. ", Table 4, p of +UIB against its base", lines, metrics)
  print_improvements(problem, by_method)
end

-- Figures

local function show(problem, number, what, shown)
  figure.show(merged(shown, {
    name = ("figure%d-%s%s"):format(number, problem.name, what and "-" .. what or ""),
    title = ("%s, Figure %d%s"):format(problem.name, number, what and ", " .. what or ""),
  }), lab.folder)
end

--- A row of a figure, with the settings' seed: its numbers, and what was kept of it under a name.
local function row_of_figure(problem, method, change)
  local result, key = outcome(problem, { method = method, change = change }, options.seed)
  return result, function(name)
    local list = lab:list(key, name)
    if not list and not result.failure then
      error(("%s: the row is in %s, and its curves are not; make it again with --fresh"):format(
        title_of(problem, { method = method, change = change }, options.seed), lab.folder or "memory"), 0)
    end
    return list
  end
end

local function points_of(xs, ys)
  local points = {}
  for i, y in ipairs(ys) do points[i] = { xs and xs[i] or i, y } end
  return points
end

--- A distribution as a line: the middle of each bin, and the share of the numbers in it over its width.
local function density(curve, name)
  local edges, counts = curve("edges of " .. name), curve("counts of " .. name)
  local total, points = 0, {}
  for _, count in ipairs(counts) do total = total + count end
  for i, count in ipairs(counts) do
    local width = edges[i + 1] - edges[i]
    -- Where all numbers are one there is no density.
    if width > 0 then points[#points + 1] = { edges[i] + width / 2, count / total / width } end
  end
  return points
end

local function figure5(problem)
  local result, curve = row_of_figure(problem, settings.figure5)
  local title = settings.methods[settings.figure5].title
  local series = not result.failure and { { name = title, points = density(curve, "boundary") } } or {}
  show(problem, 5, nil, { x = "boundary", y = "density of users", series = series })
  print(("mean %s, deviation %s"):format(paper.number("%.3f", result.boundary_mean, result),
    paper.number("%.3f", result.boundary_deviation, result)))
end

local function figure6(problem)
  local offsets = settings.figure6.offsets
  local result, curve = row_of_figure(problem, settings.figure6.method)
  local lines, series = {}, {}
  for c, measure in ipairs(result.failure and {} or settings.figure6.measures) do
    local list = curve(measure)
    if settings.figure6.drawn[measure] then
      series[#series + 1] = { name = measure, points = points_of(offsets, list) }
    end
    for i, offset in ipairs(offsets) do
      lines[i] = lines[i] or { ("%+d"):format(offset) }
      lines[i][c + 1] = ("%.4f"):format(list[i])
    end
  end
  show(problem, 6, nil, { x = "offset", y = "precision, recall, F1", series = series })
  local header = { "offset" }
  for c, measure in ipairs(settings.figure6.measures) do header[c + 1] = measure end
  lab:print_table(nil, header, lines)
  local theirs = settings.published_boundary[problem.name]
  if theirs then
    print(("paper, at offset 0: f1 %.2f, %d of %d items filtered out (%.2f %%)"):format(
      theirs.f1, theirs.filtered, theirs.items, 100 * theirs.filtered / theirs.items))
  end
end

local spreads = { "boundary", "positive", "negative" }
local spread_means = { "boundary_mean", "boundary_deviation", "positive_mean", "negative_mean" }

--- Puts what one alpha gave into the series of each part of the figure; its line in the table.
local function add_alpha(series, alpha, result, curve)
  local line = { ("%g"):format(alpha) }
  for m, metric in ipairs(metrics) do
    local value = result[metric[1]]
    line[m + 1] = paper.number("%.4f", value, result)
    if value then table.insert(series.quality[m].points, { math.log(alpha, 2), value }) end
  end
  for n, name in ipairs(spread_means) do line[#metrics + 1 + n] = paper.number("%.3f", result[name], result) end
  for _, name in ipairs(result.failure and {} or spreads) do
    table.insert(series[name], { name = ("alpha %g"):format(alpha), points = density(curve, name) })
  end
  return line
end

local function alpha_study(problem)
  local number = problem.name:match "^lastfm" and 7 or 9
  local study, lines = settings.alpha_study, {}
  local series = { quality = {}, boundary = {}, positive = {}, negative = {} }
  for m, metric in ipairs(metrics) do series.quality[m] = { name = metric[2], points = {} } end
  for i, alpha in ipairs(study.values) do
    if options.quick and i > 2 then break end
    lines[i] = add_alpha(series, alpha, row_of_figure(problem, study.method, { alpha = alpha }))
  end
  show(problem, number, "quality", { x = "log2 alpha", y = "metric", series = series.quality })
  for _, name in ipairs(spreads) do
    show(problem, number, name, { x = name == "boundary" and name or "score", y = "density", series = series[name] })
  end
  local header = { "alpha" }
  for m, metric in ipairs(metrics) do header[m + 1] = metric[2] end
  for _, name in ipairs { "boundary", "deviation", "positives", "negatives" } do header[#header + 1] = name end
  local title = settings.methods[study.method].title
  lab:print_table(("%s, %s with other alphas"):format(problem.name, title), header, lines)
end

--- Of all samples; and, as there are 32 negatives to each positive, of positives and of negatives too where a boundary
--- tells them apart.
local function figure8(problem)
  local series = {}
  for _, method in ipairs(settings.figure8) do
    local result, curve = row_of_figure(problem, method)
    local shares = settings.corrupted_shares[settings.methods[method].corrupted]
    for i, share in ipairs(result.failure and {} or shares) do
      local name = settings.methods[method].title .. (i > 1 and share:gsub("corrupted_", ", ") or "")
      series[#series + 1] = { name = name, points = points_of(nil, curve(share)) }
    end
  end
  show(problem, 8, nil, { x = "epoch", y = "share of samples on the wrong side", series = series })
end

local figures = { [5] = figure5, [6] = figure6, [7] = alpha_study, [8] = figure8, [9] = alpha_study }

-- Tuning

local function tune(problem)
  local tuned = {}
  for i, method in ipairs(wanted_methods()) do
    tuned[i] = {
      title = settings.methods[method].title, grid = settings.grids[method],
      outcome = function(point) return outcome(problem, { method = method, change = point }, options.seed) end,
    }
  end
  tuning.print(lab, problem.name .. ", tuned on validation", "ndcg@10", tuned)
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
  if options.figure then figures[options.figure](problem) end
  if options.table or not options.figure then
    table4(problem, options.seeds or options.all and settings.seeds or 1)
  end
  for _, number in ipairs(options.all and { 5, 6, 7, 8 } or {}) do figures[number](problem) end
end

rows.check(lab, settings.methods, method_names)
if options.table and options.table ~= 4 then lab:refuse("no table %d; want 4", options.table) end
if options.figure and not figures[options.figure] then
  lab:refuse("no figure %d; want 5, 6, 7, 8 or 9", options.figure)
end

lab:on_datasets(settings.datasets_of_paper, function(name) run(open_problem(name)) end)

lab:finish()
