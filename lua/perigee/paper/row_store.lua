-- Finished rows of a long experiment, in a store of runs, so that an experiment which was stopped goes on where it was.
--
--   local store = require("perigee.paper.row_store").open "results/mml/runs.sqlite"
--   local row = store:find(key)              -- nil where it has to be made
--   store:append(key, { recall = 0.17 }, { name = "gowalla, mf, ccl", run = run.id, lists = { users = { 0.1, 0.2 } } })
--   local users = store:list(key, "users")
--
-- A row is written at once and whole: killing the process loses the row under way and no other. It is the record of the
-- run that made it, with its key, the row as JSON, and lists of numbers, such as a metric of each user or a curve; so
-- that `perigee runs` lists, shows and compares rows. Without a path rows stay in memory.

local perigee = require "perigee"
local json = require "perigee.json"

local row_store = {}
row_store.__index = row_store

-- As short as it can be without becoming another number.
local function number_text(number)
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(number)
    if tonumber(text) == number or digits == 17 then return text end
  end
end

--- The key of a row: every setting that decides it, as text.
---@param settings any A table of settings; tables may be nested, and their order does not matter.
---@return string key The same for the same settings.
function row_store.key(settings)
  if type(settings) == "number" then return number_text(settings) end
  if type(settings) ~= "table" then return tostring(settings) end
  local names, parts = {}, {}
  for name in pairs(settings) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if type(a) ~= type(b) then return type(a) == "number" end
    return a < b
  end)
  for i, name in ipairs(names) do
    local text = row_store.key(settings[name])
    parts[i] = type(name) == "number" and text or name .. "=" .. text
  end
  return "{" .. table.concat(parts, " ") .. "}"
end

---@class perigee.paper.row_store.Options
---@field fresh? boolean Rows that are there already do not count: they stay, and newer ones stand for them.

--- Opens the rows of a store; it and its folder come to be if they are not there.
---@param path? string The store's file; in memory without it.
---@param options? perigee.paper.row_store.Options How it is opened.
---@return table store Its methods are those of `row_store` below.
function row_store.open(path, options)
  return setmetatable({
    path = path, runs = path and perigee.runs.open { path = path }, fresh = options and options.fresh,
    -- By key; made: those of this process.
    rows = {}, lists = {}, ids = {}, made = {},
  }, row_store)
end

--- The newest row with a key.
---@param key string Its key.
---@return table? row nil where it has to be made.
function row_store:find(key)
  if self.rows[key] or self.fresh or not self.runs then return self.rows[key] end
  local run = self.runs:find(key)
  local text = run and self.runs:kept(run.id, "row")
  if not text then return nil end
  local row, why = json.decode(text)
  if not row then error(("%s: the row of run %s is damaged: %s"):format(self.path, run.id, why), 2) end
  self.rows[key], self.ids[key] = row, run.id
  return row
end

--- A list of numbers that was kept with a row.
---@param key string The row's.
---@param name string The list's.
---@return number[]? list nil where there is none.
function row_store:list(key, name)
  local list = (self.lists[key] or {})[name]
  if list or not self.runs or not self:find(key) then return list end
  return self.runs:kept(self.ids[key], name)
end

local function numbers_of(row)
  local numbers = {}
  for name, value in pairs(row) do
    if type(value) == "number" then numbers[name] = value end
  end
  return numbers
end

---@class perigee.paper.row_store.About
---@field run? string Identifier of the run that made the row, which becomes its record; without it the row has its own.
---@field name? string That record's name.
---@field tags? string|string[] Its tags.
---@field settings? table Its settings.
---@field lists? table<string, number[]> Lists of numbers that are kept with the row.

--- Keeps a row.
---@param key string Its key.
---@param row table Strings, finite numbers and booleans by name.
---@param about perigee.paper.row_store.About What its record says.
function row_store:append(key, row, about)
  local values = { row = json.encode(row) }
  for name, list in pairs(about.lists or {}) do values[name] = list end
  if self.runs and about.run then
    self.runs:keep(about.run, { key = key, values = values })
    self.ids[key] = about.run
  elseif self.runs then
    self.ids[key] = self.runs:add {
      name = about.name, tags = about.tags, settings = about.settings, results = numbers_of(row), key = key,
      values = values, seconds = row.seconds,
    }
  end
  self.rows[key], self.lists[key], self.made[key] = row, about.lists, true
end

return row_store
