-- Personalized Ranking with Importance Sampling. Lian, Liu, Chen, WWW 2020.
--
-- Table 2 (baselines), Table 3 (samplers), Figure 2 (time of each sampler), Figure 3 (count of negatives), Figure 4
-- (dimension) and Figure 5 (clusters), on CiteULike and Gowalla. --all runs them all: every finished row is kept in a
-- file, and a run that was stopped goes on where it was.
--
-- Protocol: of each user's interactions 80 % train and 20 % test, 10 % of train validate: NDCG@50 on validation ends
-- a run and chooses its epoch. Gowalla also on the split that the authors' code makes (gowalla-pris/derived). All items
-- but those of train and validation are ranked; Recall@50 and NDCG@50 are means over users with test items, NDCG over
-- the ideal of min(50, test items); of equal scores the item with the lower number first. Both are shares from 0 to 1,
-- as the paper prints them. Negatives are items that the user does not have in train.
--
-- With more than one seed numbers are means over seeds, +- their deviation; p is that of a paired t-test over users,
-- of NDCG@50, each user's the mean over seeds. The split is the same for all seeds; --split N makes another one.
--
-- The paper does not say whether what validated goes back to train before the test. Here it does not; with --refit each
-- row is trained once more, on all of train, for as many epochs as validation chose.
--
-- Settings and published numbers: lua/papers/settings/pris.lua. Numbers obtained: RESULTS.md.

local perigee = require "perigee"
local described = require "perigee.paper.described"
local merged = require "perigee.merged"
local paired_test = require "perigee.paper.paired_test"
local paper = require "perigee.paper"
local result_table = require "perigee.paper.result_table"
local rows = require "perigee.paper.rows"
local tuning = require "perigee.paper.tuning"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local settings = perigee.config(here .. "/settings/pris.lua")

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end
local method_names = table.concat(names_of(settings.methods), ",")

local lab = paper.begin {
  results = "results/pris", decided_by_all = { "table", "figure", "rows", "tune" },
  description = {
    name = "pris.lua",
    summary = "reproduces the tables and figures of the PRIS paper, the published numbers beside ours",
    {
      "dataset", "NAME", default = "citeulike-t",
      help = "citeulike-t, gowalla-pris, gowalla-pris/derived (the authors' split), or any set or path that "
        .. "perigee.data.open knows.",
    },
    { "table", "N", kind = "integer", least = 2, help = "2: baselines; 3: samplers. Both if nothing is asked for." },
    { "figure", "N", kind = "integer", least = 2, help = "2: time; 3: negatives; 4: dimension; 5: clusters." },
    paper.option.rows(method_names),
    { "all", help = "All tables and figures, on CiteULike and Gowalla unless --dataset says otherwise." },
    paper.option.tune,
    paper.option.seed(settings.seed),
    paper.option.seeds(settings.seeds, "the tables"),
    paper.option.epochs,
    { "refit", help = "Rows are trained once more, with the validation part, for as many epochs as it chose." },
    paper.option.split,
    paper.option.out "results/pris",
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
  local parts = merged(setting.split, { seed = options.split })
  local problem = { name = name, data = data, setting = setting, parts = parts, split = data:split(parts) }
  if options.refit then
    local whole = merged(parts)
    whole.valid = nil
    problem.whole = merged(problem, { parts = whole, split = data:split(whole) })
  end
  return problem
end

--- The settings of a method on a data set; `change` has those in which a row differs, as in a figure or a grid.
local function settings_of(problem, method, change)
  local own, setting = settings.methods[method], problem.setting
  local quick = options.quick and { epochs = 2, batch = 128, clusters = 10 } or nil
  return merged(settings.common, own, { activity = own.activity and setting.activity }, setting.tuned[method], quick,
    { epochs = options.epochs }, change)
end

local function regularization(s)
  if s.activity then return { weight = s.activity / s.batch, scope = "per_sample" } end
  return s.l2 and { weight = s.l2, scope = "batch" } or nil
end

local function sampler(s)
  if not s.sampler then return nil end
  return merged(s.sampler, {
    count = s.sampler.kind ~= "warp" and s.negatives or nil,
    clusters = s.sampler.kind:find "cluster" and s.clusters or nil,
  })
end

local function solver(s)
  if s.solver == "popularity" then return { kind = "popularity" } end
  return { kind = s.solver, dim = s.dim, alpha = s.alpha, regularization = s.regularization }
end

--- Everything that decides a row, and nothing else: it is trained from this alone, and this is its key.
local function configuration(problem, row, seed)
  local s = settings_of(problem, row.method, row.change)
  local same = {
    method = row.method, data = problem.name, checksum = problem.data.checksum, split = problem.parts,
    version = perigee.version,
  }
  if s.solver then
    local repeats = s.solver ~= "popularity"
    return merged(same, { model = solver(s) },
      repeats and { seed = seed, epochs = s.epochs, every = s.every, patience = s.patience } or nil)
  end
  return merged(same, {
    model = merged(s.model, { dim = s.dim }), loss = s.loss, sampler = sampler(s), learned = s.learned, batch = s.batch,
    optimizer = merged(s.optimizer, { rate = s.rate }), regularization = regularization(s),
    epochs = s.epochs, every = s.every, patience = s.patience, seed = seed,
  })
end

-- Training

local function selection(c)
  if not c.every then return { epochs = c.epochs } end
  return {
    epochs = c.epochs, patience = c.patience,
    evaluate = { every = c.every, on = "valid", metrics = settings.metrics },
  }
end

local function solve(problem, c)
  local model = described.model(c, problem.split)
  return lab:fit(c, model, c.epochs and selection(c) or {}), model
end

local function train(problem, c)
  local function make() return described.trainer(c, problem.split) end
  local run, trainer = lab:train(paper.but_epochs(c), make, selection(c))
  return run, trainer.model
end

local function make_row(problem, c)
  local run, model = (c.loss and train or solve)(problem, c)
  local metrics = perigee.evaluate(model, problem.split, { on = "test", metrics = settings.metrics, per_user = true })
  return {
    recall = metrics["recall@50"], ndcg = metrics["ndcg@50"],
    -- One that was trained without a look at validation has the parameters of its last epoch.
    best_epoch = run.best and run.best.epoch or not c.every and c.epochs or nil,
    valid = run.best and run.best.value, epochs_run = #run.epochs, seconds = run.seconds, threads = perigee.threads(),
    finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }, { users = metrics.per_user["ndcg@50"] }
end

local function title_of(problem, row, seed)
  local changes = {}
  for _, name in ipairs(names_of(row.change or {})) do
    changes[#changes + 1] = (", %s %g"):format(name, row.change[name])
  end
  return ("%s, %s%s, seed %d"):format(problem.name, settings.methods[row.method].title, table.concat(changes), seed)
end

local function outcome_of(problem, c, title)
  return rows.outcome(lab, c, title, function() return make_row(problem, c) end)
end

--- What came out of a row with one seed, and the key of its users' values.
local function outcome(problem, row, seed)
  local c, title = configuration(problem, row, seed), title_of(problem, row, seed)
  if not problem.whole then return outcome_of(problem, c, title) end
  local chosen = c.every and outcome_of(problem, c, title) or {}
  if chosen.failure then return chosen end
  local again = merged(c, { split = problem.whole.parts, epochs = chosen.best_epoch })
  again.every, again.patience = nil, nil
  return outcome_of(problem.whole, again, title .. ", refit")
end

-- Tables

--- A row with all its seeds, if it has any: means, deviations, and each user's mean.
local function summary(problem, row, count)
  local has_seeds = configuration(problem, row, options.seed).seed
  return rows.with_seeds(lab, has_seeds and count or 1, function(seed) return outcome(problem, row, seed) end)
end

local function published(problem, row)
  -- The published numbers of the tables are for the paper's own settings.
  return not row.change and (settings.published[problem.name] or {})[row.published or row.method] or {}
end

local metrics = { { "ndcg", "ndcg@50" }, { "recall", "recall@50" } }

--- Prints rows; `column` is what they differ in, and p compares with the row that has `is_reference`.
local function print_rows(title, problem, list, count, column)
  local lines, users, reference = {}, {}, nil
  for i, row in ipairs(list) do
    lines[i] = {
      title = settings.methods[row.method].title, value = column and row.change[column],
      published = published(problem, row),
    }
    lines[i].summary, users[i] = summary(problem, row, count)
    if row.is_reference then reference = users[i] end
  end
  for i, row in ipairs(list) do
    if reference and users[i] and not row.is_reference then lines[i].p = paired_test(users[i], reference).p end
  end
  result_table.print(lab, ("%s, %s"):format(problem.name, title), lines, metrics, column)
end

local function rows_of(methods, reference)
  local list = {}
  for i, method in ipairs(rows.wanted(lab, methods)) do
    list[i] = { method = method, is_reference = method == reference or nil }
  end
  return list
end

local function table2(problem, count)
  local list = rows_of(settings.table2)
  for _, method in ipairs(rows.wanted(lab, { settings.best })) do
    list[#list + 1] = { method = method, is_reference = true, published = "pris" }
  end
  print_rows("Table 2, p against PRIS", problem, list, count)
end

local function table3(problem, count)
  local reference = settings.table3_reference
  local title = ("Table 3, p against %s"):format(settings.methods[reference].title)
  print_rows(title, problem, rows_of(settings.table3, reference), count)
end

-- Figures

--- Draws for a negative that Corollary 4.3 expects, a mean over train's pairs: 1 / (1 - P(I_u)), of samplers whose law
--- is the same for all users.
local function expected_draws(split, weight_of)
  local counts, total = {}, 0
  for _, user in ipairs(split:users()) do
    for _, item in ipairs(split:items_of(user)) do counts[item] = (counts[item] or 0) + 1 end
  end
  for _, item in ipairs(split.dataset:items()) do total = total + weight_of(counts[item] or 0) end
  local sum, pairs_seen = 0, 0
  for _, user in ipairs(split:users()) do
    local items, own = split:items_of(user), 0
    for _, item in ipairs(items) do own = own + weight_of(counts[item]) end
    sum, pairs_seen = sum + #items / (1 - own / total), pairs_seen + #items
  end
  return sum / pairs_seen
end

local laws = {
  uniform = function() return 1 end,
  popularity = function(count) return math.log(1 + count) end,
}

--- Seconds of an epoch, of which nothing but training is part, and draws for a negative.
local function make_timing(problem, c)
  local trainer = described.trainer(c, problem.split)
  local fastest = math.huge
  for _ = 1, c.epochs do fastest = math.min(fastest, trainer:epoch().seconds) end
  local law = laws[c.sampler.kind]
  return {
    seconds = fastest, threads = perigee.threads(), finished = os.date "!%Y-%m-%dT%H:%M:%SZ",
    draws = c.sampler.kind ~= "exact" and trainer.sampler.drawn / trainer.sampler.kept or nil,
    expected = law and expected_draws(problem.split, law) or nil,
  }
end

local function figure2(problem)
  local lines, first = {}, nil
  for i, row in ipairs(rows_of(settings.figure2.methods)) do
    local title = title_of(problem, row, options.seed)
    local c = merged(configuration(problem, row, options.seed), {
      measures = "time", epochs = settings.figure2.epochs, threads = perigee.threads(),
    })
    local result = lab:outcome {
      configuration = c, title = title .. ", time", make = function() return make_timing(problem, c) end,
      about = { data = c.data, method = c.method, version = c.version },
    }
    first = first or result.seconds
    lines[i] = {
      settings.methods[row.method].title, paper.number("%.4f", result.draws), paper.number("%.4f", result.expected),
      paper.number("%.2f", result.seconds, result), result.seconds and ("%.2f"):format(result.seconds / first),
    }
  end
  local title = problem.name .. ", Figure 2: seconds of an epoch, and draws for a negative beside Corollary 4.3's"
  lab:print_table(title, { "method", "draws", "expected", "s/epoch", "to the first" }, lines)
end

--- A method after another, each with all values of one setting.
local function print_figure(title, problem, figure, count)
  local list = {}
  for _, row in ipairs(rows_of(figure.methods)) do
    for i, value in ipairs(figure.values) do
      if not (options.quick and i > 2) then
        list[#list + 1] = merged(row, { change = { [figure.column] = value } })
      end
    end
  end
  print_rows(title, problem, list, count, figure.column)
end

local tables = { [2] = table2, [3] = table3 }
local figures = {
  [2] = figure2,
  [3] = function(problem, count) print_figure("Figure 3: negatives", problem, settings.figure3, count) end,
  [4] = function(problem, count) print_figure("Figure 4: dimension", problem, settings.figure4, count) end,
  [5] = function(problem, count) print_figure("Figure 5: clusters", problem, settings.figure5, count) end,
}

-- Tuning

local function tune(problem)
  local tuned = {}
  for i, method in ipairs(rows.wanted(lab, names_of(settings.grids))) do
    tuned[i] = {
      title = settings.methods[method].title, grid = settings.grids[method],
      outcome = function(point) return outcome(problem, { method = method, change = point }, options.seed) end,
    }
  end
  tuning.print(lab, problem.name .. ", tuned on validation", "ndcg@50", tuned)
end

-- What was asked for

local function print_problem(problem)
  local s = settings.common
  print(("%s, %s, d = %d, batch %d, Adam %g, %d negatives, %d threads"):format(
    problem.name, tostring(problem.split), s.dim, s.batch, s.rate, s.negatives, perigee.threads()))
  if not settings.published[problem.name] then print "the paper has no numbers for this set" end
end

local function run(problem)
  print_problem(problem)
  if options.tune then return tune(problem) end
  local count = options.seeds or 1
  if options.all then
    for _, number in ipairs { 2, 3 } do tables[number](problem, options.seeds or settings.seeds) end
    for _, number in ipairs { 2, 3, 4, 5 } do figures[number](problem, count) end
    return
  end
  if options.table then tables[options.table](problem, count) end
  if options.figure then figures[options.figure](problem, count) end
  if options.table or options.figure then return end
  table2(problem, count)
  table3(problem, count)
end

rows.check(lab, settings.methods, method_names)
if options.tune and options.refit then lab:refuse "--tune looks at validation alone; leave --refit out" end
if options.table and not tables[options.table] then lab:refuse("no table %d; want 2 or 3", options.table) end
if options.figure and not figures[options.figure] then lab:refuse("no figure %d; want 2, 3, 4 or 5", options.figure) end

lab:on_datasets(settings.datasets_of_paper, function(name) run(open_problem(name)) end)

lab:finish()
