-- A paper's script with --all goes on where it was killed: no row is lost, none is run twice, and the row under way
-- goes on from its checkpoint. With --keep it goes on from where it ended with fewer epochs.
-- Run from the repository's root by scripts/test, after the build.

local perigee = require "perigee"
local folders = require "perigee.folders"
local workshop = require "support.workshop"

local program = workshop.program

local expect = workshop.expect

local shell = workshop.shell

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

--- Records of finished rows: those of runs with a key.
local function records_of(folder)
  local records = {}
  if not exists(folder .. "/runs.sqlite") then return records end
  for _, run in ipairs(perigee.runs.open { path = folder .. "/runs.sqlite" }:list {}) do
    if run.key then records[#records + 1] = run end
  end
  return records
end

local function rows_of(folder)
  local rows, records = {}, records_of(folder)
  for _, run in ipairs(records) do
    expect(not rows[run.key], "a row was run twice", run.key)
    rows[run.key] = run
  end
  return rows, #records
end

--- Rows of all tables, without what depends on the clock.
local function results(output)
  local lines = {}
  for line in output:gmatch "[^\n]+" do
    local row = line:match "^(%S.*[%d-]) +[%d.]+ +[%d.]+$"
    if row then lines[#lines + 1] = row end
  end
  return table.concat(lines, "\n"), #lines
end

local root = os.tmpname()
os.remove(root)

-- arguments: beside --quick --all; refused: what cannot be; row: arguments of a single row; named: what a row's key
-- has, as its record does; seedless: rows that no seed decides.
local scripts = {
  {
    path = "lua/papers/mml.lua", arguments = "", refused = "--loss ccl", row = "--loss ccl", named = "loss",
    seedless = 0,
  },
  {
    path = "lua/papers/pris.lua", arguments = "--seeds 1", refused = "--table 2", row = "--table 3 --rows U",
    named = "method", seedless = 1,
  },
  {
    path = "lua/papers/uib.lua", arguments = "--seeds 1", refused = "--figure 8", row = "--table 4 --rows lightgcn",
    named = "method", seedless = 0,
  },
}

for number, script in ipairs(scripts) do
  local whole, resumed, stopped = root .. "/whole" .. number, root .. "/resumed" .. number, root .. "/stopped" .. number
  local command = ("%s run %s --quick --all %s --out "):format(program, script.path, script.arguments)

  --- Output of the script, its exit code, and how many rows it wrote.
  local function run(folder, more)
    local before = #records_of(folder)
    local output, code = shell(command .. folder .. (more or ""))
    return output, code, #records_of(folder) - before
  end

  local output, code = run(whole)
  expect(code == 0, script.path .. " --all failed", output)
  local wanted, lines = results(output)
  local rows, count = rows_of(whole)
  expect(lines >= 7, "the tables have rows", output)
  expect(not exists(whole .. "/checkpoints"), "checkpoints are left over", output)

  -- Killed without a warning as soon as three rows are there.
  shell(([[
    %s%s >/dev/null 2>&1 & pid=$!
    tries=0
    while [ "$(%s runs list --store %s/runs.sqlite --where 'key ~ {' --json 2>/dev/null | wc -l)" -lt 3 ] &&
      [ $tries -lt 600 ]; do
      tries=$((tries + 1))
    done
    kill -9 $pid; wait $pid 2>/dev/null]]):format(command, resumed, program, resumed))
  local _, before = rows_of(resumed)
  expect(before >= 3 and before < count, ("killed after %d rows of %d"):format(before, count))

  local made
  output, code, made = run(resumed)
  expect(code == 0, "the second run failed", output)
  expect(made == count - before and select(2, rows_of(resumed)) == count, "rows that were there were run again", output)
  expect(results(output) == wanted, "the resumed run has other numbers", output)

  -- Once all is there nothing is trained, until another setting or --fresh asks for it.
  output, _, made = run(resumed)
  expect(made == 0 and results(output) == wanted, "a finished run trains again", output)
  output, _, made = run(resumed, " --seed 5")
  expect(made == count - script.seedless, "rows of another seed were taken", output)
  output, _, made = run(whole, " --fresh")
  expect(made == count and results(output) == wanted, "--fresh", output)
  for key, row in pairs(rows) do
    local record = perigee.runs.open { path = whole .. "/runs.sqlite" }:kept(row.id, "row")
    local named = record:match('"' .. script.named .. '":"([^"]+)"')
    expect(key:find(script.named .. "=" .. named, 1, true), "the key names the " .. script.named, key)
  end

  output, code = run(whole, " " .. script.refused)
  local refusal = "all rows of the paper; leave out " .. script.refused:match "%S+"
  expect(code == 2 and output:find(refusal, 1, true), "--all " .. script.refused, output)

  -- Ctrl-C within a row: it is no row, and goes on in the middle of its training.
  local row = ("%s run %s --quick %s --epochs 30 --out "):format(program, script.path, script.row)
  output, code = shell(([[
    %s%s 2>%s.notes & pid=$!
    tries=0
    while ! grep -qs '^epoch 3 ' %s.notes && [ $tries -lt 6000 ]; do sleep 0.02; tries=$((tries + 1)); done
    kill -INT $pid; wait $pid]]):format(row, stopped, stopped, stopped))
  expect(code == 130 and #records_of(stopped) == 0, "Ctrl-C in a row", output)
  local left = shell("ls " .. stopped .. "/checkpoints/*.checkpoint")
  expect(select(2, left:gsub("%.checkpoint", "")) == 1, "the row's checkpoint stays", left)
  output, code = shell(row .. stopped)
  expect(code == 0 and output:find("going on from", 1, true), "the row goes on", output)
  expect(not output:find("epoch 2 (2/30)", 1, true), "epochs are trained again", output)
  expect(not exists(stopped .. "/checkpoints"), "the checkpoint of a finished row", output)
  expect(results(output) == results((shell(row .. whole))), "a row that was stopped has other numbers", output)
end

-- --keep: a row with more epochs goes on from one that has ended, and has the numbers of one that had them at once.

table.insert(scripts, { path = "lua/papers/til.lua", row = "--rows til_mi" })
for number, script in ipairs(scripts) do
  local kept, whole = root .. "/kept" .. number, root .. "/at_once" .. number
  local command = ("%s run %s --quick %s --out "):format(program, script.path, script.row)
  local output, code = shell(command .. kept .. " --epochs 10 --keep")
  expect(code == 0 and #folders.list(kept .. "/checkpoints") == 1, script.path .. " --keep", output)
  output, code = shell(command .. kept .. " --epochs 15 --keep")
  expect(code == 0 and output:find("epoch 10, ", 1, true) and output:find("epoch 15 (15/15)", 1, true)
    and not output:find("epoch 10 (10/15)", 1, true), script.path .. " goes on behind its last epoch", output)
  expect(#records_of(kept) == 2, "the row of fewer epochs stays", output)
  local wanted, lines = results((shell(command .. whole .. " --epochs 15")))
  expect(lines > 0 and results(output) == wanted, "numbers of a row that went on", output)
  expect(not exists(whole .. "/checkpoints"), "the checkpoint of a row that is not kept", output)
  output, code = shell(("%s run %s --quick %s --keep"):format(program, script.path, script.row))
  expect(code == 2 and output:find("--keep wants a place, --out FOLDER", 1, true), "--keep without a place", output)
end
shell("rm -r " .. root)
