-- kill -9 at random moments of a run with checkpoints: run again, the script ends with the bits of one that was never
-- killed, at one thread and at two.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/killed_runs.lua [MOMENTS] [SEED]
-- A few moments by default, to be quick; 20 is a good look.

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local moments = tonumber(arg[1] or 4)
local seed = tonumber(arg[2] or os.time())
math.randomseed(seed)
local folder = workshop.folder()

local script = folder .. "/script.lua"
do
  local file <close> = assert(io.open(script, "w"))
  file:write(([[
local perigee = require "perigee"
local folder, name, threads, every = %q, arg[1], tonumber(arg[2]), tonumber(arg[3])
perigee.threads(threads)
local split = perigee.data.synthetic { users = 900, items = 600, interests = 8, interactions_per_user = 30, seed = 1 }
  :split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.1 }
local t = perigee.trainer {
  model = perigee.models.simplex { data = split, dim = 16, seed = 1, dropout = 0.1 },
  loss = function(s) return (margin[s.users] - s.positive + s.negative:mean "negatives"):softplus():mean() end,
  sampler = perigee.samplers.uniform { count = 10 },
  optimizer = perigee.optimizers.adam {
    rate = perigee.schedules.plateau { from = 0.01, factor = 0.5, patience = 1 }, clip = 1,
  },
  batch = 64, seed = 1, regularization = { weight = 1e-4, scope = "tables_touched" },
}
local run = t:run {
  epochs = 12, progress = false, patience = 4, evaluate = { metrics = { "recall@10" } },
  checkpoint = folder .. "/" .. name, checkpoint_seconds = every,
}
t.model:save(folder .. "/" .. name .. ".model", { also = { margin } })
local file <close> = assert(io.open(folder .. "/" .. name .. ".report", "w"))
file:write(run.ended, " ", run.best.epoch, " ", run.best.value, "\n")
for _, epoch in ipairs(t.history) do
  file:write(("%%d %%a %%a\n"):format(epoch.epoch, epoch.loss, epoch.metrics["recall@10"]))
end
]]):format(folder))
end

local function read(name) return workshop.read(folder .. "/" .. name) end

local function command(name, threads, every)
  return ("%s run %s %s %d %g"):format(program, script, name, threads, every)
end

local began = perigee.seconds()
assert(os.execute(command("whole", 2, 1000)))
local seconds = perigee.seconds() - began
local model, report = read "whole.model", read "whole.report"

local failures = 0
for moment = 1, moments do
  local threads = moment % 2 + 1
  local name = "killed-" .. moment
  -- Checkpoints as close as they can be, or now and then.
  local every = moment % 4 < 2 and 0 or seconds / 20
  local kills = 0
  local ended
  repeat
    local shell = ("%s & pid=$!; (sleep %.3f; kill -9 $pid) 2>/dev/null & killer=$!; wait $pid; code=$?; "
      .. "kill $killer; exit $code"):format(command(name, threads, every), seconds * (0.1 + math.random()))
    ended = os.execute(("sh -c '%s' >/dev/null 2>&1"):format(shell))
    if not ended then kills = kills + 1 end
    -- One that is killed too often is let go.
    if kills == 6 then ended = os.execute(command(name, threads, every)) end
  until ended or kills > 6
  local same = read(name .. ".model") == model and read(name .. ".report") == report
  local outcome = same and "the same bits" or "OTHER BITS"
  print(("moment %d: killed %d times, %d threads, %s"):format(moment, kills, threads, outcome))
  if not same then failures = failures + 1 end
end

os.execute("rm -rf " .. folder)
if failures > 0 then
  io.stderr:write(("%d of %d killed runs ended otherwise (seed %d)\n"):format(failures, moments, seed))
  os.exit(1)
end
