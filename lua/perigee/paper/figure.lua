-- A figure of a paper: printed as text, and kept as data and as a picture beside the rows.
--
--   local figure = require "perigee.paper.figure"
--   figure.show({
--     name = "figure8-lastfm", title = "lastfm, Figure 8", x = "epoch", y = "corrupted rate",
--     series = { { name = "BPR", points = { { 1, 0.4 }, { 2, 0.3 } } } },
--   }, folder)                                -- folder/figures/figure8-lastfm.tsv and .svg; without a folder no file

local perigee = require "perigee"
local folders = require "perigee.folders"

---@class perigee.paper.Figure
---@field name? string Of its files.
---@field title? string What stands above it.
---@field x string What the axis of x is.
---@field y string What the axis of y is.
---@field series table[] Tables with a `name` and `points`, pairs of x and y.

local figure = {}

--- A line for each point, with tabs between the series' name and the two numbers, below a line of titles.
---@param shown perigee.paper.Figure The figure.
---@return string text The lines.
function figure.tsv(shown)
  local lines = { ("series\t%s\t%s"):format(shown.x, shown.y) }
  for _, one in ipairs(shown.series) do
    for _, point in ipairs(one.points) do
      lines[#lines + 1] = ("%s\t%.9g\t%.9g"):format(one.name, point[1], point[2])
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function write(path, text)
  folders.make_for(path)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

--- Prints a figure, and writes it into a folder's `figures` where there is one.
---@param shown perigee.paper.Figure The figure, with its name.
---@param folder? string The folder; without one no file is written.
function figure.show(shown, folder)
  local chart = perigee.plot(shown.series, { title = shown.title, x = shown.x, y = shown.y })
  print()
  print(chart)
  if not folder then return end
  local path = ("%s/figures/%s"):format(folder, (shown.name:gsub("/", "-")))
  write(path .. ".tsv", figure.tsv(shown))
  write(path .. ".svg", chart.svg)
end

return figure
