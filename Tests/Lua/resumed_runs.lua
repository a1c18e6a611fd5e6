-- perigee run --resume: kill -9 at random moments of a script with several recorded runs; it ends with the bits of one
-- that was never killed. And what is refused.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/resumed_runs.lua [MOMENTS] [SEED]

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local moments = tonumber(arg[1] or 4)
local seed = tonumber(arg[2] or os.time())
math.randomseed(seed)
local folder = workshop.folder()
local store = folder .. "/runs.sqlite"

local function expect(condition, what, ...) workshop.expect(condition, ("%s (seed %d)"):format(what, seed), ...) end

local function write(name, text) return workshop.write(folder .. "/" .. name, text) end

local function read(name) return workshop.read(folder .. "/" .. name) end

local function shell(command) return workshop.shell("cd " .. folder .. "; " .. command) end

local text = [[
local perigee = require "perigee"
local name = ...
local split = perigee.data.synthetic { users = 900, items = 600, interests = 8, interactions_per_user = 30, seed = 1 }
  :split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
for seed = 1, 2 do
  local t = perigee.trainer {
    model = perigee.models.mf { data = split, dim = 16, seed = 1, dropout = 0.1 }, loss = perigee.losses.bpr {},
    sampler = perigee.samplers.uniform { count = 10 }, batch = 64, seed = seed,
    optimizer = perigee.optimizers.adam {
      rate = perigee.schedules.plateau { from = 0.01, factor = 0.5, patience = 1 },
    },
  }
  local run = t:run { epochs = 8, patience = 4, progress = false, evaluate = { metrics = { "recall@10" } } }
  t.model:save(name .. seed .. ".model")
  local result = perigee.evaluate(t.model, split, { metrics = { "recall@10" } })
  print(seed, run.ended, run.best.epoch, ("%a"):format(run.best.value), ("%a"):format(result["recall@10"]))
end
]]
write("script.lua", text)

local began = perigee.seconds()
local wanted, code = shell(("%s run script.lua whole"):format(program))
local seconds = perigee.seconds() - began
expect(code == 0, "the script", wanted)

local runs = perigee.runs.open { path = store }
local function unfinished(list)
  for _, run in ipairs(list) do
    if run.state ~= "finished" then return run end
  end
  return list[1]
end

for moment = 1, moments do
  local name = "killed" .. moment
  local known = {}
  for _, run in ipairs(runs:list {}) do known[run.id] = true end
  local function mine()
    local list = {}
    for _, run in ipairs(runs:list {}) do
      if not known[run.id] then list[#list + 1] = run end
    end
    return list
  end
  local command = ("%s run --store runs.sqlite script.lua %s"):format(program, name)
  local kills, output = 0
  repeat
    local killer = ("%s & pid=$!; (sleep %.3f; kill -9 $pid) 2>/dev/null & killer=$!; wait $pid; code=$?; "
      .. "kill $killer 2>/dev/null; exit $code"):format(command, seconds * (0.1 + math.random()))
    output, code = shell(kills < 6 and killer or command)
    -- Killed behind its last line.
    if output:find("nothing is left to go on with", 1, true) then output, code = wanted, 0 end
    if code ~= 0 then
      kills = kills + 1
      -- One that was killed before it had a run begins anew.
      local list = mine()
      if #list > 0 then
        command = ("%s run --store runs.sqlite --resume %s"):format(program, unfinished(list).id)
      end
    end
  until code == 0 or kills > 8
  expect(code == 0, "it never ended", output)
  local results = output:gsub("\n[^\n]*Killed[^\n]*", "")
  expect(results:find(wanted:gsub("^\n*", ""):gsub("\n*$", ""), 1, true), "other numbers", output, wanted)
  for i = 1, 2 do
    expect(read(name .. i .. ".model") == read("whole" .. i .. ".model"), "other bits", name)
  end
  local list = mine()
  expect(#list == 2 and list[1].state == "finished" and list[2].state == "finished", "the runs are two", #list)
  expect(list[1].arguments[1] == name, "arguments")
  expect(list[1].artifacts[1].path:find(name, 1, true), "the model's file")
  print(("moment %d: killed %d times, the same bits"):format(moment, kills))
end
expect(shell("ls checkpoints"):gsub("%s", "") == "", "checkpoints are left over", (shell "ls checkpoints"))

-- Refusals. A run that is interrupted by an error of the script.
local function record(script)
  write("script.lua", script)
  local output, status = shell(("%s run --store runs.sqlite script.lua other"):format(program))
  expect(status == 1, "the script fails", output)
  return runs:list { limit = 1 }[1].id
end
local function resume(id, more)
  return shell(("cd /; %s run --store %s --resume %s %s"):format(program, store, id, more or ""))
end
local broken = text:gsub("progress = false",
  "progress = false, on_epoch = function(e) if e.epoch == 3 then error 'stop' end end")
local id = record(broken)
local output
write("script.lua", text)
output, code = resume(id)
local change = "script.lua has changed since: line 13 was"
expect(code == 1 and output:find(change, 1, true) and output:find "by %-%-force", "a change", output)
output, code = resume(id, "--force")
expect(code == 0 and output:find("warning: the script", 1, true), "--force", output)
expect(output:find(wanted:match "[^\n]+", 1, true), "the same numbers", output)
output, code = resume(id)
expect(code == 1 and output:find "nothing is left to go on with", "one that has ended", output)
output, code = resume "nobody"
expect(code == 1 and output:find "there is no run 'nobody'", "no run", output)
output, code = resume("", "")
expect(code == 2, "no identifier", output)
output, code = shell(("%s run --store runs.sqlite --resume x script.lua"):format(program))
expect(code == 2 or code == 1, "a script beside --resume", output)
output, code = shell(("%s run --force script.lua"):format(program))
expect(code == 2 and output:find "%-%-force is for %-%-resume", "--force alone", output)

-- A script that is gone.
id = record(broken)
expect(runs:get(id).script_text:find("error 'stop'", 1, true), "the text that ran")
output, code = shell(("rm script.lua; %s run --store runs.sqlite --resume %s"):format(program, id))
expect(code == 1 and output:find("runs show " .. id .. " --script", 1, true), "a script that is gone", output)

-- Other data under the same script; it stops until a file is there.
local function write_pairs(factor)
  local lines = {}
  for user = 1, 60 do
    for place = 1, 20 do lines[#lines + 1] = user .. " " .. (user * factor + place * place) % 80 end
  end
  write("pairs.txt", table.concat(lines, "\n"))
end
write_pairs(7)
id = record [[
local perigee = require "perigee"
local split = perigee.data.open "pairs.txt":split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
local t = perigee.trainer {
  model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = perigee.losses.bpr {}, seed = 1,
  sampler = perigee.samplers.uniform { count = 1 }, optimizer = perigee.optimizers.adam { rate = 0.01 },
}
local run = t:run {
  epochs = 6, progress = false, on_epoch = function(e) if e.epoch == 3 and not io.open "go" then error "stop" end end,
}
print(#run.epochs, "epochs")
]]
write("go", "")
write_pairs(11)
output, code = resume(id)
local difference = output:find "the data of %l+ have changed since: they were pairs.-, and are pairs"
expect(code == 1 and difference and output:find "%-%-force", "other data", output)
output, code = resume(id, "--force")
expect(code == 0 and output:find("6\tepochs", 1, true), "forced", output)

os.execute("rm -rf " .. folder)
