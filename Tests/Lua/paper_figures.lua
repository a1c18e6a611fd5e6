-- lua/perigee/paper/figure.lua: figures as text, as data and as pictures.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_figures.lua

local perigee = require "perigee"
local figure = require "perigee.paper.figure"
local folders = require "perigee.folders"
local workshop = require "support.workshop"

local expect = workshop.expect

local shown = {
  name = "set/part", title = "Title <1>", x = "epoch", y = "rate",
  series = {
    { name = "BPR", points = { { 0, 0 }, { 1, 1 }, { 2, 2 } } }, { name = "a & b", points = { { 0, 2 }, { 2, 2 } } },
  },
}
local chart = perigee.plot(shown.series, { title = shown.title, x = shown.x, y = shown.y })

-- Files

local root = os.tmpname()
os.remove(root)
local printed = {}
local print_now = print
print = function(line) printed[#printed + 1] = line or "" end -- luacheck: ignore
figure.show(shown, root)
figure.show(shown)
print = print_now -- luacheck: ignore
expect(#printed == 4 and tostring(printed[2]) == chart.text and tostring(printed[4]) == chart.text, "what is printed",
  #printed)
expect(chart.text:match "^Title <1>\nrate\n", "the text", chart.text)

local read = workshop.read
local tsv = read(root .. "/figures/set-part.tsv")
expect(tsv == "series\tepoch\trate\nBPR\t0\t0\nBPR\t1\t1\nBPR\t2\t2\na & b\t0\t2\na & b\t2\t2\n", "the data", tsv)
local svg = read(root .. "/figures/set-part.svg")
expect(svg == chart.svg, "the picture in the file")
expect(select(2, svg:gsub("<title>", "")) == 7, "a line and its points for each series", svg)
expect(svg:find("a &amp; b", 1, true) and svg:find("Title &lt;1&gt;", 1, true) and svg:match "</svg>\n$", "text", svg)
os.execute("rm -r " .. folders.quoted(root))
