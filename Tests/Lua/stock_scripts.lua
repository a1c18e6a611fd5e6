-- Every stock script and example runs in its quick mode, prints a table, and refuses wrong input with exit code 2.
-- Run from the repository's root by scripts/test, after the build.

local workshop = require "support.workshop"

local program = workshop.program

--- Output (both streams), and exit code.
local function run(command, environment)
  local pipe = assert(io.popen(("%s %s run %s 2>&1"):format(environment or "", program, command)))
  local output = pipe:read "a"
  local _, _, code = pipe:close()
  return output, code
end

local expect = workshop.expect

local function files(pattern)
  local list = {}
  for path in io.popen("ls " .. pattern):lines() do list[#list + 1] = path end
  return list
end

--- The table without the columns of time.
local function results(output)
  local rows = {}
  for line in output:gmatch "[^\n]+" do
    local row = line:match "^(%S.*[%d-]) +[%d.]+ +[%d.]+$"
    if row then rows[#rows + 1] = row end
  end
  return rows
end

for _, script in ipairs(files "lua/papers/*.lua") do
  local output, code = run(script .. " --quick", "PERIGEE_THREADS=1")
  expect(code == 0, script .. " --quick failed", output)
  local one = results(output)
  expect(#one > 0, script .. " --quick printed no table", output)
  local two = results((run(script .. " --quick", "PERIGEE_THREADS=2")))
  expect(table.concat(one, "\n") == table.concat(two, "\n"), script .. " differs at two threads", output)

  output, code = run(script .. " --help")
  expect(code == 0 and output:find("--dataset", 1, true), script .. " --help", output)
  output, code = run(script .. " --epoch 3")
  expect(code == 2 and output:find("did you mean '--epochs'?", 1, true), script .. " --epoch 3", output)
  output, code = run(script .. " --epochs many")
  expect(code == 2 and output:find("--epochs wants a whole number, got 'many'", 1, true), script, output)
  output, code = run(script .. " --dataset no-such-set")
  expect(code == 1 and output:find("no data set", 1, true), script .. " --dataset no-such-set", output)
end

for _, script in ipairs(files "lua/examples/*.lua") do
  local output, code = run(script)
  expect(code == 0, script .. " failed", output)
end
