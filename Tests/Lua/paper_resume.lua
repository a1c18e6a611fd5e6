-- A paper's script with --all goes on where it was killed: no row is lost but the one under way, none is run twice.
-- Run from the repository's root by scripts/test, after the build.

local program = os.getenv "PERIGEE_PROGRAM" or ".build/release/perigee"
local json = require "perigee.json"

local function expect(condition, what, output) if not condition then error(what .. "\n" .. (output or ""), 2) end end

local function shell(command)
  local pipe = assert(io.popen("( " .. command .. ' ) 2>&1; printf "\\n%d" $?'))
  local output, code = pipe:read "a":match "^(.*)\n(%d+)$"
  pipe:close()
  return output, math.tointeger(code)
end

local function rows_of(folder)
  local rows, count = {}, 0
  local file = io.open(folder .. "/rows.jsonl")
  for line in file and file:lines() or function() end do
    local row = assert(json.decode(line))
    expect(not rows[row.key], "a row was run twice", line)
    rows[row.key] = row
    count = count + 1
  end
  if file then file:close() end
  return rows, count
end

--- Rows of all tables, without what depends on the clock.
local function results(output)
  local lines = {}
  for line in output:gmatch "[^\n]+" do
    local row = line:match "^(%l+ +%l+ +%l+ +%d+ +%d+ +[%d.]+ .-) +[%d.]+ +[%d.]+$"
    if row then lines[#lines + 1] = row end
  end
  return table.concat(lines, "\n"), #lines
end

local function trained(output) return select(2, output:gsub("epoch 1 %(1/2%)", "")) end

local root = os.tmpname()
os.remove(root)

for _, script in ipairs { "lua/papers/mml.lua" } do
  local whole, resumed = root .. "/whole", root .. "/resumed"
  local command = ("%s run %s --quick --all --out "):format(program, script)
  local output, code = shell(command .. whole)
  expect(code == 0, script .. " --all failed", output)
  local wanted, lines = results(output)
  local rows, count = rows_of(whole)
  expect(count == trained(output) and lines > count, "rows that several tables show are run once", output)

  -- Killed without a warning as soon as three rows are there.
  shell(([[
    %s%s >/dev/null 2>&1 & pid=$!
    tries=0
    while [ "$(cat %s/rows.jsonl 2>/dev/null | wc -l)" -lt 3 ] && [ $tries -lt 1200 ]; do
      sleep 0.02; tries=$((tries + 1))
    done
    kill -9 $pid; wait $pid 2>/dev/null]]):format(command, resumed, resumed))
  local _, before = rows_of(resumed)
  expect(before >= 3 and before < count, ("killed after %d rows of %d"):format(before, count))
  local half = assert(io.open(resumed .. "/rows.jsonl", "a"))
  half:write '{"key":"half a li'
  half:close()

  output, code = shell(command .. resumed)
  expect(code == 0, "the second run failed", output)
  local report = ("rows.jsonl:%d is no row and is skipped"):format(before + 1)
  expect(output:find(report, 1, true), "half a line is reported", output)
  expect(trained(output) == count - before, "rows that were there were run again", output)
  expect(results(output) == wanted, "the resumed run has other numbers", output)

  -- Once all is there nothing is trained, until another setting or --fresh asks for it.
  output = shell(command .. resumed)
  expect(trained(output) == 0 and results(output) == wanted, "a finished run trains again", output)
  output = shell(command .. resumed .. " --seed 5")
  expect(trained(output) == count, "rows of another seed were taken", output)
  output = shell(command .. whole .. " --fresh")
  expect(trained(output) == count and results(output) == wanted, "--fresh", output)
  for key, row in pairs(rows) do expect(key:find("loss=" .. row.loss, 1, true), "the key names the loss", key) end

  output, code = shell(command .. whole .. " --loss ccl")
  expect(code == 2 and output:find("all rows of the paper; leave out --loss", 1, true), "--all --loss", output)
end
shell("rm -r " .. root)
