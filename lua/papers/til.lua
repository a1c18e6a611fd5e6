-- Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation. Wu et al., CIKM 2022.
--
-- Table 1 (ten methods on four backbones) on Gowalla, and Figures 3 (noise), 4 (weights of TIL-UI beside
-- ratings), 5 (clusters), 6 (seconds) and 7 (ways to cluster). --all runs them all: every finished row is kept in a
-- file, and a run that was stopped goes on where it was. Figures are printed; charts are kept as data (.tsv) and
-- pictures (.svg) beside the rows.
--
-- Data: both parts of LightGCN's Gowalla together have the 29,858 users, 40,981 items and 1,027,370 interactions of the
-- paper's Table 2, to the last one. Hence no filter: that of section 5.1, ten of each, would leave 29,857, 40,979 and
-- 1,027,343. Other sets are filtered. Amazon_CD and Last.fm are not to be had; the settings have their numbers.
--
-- Protocol: of each user's interactions 80 % train, 10 % validate and 10 % are tested on; Recall@20 on validation ends
-- a run and chooses its epoch. All items but those of train and validation are ranked; Recall@20 and NDCG@20 are means
-- over users with test items, NDCG over the ideal of min(20, test items); of equal scores the item with the lower
-- number first. They are shares from 0 to 1, where the paper has percent. Negatives are items that the user does not
-- have in train, one for each positive (PRIS: five).
--
-- L2 and the network are those of the authors' code, which the paper does not spell out: c/2 of all rows in every batch
-- (Adam's weight decay there), beside losses that are summed; with MF weights are softplus, without b2, and their
-- network has a weight decay of its own. til_ui_sigmoid and til_mi_sigmoid have Equation 3's sigmoid instead.
--
-- With more than one seed numbers are means over seeds, +- their deviation; p is that of a paired t-test over users, of
-- Recall@20, each user's the mean over seeds. The split is the same for all seeds; --split N makes another one.
--
-- What the library does not train is a row that failed, with its reason: AOBPR and PRIS on NeuMF, whose scores are no
-- inner products.
--
-- Settings and published numbers: lua/papers/settings/til.lua. Numbers obtained: RESULTS.md.

local perigee = require "perigee"
local described = require "perigee.paper.described"
local figure = require "perigee.paper.figure"
local merged = require "perigee.merged"
local noisy_split = require "perigee.paper.noisy_split"
local paired_test = require "perigee.paper.paired_test"
local paper = require "perigee.paper"
local result_table = require "perigee.paper.result_table"
local row_store = require "perigee.paper.row_store"
local rows = require "perigee.paper.rows"
local setting_changes = require "perigee.paper.setting_changes"
local text_table = require "perigee.text_table"
local triplet_weights = require "perigee.paper.triplet_weights"
local tuning = require "perigee.paper.tuning"
local weight_history = require "perigee.paper.weight_history"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/til.lua")

local methods = { table.unpack(settings.table1) }
table.move(settings.others, 1, #settings.others, #methods + 1, methods)
local method_names = table.concat(methods, ",")
local backbone_names = table.concat(settings.backbones_of_paper, ",") .. ","
  .. table.concat(settings.other_backbones, ",")

local lab = paper.begin {
  results = "results/til", decided_by_all = { "table", "figure", "rows", "tune" },
  description = {
    name = "til.lua",
    summary = "reproduces the table and the figures of the TIL paper, the published numbers beside ours",
    {
      "dataset", "NAME", default = settings.datasets_of_paper[1],
      help = "gowalla, or any set or path that perigee.data.open knows.",
    },
    {
      "backbone", "NAMES", kind = "list",
      help = "Some of " .. backbone_names .. "; mf if left out.",
    },
    { "table", "N", kind = "integer", least = 1, help = "1: all methods; that is what runs if nothing is asked for." },
    {
      "figure", "N", kind = "integer", least = 1,
      help = "3: noise; 4: weights beside ratings, on ml-100k where the set has none; 5: clusters; 6: seconds; 7: ways "
        .. "to cluster.",
    },
    paper.option.rows(method_names),
    { "all", help = "Table and figures." },
    paper.option.tune,
    paper.option.seed(settings.seed),
    paper.option.seeds(settings.seeds, "the table"),
    paper.option.epochs,
    {
      "set", "NAME=VALUE", kind = "list",
      help = "Settings in which all rows differ from the script's, such as rate=1e-2,l2=1e-4,l2_scope=batch.",
    },
    paper.option.split,
    paper.option.out "results/til",
    paper.option.fresh,
    paper.option.keep,
    paper.option.quick,
  },
}
local options = lab.options
local backbones = options.backbone or { "mf" }

-- Rows: what is to be trained, and its settings

--- What --set changes in every row; nil for nothing.
local set
if options.set then
  local why
  set, why = setting_changes(options.set, settings.common)
  if why then lab:refuse("%s", why) end
end

--- A data set with its split and what the settings say of it.
local function open_problem(wanted)
  local setting = settings.datasets[wanted] or settings.datasets.other
  local whole, name = lab:open_data(wanted, setting)
  if options.quick then setting = settings.datasets.other end
  local data = setting.filter and whole:filter(setting.filter) or whole
  local parts = merged(setting.split, { seed = options.split })
  return { name = name, whole = whole, data = data, setting = setting, parts = parts, split = data:split(parts) }
end

--- The settings of a row on a data set; its `change` has those in which it differs, as in a figure or a grid.
local function settings_of(problem, row)
  local quick = options.quick and { epochs = 2, batch = 256, pretrain = 1 } or nil
  local tuned = (problem.setting.tuned[row.backbone] or {})[row.method]
  local s = merged(settings.common, settings.backbones[row.backbone], settings.methods[row.method], tuned, quick,
    { epochs = options.epochs }, row.change)
  s.every = math.min(s.every, s.epochs)
  return s
end

--- What makes the weights of triplets, if a method has them.
local function weighting(s)
  if not s.weighting then return nil end
  local network = merged(s.network, s.weighting)
  if network.strategy ~= "multi" then return network end
  -- Clusters that K-means makes have no loss for gamma to weigh.
  local gamma = network.clustering == "learned" and s.gamma or nil
  return merged(network, { clusters = s.clusters, alpha = s.alpha, gamma = gamma, pretrain = s.pretrain })
end

--- The network of weights may have a rate and a weight decay of its own.
local function optimizer(s)
  local own = {
    rate = s.network_rate ~= s.rate and s.network_rate or nil,
    weight_decay = s.network_decay > 0 and s.network_decay or nil,
  }
  local groups = s.weighting and next(own) and { merged(own, { parameters = { "importance_*" } }) } or nil
  return merged(s.optimizer, { rate = s.rate, groups = groups })
end

--- What some baselines have of their own among the settings of all.
local function sampler_of(s)
  local own = { adaptive = { lambda = s.lambda }, cluster = { count = s.negatives } }
  return merged(s.sampler, own[s.sampler.kind])
end
local function loss_of(s) return merged(s.loss, s.loss.kind:find "^rce" and { beta = s.beta } or nil) end
local function drop_of(s) return s.drops and { most = s.drop, steps = s.drop_steps, exponent = 1 } or nil end

--- Everything that decides a row, and nothing else: it is trained from this alone, and this is its key.
local function configuration(problem, row, seed)
  local s = settings_of(problem, row)
  return {
    method = row.method, backbone = row.backbone, data = problem.name, checksum = problem.data.checksum,
    noise = problem.noise, filter = problem.setting.filter, split = problem.parts, version = perigee.version,
    model = merged(s.model, { dim = s.dim }), loss = loss_of(s), drop = drop_of(s), weighting = weighting(s),
    sampler = sampler_of(s), batch = s.batch, optimizer = optimizer(s),
    regularization = { weight = s.l2, scope = s.l2_scope },
    epochs = s.epochs, every = s.every, patience = s.patience, seed = seed,
  }
end

-- Training

--- TCE's schedule: the share that is dropped grows linearly with the batches, from none to `most ^ exponent`.
local function drop_rate(drop)
  return function(_, step)
    local share = (step - 1) / (drop.steps - 1)
    return share < 1 and share * drop.most ^ drop.exponent or drop.most
  end
end

local function new_trainer(problem, c)
  local trainer = described.trainer(c, problem.split)
  if c.drop then trainer.loss.drop_rate = drop_rate(c.drop) end
  if c.weighting then
    local of_row = { model = trainer.model, seed = c.seed }
    trainer.weighting = perigee.weighting.triplet_importance(merged(c.weighting, of_row))
  end
  return trainer
end

--- Seconds of training up to an epoch; those of evaluation are no part of it.
local function seconds_until(epoch, reports)
  local sum = 0
  for _, report in ipairs(reports) do
    if report.epoch <= epoch then sum = sum + report.seconds end
  end
  return sum
end

local function make_row(problem, c)
  local run, trainer = lab:train(paper.but_epochs(c), function() return new_trainer(problem, c) end, {
    epochs = c.epochs, patience = c.patience,
    evaluate = { every = c.every, on = "valid", metrics = settings.metrics },
  })
  local metrics = perigee.evaluate(trainer.model, problem.split, {
    on = "test", metrics = settings.metrics, per_user = true,
  })
  -- Those of the last epoch, whichever validation chose.
  local weights = run.epochs[#run.epochs].weights or {}
  return {
    recall = metrics["recall@20"], ndcg = metrics["ndcg@20"], valid = run.best.value, best_epoch = run.best.epoch,
    epochs_run = #run.epochs, seconds = run.seconds, seconds_to_best = seconds_until(run.best.epoch, run.epochs),
    weight_mean = weights.mean, weight_deviation = weights.deviation,
    weight_high = weights.tenths and weights.tenths[10],
    threads = perigee.threads(), finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }, merged(weight_history.lists(run.epochs), { users = metrics.per_user["recall@20"] })
end

local function title_of(problem, row, seed)
  local noise = problem.noise and ", noise: " .. problem.noise or ""
  local changes = row.change and ", " .. row_store.key(row.change) or ""
  return ("%s%s, %s, %s%s, seed %d"):format(problem.name, noise, settings.backbones[row.backbone].title,
    settings.methods[row.method].title, changes, seed)
end

--- What came out of a row with one seed, and the key of its users' values.
local function outcome(problem, row, seed)
  local c = configuration(problem, row, seed)
  return rows.outcome(lab, c, title_of(problem, row, seed), function() return make_row(problem, c) end)
end

--- A row with all its seeds: means, deviations, and each user's mean.
local function summary(problem, row, count)
  return rows.with_seeds(lab, count, function(seed) return outcome(problem, row, seed) end)
end

-- Table 1

local metrics = { { "recall", "recall@20" }, { "ndcg", "ndcg@20" } }

--- The rows of some methods that were asked for, on a backbone.
local function rows_of(list, backbone)
  local wanted = {}
  for i, method in ipairs(rows.wanted(lab, list)) do
    wanted[i] = { method = method, backbone = backbone, change = set }
  end
  return wanted
end

local function published(problem, row)
  -- The published numbers are for the paper's own settings and clean data.
  local of_data = not row.change and not problem.noise and settings.published[problem.name] or {}
  return (of_data[row.backbone] or {})[row.method]
end

--- What a table prints of rows, and of each the users' values. p compares with the row of one method, if it is there.
local function lines_of(problem, list, count, reference, column)
  local lines, users, users_of_reference = {}, {}, nil
  for i, row in ipairs(list) do
    lines[i] = {
      method = row.method, title = settings.methods[row.method].title, value = column and row.change[column],
      published = published(problem, row), row = row,
    }
    lines[i].summary, users[i] = summary(problem, row, count)
    if row.method == reference then users_of_reference = users[i] end
  end
  for i, row in ipairs(list) do
    if users_of_reference and users[i] and row.method ~= reference then
      lines[i].p = paired_test(users[i], users_of_reference).p
    end
  end
  return lines, users
end

--- Where the method stands that is to be compared; and where the best one is that is not TIL, if it is another.
local function places(lines)
  local place, best = {}, nil
  for i, line in ipairs(lines) do
    place[line.method] = i
    local recall = not settings.methods[line.method].weighting and line.summary.recall
    if recall and (not best or recall > lines[best].summary.recall) then best = i end
  end
  return place[settings.compared.method], place[settings.compared.with], best
end

local function print_comparison(lines, users, one, other)
  if not (one and other and users[one] and users[other]) then return end
  local test = paired_test(users[one], users[other])
  print(("%s against %s: recall@20 %+.4f, p = %s, %d users"):format(
    lines[one].title, lines[other].title, test.difference, paper.p_value(test.p), test.users))
end

--- Of weights that all went to one end nothing is learned, whatever recall says. Their history is of the first seed.
local function print_weights(problem, backbone, lines)
  local histories = {}
  for _, line in ipairs(lines) do
    local s = line.summary
    if s.weight_mean then
      print(("%s: weights of the last epoch %.3f +- %.3f%s"):format(line.title, s.weight_mean, s.weight_deviation,
        s.weight_high and (", %.1f %% of them above 0.9"):format(100 * s.weight_high) or ""))
      local key = row_store.key(configuration(problem, line.row, options.seed))
      histories[#histories + 1] = { title = line.title, find = function(name) return lab:list(key, name) end }
    end
  end
  weight_history.print(lab, {
    name = ("weights-%s-%s"):format(problem.name, backbone), rows = histories,
    title = ("%s, %s: weights while they were learned"):format(problem.name, settings.backbones[backbone].title),
  })
end

local function table1(problem, backbone, count)
  local lines, users = lines_of(problem, rows_of(options.rows and methods or settings.table1, backbone), count,
    settings.reference)
  local title = ("%s, Table 1, %s, p against %s"):format(problem.name, settings.backbones[backbone].title,
    settings.methods[settings.reference].title)
  result_table.print(lab, title, lines, metrics)
  print_weights(problem, backbone, lines)
  local method, with, best = places(lines)
  print_comparison(lines, users, method, with)
  print_comparison(lines, users, method, best)
end

-- Figures

--- A picture of what there is to be seen.
local function show(problem, number, backbone, x, y, series)
  if #series == 0 then return end
  figure.show({
    name = ("figure%d-%s-%s"):format(number, problem.name, backbone),
    title = ("%s, Figure %d, %s"):format(problem.name, number, settings.backbones[backbone].title),
    x = x, y = y, series = series,
  }, lab.folder)
end

--- Recall with each kind of noise, and what of the clean one it loses.
local function figure3(problem, backbone, count)
  local f, variants, header = settings.figure3, { problem }, { "method", "clean" }
  for i, noise in ipairs(f.noises) do
    local split = noisy_split(problem.split, merged(noise, { share = f.share, seed = f.seed }))
    variants[i + 1] = merged(problem, { data = split.dataset, noise = noise.name, split = split })
    header[2 * i + 1], header[2 * i + 2] = noise.name, "change"
  end
  local lines = {}
  for r, row in ipairs(rows_of(settings.table1, backbone)) do
    lines[r] = { settings.methods[row.method].title }
    local clean
    for v, variant in ipairs(variants) do
      local s = summary(variant, row, count)
      clean = clean or s
      lines[r][math.max(2, 2 * v - 1)] = paper.number("%.4f", s.recall, s)
      if v > 1 then lines[r][2 * v] = text_table.difference(s.recall, clean.recall) end
    end
  end
  lab:print_table(problem.name .. ", Figure 3: recall@20 with noise in train", header, lines)
end

local function make_weights(problem, c)
  local function make() return new_trainer(problem, c) end
  local _, trainer = lab:train(paper.but_epochs(c), make, { epochs = c.epochs })
  local f = settings.figure4
  return triplet_weights(trainer, problem.split, problem.whole, f.liked, f.disliked)
end

local function figure4(problem)
  local f = settings.figure4
  if not problem.whole.has_ratings and not options.quick then problem = open_problem(f.dataset) end
  if not problem.whole.has_ratings then return print "Figure 4 is left out: the set has no ratings" end
  local row = {
    method = f.method, backbone = f.backbone, change = merged(set, { epochs = options.epochs or f.epochs }),
  }
  local c = merged(configuration(problem, row, options.seed), { measures = "weights" })
  c.every, c.patience = nil, nil
  local result = lab:outcome {
    configuration = c, title = title_of(problem, row, options.seed) .. ", weights",
    make = function() return make_weights(problem, c) end,
    about = { data = c.data, checksum = c.checksum, method = c.method, backbone = c.backbone, version = c.version },
  }
  local lines, header = {}, { "rating of the positive" }
  for i, liked in ipairs(f.liked) do
    lines[i] = { tostring(liked) }
    for j, disliked in ipairs(f.disliked) do
      header[j + 1] = ("negative %d"):format(disliked)
      lines[i][j + 1] = paper.number("%.2f", result[("weight_%d_%d"):format(liked, disliked)], result)
    end
  end
  lab:print_table(("%s, Figure 4: mean weights of %s, in percent of the largest"):format(problem.name,
    settings.methods[f.method].title), header, lines)
end

--- A method with all values of one setting.
local function figure5(problem, backbone, count)
  local f, list, points = settings.figure5, {}, {}
  for _, row in ipairs(rows_of({ f.method }, backbone)) do
    for i, value in ipairs(f.values) do
      local change = merged(set, { [f.column] = value })
      if not (options.quick and i > 2) then list[#list + 1] = merged(row, { change = change }) end
    end
  end
  local lines = lines_of(problem, list, count, nil, f.column)
  for _, line in ipairs(lines) do
    if line.summary.recall then points[#points + 1] = { line.value, line.summary.recall } end
  end
  result_table.print(lab, problem.name .. ", Figure 5: clusters", lines, metrics, f.column)
  local name = settings.methods[f.method].title
  show(problem, 5, backbone, f.column, "recall@20", #points > 0 and { { name = name, points = points } } or {})
end

--- Seconds of training up to the epoch that validation chose, beside what it reached.
local function figure6(problem, backbone, count)
  local lines, series = {}, {}
  for i, row in ipairs(rows_of(settings.table1, backbone)) do
    local s, title = summary(problem, row, count), settings.methods[row.method].title
    lines[i] = {
      title, paper.number("%.4f", s.recall, s), paper.number("%.0f", s.best_epoch), paper.number("%.0f", s.threads),
      paper.number("%.1f", s.seconds_to_best),
    }
    if s.recall then series[#series + 1] = { name = title, points = { { s.seconds_to_best, s.recall } } } end
  end
  local title = problem.name .. ", Figure 6: seconds of training up to the best epoch"
  lab:print_table(title, { "method", "recall@20", "epochs", "threads", "seconds" }, lines)
  show(problem, 6, backbone, "seconds", "recall@20", series)
end

local function figure7(problem, backbone, count)
  local f = settings.figure7
  local title = ("%s, Figure 7, p against %s"):format(problem.name, settings.methods[f.reference].title)
  local lines = lines_of(problem, rows_of(f.methods, backbone), count, f.reference)
  result_table.print(lab, title, lines, metrics)
end

local figures = { [3] = figure3, [4] = figure4, [5] = figure5, [6] = figure6, [7] = figure7 }

-- Tuning

local function tune(problem, backbone)
  local tuned = {}
  for i, row in ipairs(rows_of(methods, backbone)) do
    tuned[i] = {
      title = settings.methods[row.method].title, grid = settings.grids[row.method],
      outcome = function(point) return outcome(problem, merged(row, { change = merged(set, point) }), options.seed) end,
    }
  end
  local title = ("%s, %s, tuned on validation"):format(problem.name, settings.backbones[backbone].title)
  tuning.print(lab, title, "recall@20", tuned)
end

-- What was asked for

local function print_problem(problem)
  local s, data = settings.common, problem.data
  print(("%s, %s, %d interactions, d = %d, batch %d, Adam, %d threads"):format(
    problem.name, tostring(problem.split), data.count, s.dim, s.batch, perigee.threads()))
  if not settings.published[problem.name] then print "the paper has no numbers for this set" end
end

local function run(problem, backbone)
  if options.tune then return tune(problem, backbone) end
  if options.all then
    table1(problem, backbone, options.seeds or settings.seeds)
  elseif options.table or not options.figure then
    table1(problem, backbone, options.seeds or 1)
  end
  for _, number in ipairs(options.all and { 3, 4, 5, 6, 7 } or { options.figure }) do
    figures[number](problem, backbone, options.seeds or 1)
  end
end

rows.check(lab, settings.methods, method_names)
for _, name in ipairs(backbones) do
  if not settings.backbones[name] then
    lab:refuse("unknown backbone '%s'; want some of %s", name, backbone_names)
  end
end
if options.table and options.table ~= 1 then lab:refuse("no table %d; want 1", options.table) end
if options.figure and not figures[options.figure] then
  lab:refuse("no figure %d; want 3, 4, 5, 6 or 7", options.figure)
end

local problem = open_problem(options.dataset)
print_problem(problem)
for _, backbone in ipairs(backbones) do run(problem, backbone) end

lab:finish()
