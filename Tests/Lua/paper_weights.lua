-- lua/perigee/paper/weight_history.lua: how weights were distributed while they were learned.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_weights.lua

local folders = require "perigee.folders"
local text_table = require "perigee.text_table"
local weight_history = require "perigee.paper.weight_history"
local workshop = require "support.workshop"

local expect = workshop.expect

-- Epochs of pretraining have no weights.

local epochs = { { epoch = 1 }, { epoch = 2 } }
for epoch = 3, 14 do
  local tenths = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
  tenths[epoch % 10 + 1] = 0.25
  tenths[10] = tenths[10] + 0.75
  epochs[epoch] = {
    epoch = epoch,
    weights = { mean = epoch / 16, deviation = epoch / 32, least = epoch / 64, most = epoch / 8, tenths = tenths },
  }
end
local lists = weight_history.lists(epochs)
expect(#lists.weight_epochs == 12 and lists.weight_epochs[1] == 3 and lists.weight_epochs[12] == 14, "epochs")
expect(#lists.weight_means == 12 and #lists.weight_deviations == 12 and #lists.weight_tenths == 120, "lengths")
local nothing = weight_history.lists { { epoch = 1 } }
expect(#nothing.weight_epochs == 0 and #nothing.weight_tenths == 0, "of epochs without weights")

-- What is printed

local root = os.tmpname()
os.remove(root)
local lab = { folder = root, tables = {} }
function lab:print_table(title, header, lines)
  self.tables[#self.tables + 1] = { title = title, header = header, lines = lines }
end

local function printed(rows)
  local kept, print_now = {}, print
  print = function(line) kept[#kept + 1] = tostring(line or "") end -- luacheck: ignore
  local fine, why = pcall(weight_history.print, lab, { name = "weights-set-mf", title = "set", rows = rows })
  print = print_now -- luacheck: ignore
  expect(fine, "printing", why)
  return kept
end

local function row(title, of) return { title = title, find = function(name) return of[name] end } end

local text = printed { row("TIL-UI", lists), row("old", {}), row("TIL-MI", nothing) }
local shown = lab.tables[1]
expect(#lab.tables == 1 and #shown.header == 16, "one table", #lab.tables)
local places = {}
for i, line in ipairs(shown.lines) do
  expect(line[1] == "TIL-UI" and #line == 16, "a line", table.concat(line, " "))
  places[i] = line[2]
end
expect(table.concat(places, " ") == "3 4 7 12 14", "epochs 1, 2, 5, 10 and the last of those with weights",
  table.concat(places, " "))
local last = shown.lines[5]
expect(last[3] == "0.875" and last[4] == "0.438" and last[5] == "0.219" and last[6] == "1.750" and last[11] == "25.0"
  and last[16] == "75.0", "the last line",
  table.concat(last, " "))
expect(text_table.format(shown.header, shown.lines):match "TIL%-UI", "as text")
expect(#text == 2 and text[2]:match "mean weight", "a chart", #text)
local tsv = workshop.read(root .. "/figures/weights-set-mf.tsv")
expect(tsv:match "^series\tepoch\tmean weight\nTIL%-UI\t3\t0.1875\n" and tsv:match "TIL%-UI\t14\t0.875\n$",
  "its data", tsv)

-- One epoch is its own first and last.
printed { row("TIL-UI", weight_history.lists { epochs[3] }) }
expect(#lab.tables == 2 and #lab.tables[2].lines == 1 and lab.tables[2].lines[1][2] == "3", "one epoch")

text = printed { row("old", {}), row("TIL-MI", nothing) }
expect(#text == 0 and #lab.tables == 2, "nothing of rows without weights", #text)
os.execute("rm -r " .. folders.quoted(root))
