-- Training of one row of a table after another, each of which goes on where it was stopped, or where a row ended that
-- is the same but for fewer epochs.
--
--   local training = require("perigee.paper.row_training").new { folder = "results/mml/checkpoints" }
--   local run, trainer = training:run(key, make_trainer, { epochs = 100, evaluate = ... })
--   training:finish()
--
-- Without a folder there are no checkpoints, and a row that was stopped begins anew. A row's checkpoint goes when
-- another row begins that does not go on from it; with `keeps` it stays.

local folders = require "perigee.folders"
local merged = require "perigee.merged"
local text_hash = require "perigee.text_hash"

local row_training = {}
row_training.__index = row_training

-- What a checkpoint's file is called while there is a newer one.
local function previous(path) return path .. ".previous" end

--- Removes a checkpoint, and the one before it.
local function remove(path)
  os.remove(path)
  os.remove(previous(path))
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

---@class perigee.paper.row_training.Options
---@field folder? string Of the checkpoints.
---@field fresh? boolean Those that are there already do not count.
---@field keeps? boolean A row's checkpoint stays when it has ended.

--- Training of rows, one after another.
---@param options perigee.paper.row_training.Options Where checkpoints are.
---@return table training Its methods are those of `row_training` below.
function row_training.new(options)
  return setmetatable({
    folder = options.folder, fresh = options.fresh, keeps = options.keeps, begun = {},
  }, row_training)
end

local function path_of(self, key, epochs)
  return ("%s/%s-%d.checkpoint"):format(self.folder, text_hash(key), epochs)
end

--- Makes the checkpoint of the row with the next fewer epochs, if there is one, that of this row.
---
--- After its last epoch a run is evaluated whatever its period is: a run that goes on has to have that evaluation too.
local function take_over(self, path, key, options)
  local every, most = options.evaluate and options.evaluate.every or 1, 0
  for _, name in ipairs(folders.list(self.folder)) do
    local hash, epochs = name:match "^(%x+)%-(%d+)%.checkpoint$"
    epochs = math.tointeger(epochs)
    if hash == text_hash(key) and epochs < options.epochs and epochs % every == 0
      and (not self.fresh or self.begun[path_of(self, key, epochs)]) then
      most = math.max(most, epochs)
    end
  end
  if most == 0 then return end
  local shorter = path_of(self, key, most)
  os.remove(previous(shorter))
  assert(os.rename(shorter, path))
end

--- The checkpoint of a row; that of another one, which came before, goes.
local function checkpoint(self, key, options)
  if not self.folder then return nil end
  local path = path_of(self, key, options.epochs)
  folders.make_for(path)
  if self.fresh and not self.begun[path] then remove(path) end
  if not exists(path) and not exists(previous(path)) then take_over(self, path, key, options) end
  if self.last and self.last ~= path and not self.keeps then remove(self.last) end
  self.last, self.begun[path] = path, true
  return path
end

--- Trains what `make()` gives by `trainer:run`, from the checkpoint on where there is one.
---@param key string All that decides the run but for its epochs, as text.
---@param make fun(): Trainer, table? A trainer, and options of its run if it needs some.
---@param options table Options of `trainer:run`.
---@return table run `run.ended` may be "interrupted": such a row is none, and its checkpoint stays.
---@return Trainer trainer What was trained.
function row_training:run(key, make, options)
  local path = checkpoint(self, key, options)
  -- Of the tables of the row before, which are native memory, the collector knows too little to be in a hurry.
  collectgarbage()
  local trainer, more = make()
  local run = trainer:run(merged(options, more, { checkpoint = path }))
  if path and run.ended ~= "interrupted" then os.remove(previous(path)) end
  return run, trainer
end

--- To be called when no row is left: the last checkpoint goes, and the folder where nothing else is in it.
function row_training:finish()
  if not self.last or self.keeps then return end
  remove(self.last)
  os.remove(self.folder)
end

return row_training
