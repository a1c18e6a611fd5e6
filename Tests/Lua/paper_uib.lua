-- lua/papers/uib.lua: its figures as files, rows that figures and the table share, and wrong input.
-- Run from the repository's root by scripts/test, after the build.

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program

local expect = workshop.expect

--- Output (both streams), and exit code.
local function run(arguments)
  local pipe = assert(io.popen(("%s run lua/papers/uib.lua --quick %s 2>&1"):format(program, arguments)))
  local output = pipe:read "a"
  local _, _, code = pipe:close()
  return output, code
end

local read = workshop.read

local root = os.tmpname()
os.remove(root)

local function rows()
  if not read(root .. "/runs.sqlite") then return 0 end
  return #perigee.runs.open { path = root .. "/runs.sqlite" }:list { where = "key ~ {" }
end

-- Series of each figure, and how many rows it trains that were not there before.
local figures = {
  { 5, { [""] = 1 }, 1 }, { 6, { [""] = 3 }, 0 }, { 8, { [""] = 4 }, 2 },
  { 9, { ["-quality"] = 4, ["-boundary"] = 2, ["-positive"] = 2, ["-negative"] = 2 }, 2 },
}
for _, wanted in ipairs(figures) do
  local number, parts, made = table.unpack(wanted)
  local before = rows()
  local output, code = run(("--figure %d --out %s"):format(number, root))
  expect(code == 0 and output:find(("synthetic, Figure %d"):format(number), 1, true), "a figure", output)
  expect(rows() - before == made, ("figure %d made %d rows"):format(number, rows() - before), output)
  for part, count in pairs(parts) do
    local path = ("%s/figures/figure%d-synthetic%s"):format(root, number, part)
    local names, series = {}, 0
    for line in (read(path .. ".tsv") or ""):gmatch "[^\n]+" do
      local name = line:match "^([^\t]+)\t[-%d]"
      if name and not names[name] then names[name], series = true, series + 1 end
    end
    expect(series == count, ("%s has %d series"):format(path, series), output)
    -- A line, and one of the legend.
    expect(select(2, (read(path .. ".svg") or ""):gsub("<path", "")) == 2 * count, "the picture", output)
  end
end
local quality = {}
for line in io.lines(root .. "/figures/figure6-synthetic.tsv") do
  local name, offset, value = line:match "^(%S+)\t([-%d]+)\t(%S+)$"
  if name then
    quality[name] = quality[name] or {}
    quality[name][tonumber(offset)] = tonumber(value)
  end
end
expect(quality.recall[-5] > quality.recall[5], "a lower boundary lets more pass")

-- The table takes the rows of the figures, p where a row and its base are there, and rows beyond the table by name.
local before = rows()
local output, code = run("--rows bpr_uib,bpr --out " .. root)
expect(code == 0 and rows() == before, "rows of a figure are those of the table", output)
expect(output:find "\nBPR%s" and output:find "\nBPR%+UIB .*%d%s+%d+%.%d%s" and not output:find "\nNCF", "rows", output)
expect(output:find "what the boundary changes\n.*\nBPR .*\nmean ", "what the boundary changes", output)
output, code = run "--rows mlp --epochs 1"
expect(code == 0 and output:find "\nMLP " and not output:find "what the boundary changes", "a row by name", output)

os.execute(("rm -r '%s'"):format(root))

for arguments, message in pairs {
  ["--table 3"] = "uib.lua: no table 3; want 4", ["--figure 4"] = "uib.lua: no figure 4; want 5, 6, 7, 8 or 9",
  ["--rows bpr,tower"] = "uib.lua: unknown row 'tower'; want some of bpr,bpr_uib,ncf,ncf_uib,sml,sml_uib,",
} do
  output, code = run(arguments)
  expect(code == 2 and output:find(message, 1, true), arguments, output)
end
