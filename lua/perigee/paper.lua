-- What scripts that reproduce a paper's tables have in common: their options, where rows are kept, and that one row
-- which fails does not take the others with it.
--
--   local paper = require "perigee.paper"
--   local lab = paper.begin {
--     results = "results/mml",                             -- where --all keeps rows
--     decided_by_all = { "model", "loss" },                -- what cannot be given beside --all
--     description = { name = "mml.lua", summary = "...", ..., paper.option.out "results/mml", paper.option.fresh },
--   }
--   local result = lab:outcome { configuration = { ... }, title = "gowalla, mf, ccl", make = function() ... end }
--   lab:print_table("Table 3", header, { { "mf", lab.number("%.4f", result.recall) } })
--   lab:finish()

local perigee = require "perigee"
local arguments = require "perigee.arguments"
local merged = require "perigee.merged"
local row_store = require "perigee.paper.row_store"
local row_training = require "perigee.paper.row_training"
local text_table = require "perigee.text_table"

local paper = {}
local lab = {}
lab.__index = lab

-- Options that mean the same in every paper's script

---@class perigee.paper.Settings
---@field description perigee.arguments.Description The script's options; `--all`, `--out`, `--fresh` and
--- `--quick` mean the same everywhere.
---@field results? string The folder where `--all` keeps rows.
---@field decided_by_all? string[] Options that cannot be given beside `--all`.

---@class perigee.paper.Row
---@field configuration table All that decides the row, and nothing else: its key.
---@field title string What messages call it.
---@field make fun(): table, table? Finite numbers, strings and booleans by name; and lists of numbers by name.
---@field about? table What else is to be kept with them.

---@class perigee.paper.Data
---@field of? string The known set of which the name is the paper's view.
---@field folder? string The folder within it.
---@field open? table Options of `perigee.data.open`.

paper.option = {
  fresh = { "fresh", help = "Run rows again that are there already." },
  keep = {
    "keep", help = "Keep the checkpoint of each row in FOLDER/checkpoints: with more --epochs the row goes on where it "
      .. "ended. It has the parameters up to four times, 73 MB of Gowalla's MF.",
  },
  epochs = { "epochs", "N", kind = "integer", least = 1, help = "Epochs at most." },
  split = { "split", "N", kind = "integer", least = 0, help = "Seed of the random split; the settings' if left out." },
  tune = { "tune", help = "The grids on validation, instead of a table: what is best belongs into the settings." },
  quick = { "quick", help = "Seconds instead of minutes: a synthetic set, two epochs. Its numbers mean nothing." },
}

--- The option `--out`.
---@param folder string Where rows are kept with `--all`.
---@return table option For a description of `perigee.arguments`.
function paper.option.out(folder)
  return {
    "out", "FOLDER", help = "Keep finished rows in a store of runs, FOLDER/runs.sqlite, or the one that `perigee run "
      .. "--store` names, and take those that are there already; " .. folder .. " with --all.",
  }
end

--- The option `--rows`.
---@param names string How its help lists the methods.
---@return table option For a description of `perigee.arguments`.
function paper.option.rows(names)
  return { "rows", "NAMES", kind = "list", help = "Only these, of " .. names .. "." }
end

--- The option `--seed`.
---@param default integer What it is if it is left out.
---@return table option For a description of `perigee.arguments`.
function paper.option.seed(default)
  return { "seed", "N", kind = "integer", least = 0, default = default, help = "Of parameters, order and negatives." }
end

--- The option `--seeds`.
---@param count integer How many there are with `--all`.
---@param where string Where they are that many.
---@return table option For a description of `perigee.arguments`.
function paper.option.seeds(count, where)
  return {
    "seeds", "N", kind = "integer", least = 1,
    help = ("How many seeds, from --seed on; 1 if left out, %d in %s of --all."):format(count, where),
  }
end

--- Where rows are kept, and whether those that are there already count. A store that somebody asked for has them too.
local function open_rows(folder, fresh)
  local store = os.getenv "PERIGEE_STORE"
  if store == "" then store = nil end
  return row_store.open(store or folder and folder .. "/runs.sqlite", { fresh = fresh or not folder })
end

--- Reads the command line, and opens what is kept. Ends the process with a message on wrong input.
---@param settings perigee.paper.Settings What the script is.
---@return table lab `lab.options` has what was given; its methods are those of `lab` below.
function paper.begin(settings)
  local description = settings.description
  local self = setmetatable({
    name = description.name, given = {}, failures = {}, failed = 0, failed_rows = {},
  }, lab)
  for _, word in ipairs(arg) do self.given[word:match "^%-%-([^=]+)" or word] = true end
  self.options = arguments.parse(arg, description)
  local options = self.options
  for _, name in ipairs(options.all and settings.decided_by_all or {}) do
    if self.given[name] then self:refuse("--all has all rows of the paper; leave out --%s", name) end
  end
  self.folder = options.out or options.all and settings.results or nil
  if options.keep and not self.folder then self:refuse "--keep wants a place, --out FOLDER" end
  self.store = open_rows(self.folder, options.fresh)
  self.training = row_training.new {
    folder = self.folder and self.folder .. "/checkpoints", fresh = options.fresh, keeps = options.keep,
  }
  return self
end

--- Ends the process: the input is wrong.
---@param message string What is wrong, a format.
---@param ... any What the format takes.
function lab:refuse(message, ...)
  io.stderr:write(self.name, ": ", message:format(...), "\n")
  os.exit(2, true)
end

-- Data

--- The set that `--quick` trains on.
---@return Dataset data 600 users, 400 items.
function paper.synthetic() return perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 } end

--- Opens a data set: a synthetic one with `--quick`, and where ml-100k cannot be had.
---@param name string Its name in `perigee.data`.
---@param how? perigee.paper.Data How it is opened, where it is a paper's view of a known set.
---@return Dataset data The set.
---@return string opened The name of what was opened.
function lab:open_data(name, how)
  if self.options.quick then return paper.synthetic(), "synthetic" end
  if name == "ml-100k" and not perigee.data.find "ml-100k" then
    io.stderr:write "ml-100k is not here yet; fetching it once ...\n"
    local fetched, why = pcall(perigee.data.fetch, "ml-100k")
    if not fetched then
      io.stderr:write(tostring(why), "\n")
      print "ml-100k cannot be had here (the reason is above); running on a synthetic set instead"
      return paper.synthetic(), "synthetic"
    end
  end
  how = how or {}
  local path = how.of and perigee.data.find(how.of)
  return perigee.data.open(path and path .. "/" .. how.folder or how.of or name, how.open or {}), name
end

--- Runs what was asked for on one set after another: with `--all` on the paper's, unless `--dataset` names one.
---@param of_paper string[] Their names.
---@param run fun(name: string) What is run.
function lab:on_datasets(of_paper, run)
  local options = self.options
  local all = options.all and not self.given.dataset and not options.quick
  for i, name in ipairs(all and of_paper or { options.dataset }) do
    if i > 1 then print() end
    run(name)
  end
end

-- Rows

--- What the store of runs says of the run under way.
---@param settings table All that decides the row.
---@return table options Of `trainer:run` and `model:fit`.
function lab:recording(settings)
  return { store = self.store.path, name = self.title, tags = self.name, notes = row_store.key(settings) }
end

--- Notes that a run is the one of the row under way. Ctrl-C ends the script: what was not trained to its end is no row.
---@param run table What `trainer:run` or `model:fit` gave.
function lab:trained(run)
  self.run = run.id
  if run.ended == "interrupted" then self:interrupted() end
end

--- What of a row's settings decides how it goes on, however many epochs it has.
---@param settings table All that decides the row.
---@return table settings All but `epochs`.
function paper.but_epochs(settings)
  local others = merged(settings)
  others.epochs = nil
  return others
end

--- Trains a row's model (see `perigee.paper.row_training`).
---@param settings table All that decides the training but for its epochs.
---@param make fun(): Trainer, table? A trainer, and options that its run needs.
---@param options table Options of `trainer:run`.
---@return table run What `trainer:run` gave.
---@return Trainer trainer What was trained.
function lab:train(settings, make, options)
  local run, trainer = self.training:run(row_store.key(settings), make, merged(self:recording(settings), options))
  self:trained(run)
  return run, trainer
end

--- Fits a row's model that has a solver.
---@param settings table All that decides the row.
---@param model Model The model.
---@param options table Options of `model:fit`.
---@return table run What `model:fit` gave.
function lab:fit(settings, model, options)
  local run = model:fit(merged(self:recording(settings), options))
  self:trained(run)
  return run
end

--- Ends the script after Ctrl-C.
function lab:interrupted()
  io.stderr:write(self.name, ": interrupted; finished rows are kept with --out or --all\n")
  os.exit(130, true)
end

local function check_finite(result)
  for name, value in pairs(result) do
    if type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then
      error(("%s is %s"):format(name, value), 0)
    end
  end
end

--- What came out of a row: kept, made before, or made now.
---
--- A row that cannot be made gives `{ failure = reason }`; the others go on, and the script ends with failure.
---@param row perigee.paper.Row Which row.
---@return table results By name.
---@return string key What `lab:list` finds its lists by.
function lab:outcome(row)
  local key = row_store.key(row.configuration)
  if self.failed_rows[key] then return self.failed_rows[key], key end
  local known = self.store:find(key)
  if known then
    if not self.store.made[key] then io.stderr:write(("%s: from %s\n"):format(row.title, self.store.path)) end
    return known, key
  end
  -- Runs that differ in the seed alone share a name.
  self.title, self.run = row.title:gsub(", seed %d+", ""), nil
  local made, result = pcall(function()
    local result, lists = row.make()
    check_finite(result)
    self.store:append(key, merged(result, row.about), {
      run = self.run, name = self.title, tags = self.name, settings = row.about, lists = lists,
    })
    return self.store:find(key)
  end)
  if not made then return self:fail(key, row.title, tostring(result)), key end
  return result, key
end

--- A list of numbers that was kept with a row.
---@param key string The row's, as `outcome` gives it.
---@param name string The list's.
---@return number[]? list nil where there is none.
function lab:list(key, name) return self.store:list(key, name) end

--- Notes that a row cannot be made.
---@param key string Its key.
---@param title string What messages call it.
---@param reason string Why.
---@return table results `{ failure = reason }`.
function lab:fail(key, title, reason)
  io.stderr:write(("%s failed: %s\n"):format(title, reason))
  self.failed = self.failed + 1
  self.failures[#self.failures + 1] = ("%s failed: %s"):format(title, reason)
  self.failed_rows[key] = { failure = reason }
  return self.failed_rows[key]
end

-- Tables

--- A number as text; "failed" where the row has none, nil where the number is not to be had.
---@param format string As of `string.format`.
---@param value? number The number.
---@param result? table The row's results, which may be a failure.
---@return string? text For a cell of a table.
function paper.number(format, value, result)
  if result and result.failure then return "failed" end
  return value and format:format(value)
end

--- The p of a test as text: below 1e-300 there are no numbers to tell it by.
---@param p? number From 0 to 1.
---@return string? text Two digits; nil for nil.
function paper.p_value(p) return p and (p < 1e-300 and "<1e-300" or ("%.2g"):format(p)) end

--- Prints a table, and below it which of its rows failed.
---@param title? string What stands above it.
---@param header string[] A title for each column.
---@param lines table[] Lists of cells, as of `perigee.text_table`.
function lab:print_table(title, header, lines)
  print()
  if title then print(title) end
  print(text_table.format(header, lines))
  for _, failure in ipairs(self.failures) do print(failure) end
  self.failures = {}
end

--- To be called at the end: the process ends with failure where a row failed.
function lab:finish()
  self.training:finish()
  if self.failed == 0 then return end
  io.stderr:write(("%s: %d of the rows failed\n"):format(self.name, self.failed))
  os.exit(1, true)
end

return paper
