-- A number for each user of each row, kept beside the rows: rows of different days can be compared user by user. Any
-- other list of numbers, such as a curve of a figure, is kept as well.
--
--   local values = require("perigee.paper.user_values").open "results/pris/users"
--   values:keep(key, evaluation.per_user["ndcg@50"])
--   local list = values:find(key)                        -- nil where there is none
--
-- One file of 32-bit numbers for each key; without a folder they stay in memory.

local perigee = require "perigee"
local folders = require "perigee.folders"
local text_hash = require "perigee.text_hash"

local user_values = {}
user_values.__index = user_values

--- Opens what is kept.
---@param folder? string Of the files.
---@return table values Its methods are those of `user_values` below.
function user_values.open(folder) return setmetatable({ folder = folder, known = {} }, user_values) end

local function path_of(self, key) return ("%s/%s.npy"):format(self.folder, text_hash(key)) end

--- Keeps a list of numbers; those of users in the order of the split's.
---@param key string Of the row.
---@param list number[] The numbers.
function user_values:keep(key, list)
  local tensor = perigee.tensor(list)
  self.known[key] = tensor
  if not self.folder then return end
  local path = path_of(self, key)
  folders.make_for(path)
  tensor:write_npy(path)
end

--- The list of a key, each number as near as 32 bits come.
---@param key string Of the row.
---@return number[]? list nil where none was kept.
function user_values:find(key)
  local tensor = self.known[key]
  if not tensor and self.folder then
    local file = io.open(path_of(self, key), "rb")
    if not file then return nil end
    file:close()
    tensor = perigee.read_npy(path_of(self, key))
    self.known[key] = tensor
  end
  return tensor and tensor:totable()
end

return user_values
