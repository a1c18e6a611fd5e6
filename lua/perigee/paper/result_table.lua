-- A table of rows with several seeds, the published numbers beside ours.

local paper = require "perigee.paper"
local text_table = require "perigee.text_table"

---@class perigee.paper.ResultRow
---@field title string The method.
---@field summary table As `perigee.paper.seeds` makes it.
---@field published? table The paper's numbers by metric.
---@field p? number Of the test against a baseline.
---@field value? any What stands in a column of its own.

local result_table = {}

local function header(metrics, column)
  local names = { "method", "seeds", "epochs" }
  if column then table.insert(names, 2, column) end
  for _, metric in ipairs(metrics) do
    for _, name in ipairs { metric[2], "+-", "paper", "difference" } do names[#names + 1] = name end
  end
  for _, name in ipairs { "p", "minutes", "s/epoch" } do names[#names + 1] = name end
  return names
end

--- Cells from left to right; nil for what a row does not have. `count` is how many there are.
local function add(cells, value)
  cells.count = cells.count + 1
  cells[cells.count] = value
end

local function cells_of(row, metrics, column)
  local s, theirs, number = row.summary, row.published or {}, paper.number
  local cells = { count = 0 }
  add(cells, row.title)
  if column then add(cells, row.value) end
  add(cells, s.count)
  add(cells, number("%.0f", s.best_epoch))
  for _, metric in ipairs(metrics) do
    local name = metric[1]
    add(cells, number("%.4f", s[name], s))
    add(cells, number("%.4f", s.deviation[name]))
    add(cells, number("%.4f", theirs[name]))
    add(cells, text_table.difference(s[name], theirs[name]))
  end
  add(cells, paper.p_value(row.p))
  add(cells, s.seconds and ("%.1f"):format(s.seconds / 60))
  add(cells, s.seconds and ("%.2f"):format(s.seconds / math.max(1, s.epochs_run)))
  return cells
end

--- Prints a table.
---@param lab table As of `perigee.paper.begin`.
---@param title? string What stands above it.
---@param rows perigee.paper.ResultRow[] The rows.
---@param metrics table[] Pairs of a name in summaries, and the column's title.
---@param column? string The title of `value`, where rows have one.
function result_table.print(lab, title, rows, metrics, column)
  local lines = {}
  for i, row in ipairs(rows) do lines[i] = cells_of(row, metrics, column) end
  lab:print_table(title, header(metrics, column), lines)
end

return result_table
