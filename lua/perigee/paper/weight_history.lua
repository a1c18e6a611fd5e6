-- How the weights of triplets were distributed while they were learned, epoch by epoch.
--
--   local weight_history = require "perigee.paper.weight_history"
--   local lists = weight_history.lists(run.epochs)          -- to be kept with a row
--   weight_history.print(lab, {
--     name = "weights-gowalla-mf", title = "gowalla, MF: weights while they were learned",
--     rows = { { title = "TIL-UI", find = function(name) return lists[name] end } },
--   })

local figure = require "perigee.paper.figure"

---@class perigee.paper.weight_history.Row
---@field title string The method.
---@field find fun(name: string): number[]|nil One of the lists that `lists` made; nil where there is none.

---@class perigee.paper.weight_history.Shown
---@field name string Of the figure's files.
---@field title string What stands above.
---@field rows perigee.paper.weight_history.Row[] The methods.

local weight_history = {}

--- What is kept of a run's epochs.
---@param epochs table[] Reports of epochs; those with `weights` count.
---@return table<string, number[]> lists `weight_epochs`, `weight_means`, `weight_deviations`, `weight_least`,
--- `weight_most`, and `weight_tenths` with ten numbers for each epoch.
function weight_history.lists(epochs)
  local lists = {
    weight_epochs = {}, weight_means = {}, weight_deviations = {}, weight_least = {}, weight_most = {},
    weight_tenths = {},
  }
  for _, report in ipairs(epochs) do
    local weights = report.weights
    if weights then
      table.insert(lists.weight_epochs, report.epoch)
      table.insert(lists.weight_means, weights.mean)
      table.insert(lists.weight_deviations, weights.deviation)
      table.insert(lists.weight_least, weights.least)
      table.insert(lists.weight_most, weights.most)
      table.move(weights.tenths, 1, 10, #lists.weight_tenths + 1, lists.weight_tenths)
    end
  end
  return lists
end

--- Places in a list of so many that are worth a line: 1, 2, 5, 10, 20, 50, ... and the last.
local function places(count)
  local list, power = {}, 1
  while power <= count do
    for _, digit in ipairs { 1, 2, 5 } do
      if digit * power < count then list[#list + 1] = digit * power end
    end
    power = power * 10
  end
  if count > 0 then list[#list + 1] = count end
  return list
end

local function lines_of(row, epochs, lines)
  local means, tenths = row.find "weight_means", row.find "weight_tenths"
  local columns = { means, row.find "weight_deviations", row.find "weight_least", row.find "weight_most" }
  for _, place in ipairs(places(#epochs)) do
    local line = { row.title, ("%d"):format(epochs[place]) }
    for i, column in ipairs(columns) do line[i + 2] = ("%.3f"):format(column[place]) end
    for tenth = 1, 10 do line[#line + 1] = ("%.1f"):format(100 * tenths[10 * (place - 1) + tenth]) end
    lines[#lines + 1] = line
  end
  local points = {}
  for i, epoch in ipairs(epochs) do points[i] = { epoch, means[i] } end
  return { name = row.title, points = points }
end

--- Prints means, deviations, extremes and the percent in each tenth of 0 to 1 (those above are in the last), and shows
--- the means over the epochs; nothing where no row has weights.
---@param lab table As of `perigee.paper.begin`.
---@param shown perigee.paper.weight_history.Shown What is shown.
function weight_history.print(lab, shown)
  local header, lines, series = { "method", "epoch", "mean", "+-", "least", "most" }, {}, {}
  for tenth = 0, 9 do header[#header + 1] = ("%.1f-"):format(tenth / 10) end
  for _, row in ipairs(shown.rows) do
    local epochs = row.find "weight_epochs"
    if epochs and #epochs > 0 then series[#series + 1] = lines_of(row, epochs, lines) end
  end
  if #series == 0 then return end
  lab:print_table(shown.title .. ", percent of them in each tenth", header, lines)
  figure.show({ name = shown.name, title = shown.title, x = "epoch", y = "mean weight", series = series }, lab.folder)
end

return weight_history
