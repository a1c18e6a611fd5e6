-- The guide's chapters: the Lua of each runs from top to bottom and prints what stands below it. Digits may differ, as
-- sums do in their last place on another processor; all else may not.
-- Run from the repository's root by scripts/test, after the build.

local workshop = require "support.workshop"

local program = workshop.program
local folder = "docs/guide/"

--- The fenced blocks of a chapter, of Lua and of text, each joined.
local function parts(path)
  local lua, text, into = {}, {}, nil
  for line in io.lines(path) do
    if line == "```lua" then
      into = lua
    elseif line == "```text" then
      into = text
    elseif line:find "^```" then
      into = nil
    elseif into then
      into[#into + 1] = line
    end
  end
  return lua, text
end

local function masked(line) return (line:gsub("%d+", "#"):gsub("%s+$", "")) end

local function run(lines)
  local script = os.tmpname()
  local file <close> = assert(io.open(script, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  local pipe = assert(io.popen(("PERIGEE_STORE= '%s' run '%s' 2>&1"):format(program, script)))
  local printed = {}
  for line in pipe:lines() do printed[#printed + 1] = line end
  local ok = pipe:close()
  os.remove(script)
  return ok, printed
end

local chapters = {
  "1-install", "2-first-experiment", "3-your-own-loss", "4-your-own-sampler", "5-your-own-model",
  "6-reproduce-a-paper", "7-search-for-settings",
}
local contents = assert(io.open(folder .. "README.md")):read "a"
for _, chapter in ipairs(chapters) do
  local lua, text = parts(folder .. chapter .. ".md")
  assert(contents:find(chapter .. ".md", 1, true), "the guide's README does not name " .. chapter)
  assert(#lua > 2 and #text > 0, chapter .. " has nothing to run")
  local ok, printed = run(lua)
  local wanted = {}
  for i, line in ipairs(text) do wanted[i] = masked(line) end
  local found = {}
  for i, line in ipairs(printed) do found[i] = masked(line) end
  assert(ok and table.concat(found, "\n") == table.concat(wanted, "\n"),
    ("%s printed\n%s\nand should\n%s"):format(chapter, table.concat(printed, "\n"), table.concat(text, "\n")))
end
print "the guide's chapters run"
