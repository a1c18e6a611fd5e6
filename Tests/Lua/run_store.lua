-- The store of runs from outside: processes that write at once, one that is killed, and `perigee runs`.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/run_store.lua [RUNS]

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local count = tonumber(arg[1] or 1000)
local folder = workshop.folder()
local path = folder .. "/runs.sqlite"

local expect, finish = workshop.comparison()

local shell = workshop.shell

local function write(name, text) return workshop.write(folder .. "/" .. name, text) end

-- Runs a program in the background and kills it when the store lists so many lines; gives up after a minute.
local function kill_after(command, store, filter, lines)
  shell(([[%s & pid=$!; tries=0
    while [ $(%s runs list --store %s %s --csv 2>/dev/null | wc -l) -lt %d ] && [ $tries -lt 600 ]
    do sleep 0.02; tries=$((tries + 1)); done
    kill -9 $pid; wait $pid]]):format(command, program, store, filter, lines))
end

-- Two processes make the store at once and write as many runs each.
local writer = write("writer.lua", [[
local store = require("perigee").runs.open { path = arg[1] }
for seed = 1, tonumber(arg[3]) do
  store:add {
    name = arg[2], seed = seed, results = { ["ndcg@20"] = seed / 1e4 }, settings = { rate = 0.1 }, tags = "both",
  }
end
]])
local both, code = shell(("%s run %s %s one %d & first=$!; %s run %s %s two %d; second=$?; wait $first && exit $second")
  :format(program, writer, path, count, program, writer, path, count))
expect("two writers say", both, "")
expect("two writers, exit code", code, 0)
local store = perigee.runs.open { path = path }
for _, name in ipairs { "one", "two" } do
  local seeds = {}
  for _, run in ipairs(store:list { name = name }) do
    if run.results.test["ndcg@20"] == run.seed / 1e4 and run.tags[1] == "both" then seeds[run.seed] = true end
  end
  for seed = 1, count do
    if not seeds[seed] then
      expect(("run %d of %s"):format(seed, name), "not there", "there")
      break
    end
  end
end
expect("runs of two writers", #store:list {}, 2 * count)

-- One that is killed while it writes, several times: what it wrote is there, and the store is whole.
for moment = 1, 3 do
  local name = "killed" .. moment
  kill_after(("%s run %s %s %s 1000000"):format(program, writer, path, name), path, "--name " .. name, moment * 20)
  local runs = store:list { name = name, sort = "seed", reverse = true }
  expect(name .. ": runs", #runs >= moment * 20 - 1, true)
  for index, run in ipairs(runs) do
    if run.seed ~= index or run.settings.rate ~= "0.1" or run.tags[1] ~= "both" then
      expect(name .. ": run " .. index, run.seed, index)
      break
    end
  end
end
store:add { name = "after" }
expect("the store after kills", shell(("%s runs list --store %s --name after --csv | wc -l"):format(program, path)),
  "2\n")

-- A training that is killed shows as interrupted, one of a script that goes on is recorded with the script as it was.
local training = write("training.lua", [[
local perigee = require "perigee"
local data = perigee.data.synthetic { users = 300, items = 200, interactions_per_user = 20, seed = 1 }
local split = data:split { kind = "ratio", test = 0.2, seed = 1 }
local model = perigee.models.mf { data = split, dim = 8, seed = 1 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 1 },
  optimizer = perigee.optimizers.adam { rate = 1e-3 }, batch = 64, seed = tonumber(arg[2]),
}
trainer:run { epochs = tonumber(arg[1]), progress = false }
perigee.evaluate(model, split, { metrics = { "ndcg@20", "recall@20" } })
]])
local second = folder .. "/second.sqlite"
local function runs(command) return shell(("%s runs %s --store %s"):format(program, command, second)) end
for seed = 1, 2 do
  local text, exit = shell(("%s run --store %s %s 2 %d"):format(program, second, training, seed))
  expect("a recorded script says", text, "")
  expect("a recorded script, exit code", exit, 0)
end
-- Without the log beside it.
local alone = folder .. "/alone.sqlite"
shell(("cp %s %s"):format(second, alone))
expect("a copy of the file alone", shell(("%s runs list --store %s --csv | wc -l"):format(program, alone)), "3\n")
kill_after(("%s run --store=%s %s 100000 3"):format(program, second, training), second, "--state running", 2)
local states = {}
for _, run in ipairs(perigee.runs.open { path = second }:list { sort = "seed", reverse = true }) do
  states[#states + 1] = run.state
  expect("name of run " .. run.seed, run.name, "mf bpr")
  expect("script of run " .. run.seed, run.script, training)
end
expect("states", table.concat(states, " "), "finished finished interrupted")

-- The command.
local first = perigee.runs.open { path = second }:list { where = "seed = 1" }[1].id
expect("show --script", runs("show --script " .. first), io.open(training):read "a")
expect("tag", select(2, runs("tag " .. first .. " good better")), 0)
expect("tag --remove", select(2, runs("tag " .. first .. " --remove better")), 0)
expect("note", select(2, runs("note " .. first .. " 'the first'")), 0)
expect("list --tag", runs("list --tag good --csv"):match "\n(%w+),mf bpr,trainer,finished,[^\n]*,good,the first,",
  first)
expect("list --where", select(2, runs("list --json --where 'ndcg@20 > 0 and seed < 3'"):gsub('"seed":', "")), 2)
expect("list of nothing", runs("list --data nothing"), "no runs\n")
local compared = runs "compare --state finished --by seed --metric recall@20 --format csv"
expect("compare", compared:match "^seed,metric,runs,mean" ~= nil and select(2, compared:gsub("\n", "")), 3)
expect("compare on a part without results", select(2, runs "compare --on valid"), 1)
expect("an unknown run", runs("show " .. first .. "x"),
  ("perigee runs show: there is no run '%sx' in %s; did you mean '%s'?\n"):format(first, second, first))
expect("an unknown run, exit code", select(2, runs "show x"), 1)
expect("a wrong limit, exit code", select(2, runs "list --limit 0"), 2)

-- A page about runs.
local page = folder .. "/page.html"
expect("report", shell(("%s report --store %s --out %s --baseline 'mf bpr' --title 'A & <b>'"):format(program, second,
  page)), ("3 runs: %s\n"):format(page))
local html = io.open(page):read "a"
expect("the page's title", html:match "<h1>(.-)</h1>", "A &amp; &lt;b&gt;")
expect("the page has the run", html:find(first, 1, true) ~= nil and html:find("3 runs on synthetic", 1, true) ~= nil,
  true)
expect("the page has the script", html:find("data = split, dim = 8, seed = 1", 1, true) ~= nil, true)
expect("nothing is fetched", html:find "https?:", nil)
expect("report of one run", select(2, shell(("%s report %s --store %s --out %s"):format(program, first, second,
  page))), 0)
expect("report of nothing", shell(("%s report --store %s --data nothing --out %s"):format(program, second, page)),
  "perigee report: no runs to report\n")
expect("report of a metric that is not there", select(2, shell(("%s report --store %s --metric auc --out %s"):format(
  program, second, page))), 1)
expect("report into a folder that is not there", shell(("%s report --store %s --out %s/none/x.html"):format(program,
  second, folder)), ("perigee report: %s/none/x.html cannot be written: No such file or directory\n"):format(folder))

-- Out, and in again.
local journal = folder .. "/runs.jsonl"
shell(("%s runs export --store %s > %s"):format(program, second, journal))
expect("import", select(2, shell(("%s runs import --store %s/third.sqlite %s"):format(program, folder, journal))), 0)
expect("export after import",
  shell(("%s runs export --store %s/third.sqlite | diff - %s"):format(program, folder, journal)), "")
expect("delete", select(2, runs("delete " .. first)), 0)
expect("after delete", select(2, runs("show " .. first)), 1)
expect("no store",
  shell(program .. " runs --store " .. folder .. "/none"):match "there is no store of runs at" ~= nil, true)
expect("no store came to be", io.open(folder .. "/none"), nil)

-- A store that cannot be written: the training goes on and says so once.
local nowhere, exit = shell(("cd %s && %s run --store %s/x.sqlite %s 2 1"):format(folder,
  program:sub(1, 1) == "/" and program or os.getenv "PWD" .. "/" .. program, training, training))
expect("a place that cannot be, exit code", exit, 0)
expect("a place that cannot be",
  nowhere:match "cannot be opened; the run goes on, and is kept in (%./%w+%.run%.jsonl):" ~= nil, true)
expect("import of the journal", select(2, shell(("%s runs import --store %s/third.sqlite %s/*.run.jsonl")
  :format(program, folder, folder))), 0)

os.execute("rm -rf " .. folder)
finish()
