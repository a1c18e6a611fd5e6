-- Searches from outside: several processes in one study, on one machine and as if on several; kill -9 at random
-- moments of a search: nothing is lost but the trials in flight, the store is whole, and the study ends like one that
-- was never killed.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/search.lua [MOMENTS] [SEED]

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local moments = tonumber(arg[1] or 20)
local seed = tonumber(arg[2] or os.time())
math.randomseed(seed)
local folder = workshop.folder()

local expect, finish = workshop.comparison()

local shell = workshop.shell

local function write(name, text) return workshop.write(folder .. "/" .. name, text) end

local function lines(name)
  local found = {}
  local file <close> = io.open(folder .. "/" .. name)
  if file then for line in file:lines() do found[#found + 1] = line end end
  return found
end

-- A study whose trials train a little and take their time. Each notes its process in a file.
local script = write("script.lua", ([[
local perigee = require "perigee"
local folder, name, trials, parallel, seconds = %q, arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local split = perigee.data.synthetic { users = 40, items = 60, interests = 3, interactions_per_user = 8, seed = 1 }
  :split { kind = "ratio", valid = 0.2, test = 0.1, seed = 1 }
local process = io.open "/proc/self/stat":read "n"
if arg[5] == "once" then
  if io.open(folder .. "/first") then error "only the first may be" end
  io.open(folder .. "/first", "w"):close()
end
local study = perigee.search {
  name = name, store = folder .. "/" .. name .. ".sqlite", trials = trials, parallel = parallel, method = "random",
  attempts = 1000, seeds = 2, progress = false,
  space = function(s)
    if s:choice("loss", { "bpr", "softmax" }) == "softmax" then s:log_uniform("temperature", 0.05, 1) end
    s:integer("dim", 2, 8)
  end,
  run = function(settings, trial)
    local file <close> = io.open(folder .. "/" .. name .. ".processes", "a")
    file:write(process, "\n")
    file:flush()
    local model = perigee.models.mf { data = split, dim = settings.dim, seed = trial.seed, init = { std = 0.1 } }
    local loss = settings.loss == "bpr" and perigee.losses.bpr {}
      or perigee.losses.softmax { temperature = settings.temperature }
    local trainer = perigee.trainer {
      model = model, loss = loss, sampler = perigee.samplers.uniform { count = 5 }, batch = 32, seed = trial.seed,
      optimizer = perigee.optimizers.adam { rate = 0.02 },
    }
    local run = trainer:run { epochs = 3, progress = false, patience = 3, evaluate = { metrics = "ndcg@5" },
      on_epoch = trial:watch() }
    -- Not by another program: Lua hears no signal while that runs.
    local till = perigee.seconds() + seconds
    while perigee.seconds() < till do end
    return run
  end,
}
print(#study.trials, study:best().number, study.interrupted)
]]):format(folder))

local function command(name, trials, parallel, seconds, more)
  return ("%s run %s %s %d %d %g %s"):format(program, script, name, trials, parallel, seconds, more or "")
end

-- Each trial that has ended as a line, without its times: number, value, values by seed, settings.
local function ended(name)
  local found, count = {}, 0
  local path = folder .. "/" .. name .. ".sqlite"
  local file <close> = io.open(path)
  if not file then return found, 0 end
  local ok, study = pcall(function() return perigee.runs.open { path = path }:study(name) end)
  if not ok then return found, 0 end
  for _, trial in ipairs(study.trials) do
    if trial.state == "finished" then
      local parts = { ("%a"):format(trial.value) }
      for _, one in ipairs(trial.values) do parts[#parts + 1] = ("%d:%a"):format(one.seed, one.value) end
      local names = {}
      for setting in pairs(trial.settings) do names[#names + 1] = setting end
      table.sort(names)
      for _, setting in ipairs(names) do parts[#parts + 1] = setting .. "=" .. tostring(trial.settings[setting]) end
      found[trial.number] = table.concat(parts, " ")
      count = count + 1
    end
  end
  return found, count, #study.trials
end

local function expect_same(what, name, wanted, count)
  local found, finished, all = ended(name)
  expect(what .. ": finished trials", finished, count)
  expect(what .. ": all trials", all, count)
  for number = 1, count do
    if found[number] ~= wanted[number] then
      return expect(what .. ": trial " .. number, found[number], wanted[number])
    end
  end
end

-- The same trials by one process, by several that one starts, and by several that are started apart.
local count = 24
local text, code = shell(command("alone", count, 1, 0))
expect("alone, exit code", code, 0)
local wanted, finished = ended "alone"
expect("alone", finished, count)
expect("alone says", text:match "^(%d+)\t%d+\tfalse\n$", tostring(count))

text, code = shell(command("together", count, 3, 0.05))
expect("together, exit code", code, 0)
expect("together says", text:match "^(%d+)\t%d+\tfalse\n$", tostring(count))
expect_same("together", "together", wanted, count)
local processes = {}
for _, process in ipairs(lines "together.processes") do processes[process] = true end
local several = next(processes) and next(processes, next(processes)) and true
expect("together: several processes", several, true)

local apart = command("apart", count, 1, 0.02)
code = select(2, shell(("%s >/dev/null & one=$!; %s >/dev/null & two=$!; %s && wait $one && wait $two"):format(
  apart, apart, apart)))
expect("apart, exit code", code, 0)
expect_same("apart", "apart", wanted, count)

-- As on a disk that machines share: without the log that only one machine can have.
code = select(2, shell("export PERIGEE_STORE_SHARED=1; " .. command("shared", count, 2, 0.02)))
expect("shared, exit code", code, 0)
expect("shared has no log", io.open(folder .. "/shared.sqlite-wal"), nil)
expect_same("shared", "shared", wanted, count)

-- The runs of the trials are there, too.
local runs = perigee.runs.open { path = folder .. "/together.sqlite" }:list { tags = "together" }
expect("runs of the trials", #runs, 2 * count)
expect("checkpoints that nobody asked for", io.open(folder .. "/checkpoints"), nil)

-- One of the processes that does not come as far as the search.
text, code = shell(command("once", 8, 2, 0.3, "once"))
expect("a process that fails, exit code", code, 0)
local failed = text:find("process 2 of the search ended with exit code 1:\n.*only the first may be") ~= nil
expect("a process that fails is told" .. (failed and "" or ": " .. text), failed, true)

-- Ctrl-C ends the search and its processes, and not the script.
-- Once the first trial is under way: a machine may be slow to start programs.
local function when_begun(name)
  return ("while [ ! -s %s/%s.processes ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done"):format(folder, name)
end
text, code = shell(("%s & pid=$!; %s; sleep 1; kill -INT $pid; wait $pid"):format(
  command("stopped", 1000, 2, 0.1), when_begun "stopped"))
expect("Ctrl-C, exit code", code, 0)
expect("Ctrl-C" .. (text:match "\ttrue\n" and "" or ": " .. text), text:match "\t(true)\n", "true")
local states = {}
for _, trial in ipairs(perigee.runs.open { path = folder .. "/stopped.sqlite" }:study("stopped").trials) do
  states[trial.state] = (states[trial.state] or 0) + 1
end
expect("Ctrl-C leaves no trial under way", states.running, nil)
expect("Ctrl-C gives trials back", (states.waiting or 0) >= 1, true)

-- kill -9 of the process that a person started, of one that it started, or of all.
local goal = 120
local before = {}
shell(command("whole", goal, 2, 0))
local whole = ended "whole"
for moment = 1, moments do
  local victims = ({ "$pid", "$(tail -n 1 " .. folder .. "/killed.processes 2>/dev/null)",
    "$pid $(sort -u " .. folder .. "/killed.processes 2>/dev/null)" })[moment % 3 + 1]
  os.remove(folder .. "/killed.processes")
  shell(("%s >/dev/null 2>&1 & pid=$!; %s; sleep %.3f; kill -9 %s; kill -9 $pid; wait $pid"):format(
    command("killed", goal, 2, 0.1), when_begun "killed", 0.8 * math.random(), victims))
  local now, done = ended "killed"
  for number, line in pairs(before) do
    if now[number] ~= line then expect(("moment %d: trial %d"):format(moment, number), now[number], line) end
  end
  before = now
  print(("moment %d: %d trials are done"):format(moment, done))
end
text, code = shell(command("killed", goal, 2, 0))
expect("after all, exit code", code, 0)
expect("after all", text:match "^(%d+)\t%d+\tfalse\n$", tostring(goal))
expect_same("after all", "killed", whole, goal)
if os.execute "command -v sqlite3 >/dev/null" then
  expect("the store is whole", shell(("sqlite3 %s/killed.sqlite 'PRAGMA integrity_check'"):format(folder)), "ok\n")
end

-- The command.
local path = folder .. "/alone.sqlite"
local function studies(what) return shell(("%s studies %s --store %s"):format(program, what, path)) end
expect("studies list", studies "list":match "\nalone +random +maximize +%S+ %S+ +(%d+)", tostring(count))
expect("studies show", select(2, studies "show alone --limit 3":gsub("\n +%d+ +0%.%d+", "")), 3)
expect("studies show --csv", select(2, studies "show alone --csv":gsub("\n", "")), count + 1)
expect("an unknown study", studies "show alon",
  ("perigee studies show: there is no study 'alon' in %s; did you mean 'alone'?\n"):format(path))
expect("studies delete", select(2, studies "delete alone"), 0)
expect("after delete", studies "list", "no studies\n")
expect("the runs stay", #perigee.runs.open { path = path }:list { tags = "alone" }, 2 * count)

os.execute("rm -rf " .. folder)
finish()
