-- Training of one row of a table after another, each of which goes on where it was stopped.
--
--   local training = require("perigee.paper.row_training").new { folder = "results/mml/checkpoints" }
--   local run, trainer = training:run(key, make_trainer, { epochs = 100, evaluate = ... })
--   training:finish()
--
-- Without a folder there are no checkpoints, and a row that was stopped begins anew. A row's checkpoint goes with the
-- next row's beginning, and not before: one that is the same but for more epochs goes on from it.

local folders = require "perigee.folders"
local merged = require "perigee.merged"
local text_hash = require "perigee.text_hash"

local row_training = {}
row_training.__index = row_training

--- Removes a checkpoint, and the one before it.
local function remove(path)
  os.remove(path)
  os.remove(path .. ".previous")
end

---@class perigee.paper.row_training.Options
---@field folder? string Of the checkpoints.
---@field fresh? boolean Those that are there already do not count.

--- Training of rows, one after another.
---@param options perigee.paper.row_training.Options Where checkpoints are.
---@return table training Its methods are those of `row_training` below.
function row_training.new(options)
  return setmetatable({ folder = options.folder, fresh = options.fresh, begun = {} }, row_training)
end

--- The checkpoint of a key; that of another row, which came before, goes.
---@param key string The row's key.
---@return string? path nil without a folder.
function row_training:checkpoint(key)
  if not self.folder then return nil end
  local path = ("%s/%s.checkpoint"):format(self.folder, text_hash(key))
  if self.last and self.last ~= path then remove(self.last) end
  self.last = path
  return path
end

--- Trains what `make()` gives by `trainer:run`, from the checkpoint on where there is one.
---@param key string All that decides the run but for its epochs, as text.
---@param make fun(): Trainer, table? A trainer, and options of its run if it needs some.
---@param options table Options of `trainer:run`.
---@return table run `run.ended` may be "interrupted": such a row is none, and its checkpoint stays.
---@return Trainer trainer What was trained.
function row_training:run(key, make, options)
  local path = self:checkpoint(key)
  if path then
    folders.make_for(path)
    if self.fresh and not self.begun[path] then remove(path) end
    self.begun[path] = true
  end
  -- Of the tables of the row before, which are native memory, the collector knows too little to be in a hurry.
  collectgarbage()
  local trainer, more = make()
  return trainer:run(merged(options, more, { checkpoint = path })), trainer
end

--- To be called when no row is left: the last checkpoint goes, and the folder where nothing else is in it.
function row_training:finish()
  if not self.last then return end
  remove(self.last)
  os.remove(self.folder)
end

return row_training
