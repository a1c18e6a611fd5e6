-- Finished rows of a long experiment, one line of JSON each, so that a run which was stopped goes on where it was.
--
--   local store = require("perigee.paper.row_store").open("results/mml/rows.jsonl")
--   local row = store:find(key)              -- nil where it has to be made
--   store:append { key = key, recall = 0.17 }
--
-- A row is written at once and whole: killing the process loses the row under way and no other. A line that is no row,
-- as a full disk leaves it, is reported in `store.skipped` and passed over.

local folders = require "perigee.folders"
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
---@field fresh? boolean Rows that are there already do not count: they stay in the file, and newer ones stand for them.

--- Opens the rows of a file; it and its folder come to be with the first row.
---@param path string The file.
---@param options? perigee.paper.row_store.Options How it is opened.
---@return table store Its methods are those of `row_store` below; `count` rows, and `skipped`, what is no row.
function row_store.open(path, options)
  local self = setmetatable({ path = path, rows = {}, count = 0, skipped = {} }, row_store)
  if options and options.fresh then return self end
  local file, why, code = io.open(path, "rb")
  if not file then
    if code ~= 2 then error(("cannot read %s: %s"):format(path, why), 2) end
    return self
  end
  local text
  text, why = file:read "a"
  file:close()
  if not text then error(("cannot read %s: %s"):format(path, why), 2) end
  local number = 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local row, reason = json.decode(line)
    if row and type(row.key) ~= "string" then row, reason = nil, "it has no key" end
    if row then
      self:remember(row)
    elseif line ~= "" then
      self.skipped[#self.skipped + 1] = ("%s:%d is no row and is skipped: %s"):format(path, number, reason)
    end
  end
  return self
end

--- Keeps a row in memory alone.
---@param row table With a string `key`.
function row_store:remember(row)
  if not self.rows[row.key] then self.count = self.count + 1 end
  self.rows[row.key] = row
end

--- The newest row with this key.
---@param key string Its key.
---@return table? row nil where it has to be made.
function row_store:find(key) return self.rows[key] end

--- Writes a row.
---@param row table With a string `key`; strings, finite numbers and booleans by name.
function row_store:append(row)
  folders.make_for(self.path)
  local line = json.encode(row) .. "\n"
  local function check(done, why)
    if not done then error(("cannot write %s: %s"):format(self.path, why:gsub("^.*: ", "")), 3) end
    return done
  end
  local file <close> = check(io.open(self.path, "a+b"))
  -- A line that broke off must not take this one with it.
  if file:seek "end" > 0 then
    file:seek("end", -1)
    if file:read(1) ~= "\n" then line = "\n" .. line end
    file:seek "end"
  end
  -- One write to the system: nobody ever sees half of it.
  check(file:setvbuf("full", #line + 1))
  check(file:write(line))
  check(file:flush())
  self:remember(row)
end

return row_store
