-- lua/perigee/paper/{figure,chart_scale,text_chart,svg_chart}.lua: figures as text, as data and as pictures.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_figures.lua

local chart_scale = require "perigee.paper.chart_scale"
local figure = require "perigee.paper.figure"
local folders = require "perigee.folders"
local svg_chart = require "perigee.paper.svg_chart"
local text_chart = require "perigee.paper.text_chart"

local function expect(condition, what, ...)
  if not condition then
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    error(what .. ": " .. table.concat(words, " | "), 2)
  end
end

-- Scales

local function series(...) return { { name = "one", points = { ... } } } end
local x, y = chart_scale.of_series(series({ 1, -2 }, { 4, 6 }))
expect(x.low == 1 and x.high == 4 and y.low == -2 and y.high == 6, "ranges")
x, y = chart_scale.of_series(series { 3, 7 })
expect(x.low == 2.5 and x.high == 3.5 and y.low == 6.5 and y.high == 7.5, "one point has a range around it")
x = chart_scale.of_series {}
expect(x.low == 0 and x.high == 1, "no points")

local function ticks(low, high, count)
  local texts = {}
  for i, tick in ipairs(chart_scale.ticks({ low = low, high = high }, count)) do texts[i] = chart_scale.label(tick) end
  return table.concat(texts, " ")
end
expect(ticks(0, 1, 5) == "0 0.2 0.4 0.6 0.8 1", "ticks", ticks(0, 1, 5))
expect(ticks(-5, 5, 6) == "-4 -2 0 2 4", "ticks around 0", ticks(-5, 5, 6))
expect(ticks(0.13, 0.48, 5) == "0.2 0.3 0.4", "ticks within", ticks(0.13, 0.48, 5))
expect(ticks(0, 97000, 5) == "0 2e+04 4e+04 6e+04 8e+04", "large ones", ticks(0, 97000, 5))

-- Text

local shown = {
  name = "set/part", title = "Title <1>", x = "epoch", y = "rate",
  series = {
    { name = "BPR", points = { { 0, 0 }, { 1, 1 }, { 2, 2 } } }, { name = "a & b", points = { { 0, 2 }, { 2, 2 } } },
  },
}
local text = text_chart(shown, { width = 5, height = 3 })
expect(text == "rate\n2 |B   B\n  |  A\n0 |A\n  +-----\n   0   2  epoch\n   A BPR   B a & b", "the text chart", text)
expect(text_chart { x = "x", y = "y", series = {} }:find("0 |\n", 1, true), "nothing to show")

-- Histograms

local points = figure.histogram({ 0, 0.1, 0.99, 1, 5, -3 }, 0, 1, 2)
expect(#points == 2 and points[1][1] == 0.25 and points[1][2] == 3 and points[2][1] == 0.75 and points[2][2] == 3,
  "values on the edges and without")
points = figure.histogram({ 2, 2 }, 2, 2, 3)
expect(points[1][2] == 2 and points[3][2] == 0, "a range without extent")

-- Files

local root = os.tmpname()
os.remove(root)
local printed = {}
local print_now = print
print = function(line) printed[#printed + 1] = line or "" end -- luacheck: ignore
figure.show(shown, root)
figure.show(shown)
print = print_now -- luacheck: ignore
expect(#printed == 6 and printed[2] == "Title <1>" and printed[3] == text_chart(shown), "what is printed", #printed)

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end
local tsv = read(root .. "/figures/set-part.tsv")
expect(tsv == "series\tepoch\trate\nBPR\t0\t0\nBPR\t1\t1\nBPR\t2\t2\na & b\t0\t2\na & b\t2\t2\n", "the data", tsv)
local svg = read(root .. "/figures/set-part.svg")
expect(svg == svg_chart(shown), "the picture in the file")
expect(select(2, svg:gsub("<polyline ", "")) == 2 and select(2, svg:gsub("<circle ", "")) == 5, "lines and points", svg)
expect(svg:find("a &amp; b", 1, true) and svg:find("Title &lt;1&gt;", 1, true) and svg:match "</svg>\n$", "text", svg)
-- The first point stands in the lower left corner, the last one in the upper right.
expect(svg:find('points="64.0,316.0 304.0,176.0 544.0,36.0"', 1, true), "where points stand", svg)
os.execute("rm -r " .. folders.quoted(root))
