-- Grids on validation: every point of each method's, and which is best.
--
--   local tuning = require "perigee.paper.tuning"
--   tuning.print(lab, "gowalla, tuned on validation", "ndcg@50", {
--     { title = "BPR", grid = { rate = { 0.1, 1 } }, outcome = function(point) ... end },
--   })
--
-- What a row says of test is kept with it, and decides nothing.

local grid = require "perigee.paper.grid"
local paper = require "perigee.paper"
local row_store = require "perigee.paper.row_store"

---@class perigee.paper.tuning.Method
---@field title string What the table calls it.
---@field grid table<string, table> Values of each setting, as of `perigee.paper.grid`.
---@field outcome fun(point: table): table The row with the settings of a point: `valid`, `best_epoch` and `seconds`.

local tuning = {}

--- Prints all points of all grids, and which of each is the best.
---@param lab table As of `perigee.paper.begin`.
---@param title? string What stands above the table.
---@param metric string What the column of `valid` is called.
---@param methods perigee.paper.tuning.Method[] The methods.
function tuning.print(lab, title, metric, methods)
  local lines = {}
  for _, method in ipairs(methods) do
    local best
    for _, point in ipairs(grid(method.grid)) do
      local result = method.outcome(point)
      local line = {
        method.title, row_store.key(point), result.best_epoch, paper.number("%.4f", result.valid, result), "",
        result.seconds and ("%.1f"):format(result.seconds / 60),
      }
      lines[#lines + 1] = line
      if result.valid and (not best or result.valid > best.valid) then best = { valid = result.valid, line = line } end
    end
    if best then best.line[5] = "best" end
  end
  lab:print_table(title, { "method", "settings", "epochs", metric, "", "minutes" }, lines)
end

return tuning
