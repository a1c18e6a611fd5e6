-- Ctrl-C and SIGTERM in `trainer:run`, as a person sends them: the run ends with its best epoch, the script goes on to
-- evaluate and save; the second signal ends the script.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/interrupted_runs.lua

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local folder = workshop.folder()

local expect, finish = workshop.comparison()

local function write(name, text) return workshop.write(folder .. "/" .. name, text) end

local function read(name) return workshop.read(folder .. "/" .. name) end

-- Trains until it is stopped. `note(text)` appends to a file, which the shell waits for.
local setup = [[
local perigee = require "perigee"
local folder = "]] .. folder .. [["
function note(text)
  local file <close> = assert(io.open(folder .. "/notes", "a"))
  file:write(text, "\n")
end
local split = perigee.data.synthetic { users = 300, items = 200, interests = 4, interactions_per_user = 12, seed = 1 }
  :split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
function make()
  return perigee.trainer {
    model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = perigee.losses.softmax { temperature = 0.2 },
    sampler = perigee.samplers.uniform { count = 5 }, optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 64,
    seed = 1,
  }
end
evaluation = { metrics = { "recall@10" } }
t = make()
function after(epochs, what)
  return function(report) if report.epoch == epochs then note(what) end end
end
]]

-- Runs a script, sends a signal each time that the next of `marks` is noted, and gives its output and exit code.
local function run(source, signal, marks)
  os.remove(folder .. "/notes")
  local commands = {}
  for _, mark in ipairs(marks) do
    commands[#commands + 1] = ("n=0; while ! grep -qs '^%s$' %s/notes && [ $n -lt 1200 ]; do sleep 0.05; "
      .. "n=$((n + 1)); done; sleep 0.2; kill -%s $pid"):format(mark, folder, signal)
  end
  local shell = ("%s run %s & pid=$!; %s; wait $pid"):format(program, write("script.lua", setup .. source),
    table.concat(commands, "; "))
  local pipe = assert(io.popen("( " .. shell .. ' ) 2>&1; printf "\\n%d" $?', "r"))
  local text = pipe:read "a"
  pipe:close()
  local output, code = text:match "^(.*)\n(%d+)$"
  return output, math.tointeger(code)
end

local function contains(what, output, text)
  if not output:find(text, 1, true) then expect(what, output, text) end
end

local selecting = [[
local r = t:run {
  epochs = 100000, progress = "lines", patience = 100000, evaluate = evaluation, on_epoch = after(4, "began"),
}
note "ended"
t.model:save(folder .. "/saved.model")
local recall = perigee.evaluate(t.model, split, evaluation)["recall@10"]
print(r.ended, r.best.epoch == t.best.epoch, #t.history >= 4, recall > 0)
print(r.summary)
-- The best epoch again, by hand.
local again = make()
for _ = 1, r.best.epoch do again:epoch() end
again.model:save(folder .. "/again.model")
]]
for _, signal in ipairs { "INT", "TERM" } do
  local output, code = run(selecting, signal, { "began" })
  expect(signal .. ", exit code", code, 0)
  contains(signal .. ", what the script prints", output, "interrupted\ttrue\ttrue\ttrue\n")
  contains(signal .. ", the summary", output, "the model has the parameters of the best epoch, ")
  local saved = read "saved.model"
  expect(signal .. ", a model was saved", saved ~= nil, true)
  expect(signal .. ", it is the best epoch's, bit for bit", saved, read "again.model")
end

-- In the script's own functions, which never return.
local endless = 'note "began" while true do end'
for what, source in pairs {
  on_epoch = "t:run { epochs = 9, progress = false, on_epoch = function() " .. endless .. " end }",
  on_batch = "t:run { epochs = 9, progress = false, on_batch = function() " .. endless .. " end }",
  loss = "t.loss = function() " .. endless .. " end t:run { epochs = 9, progress = false }",
  schedule = "t.rate = function() " .. endless .. " end t:run { epochs = 9, progress = false }",
  pcall = "t:run { epochs = 9, progress = false, on_epoch = function() "
    .. "while true do pcall(function() " .. endless .. " end) end end }",
} do
  -- What is assigned comes first.
  local before, call = source:match "^(.-)(t:run .*)$"
  local output, code = run(("%s local r = %s print(r.ended)"):format(before, call), "INT", { "began" })
  expect("within " .. what .. ", exit code", code, 0)
  contains("within " .. what, output, "interrupted\n")
end

-- The second one ends the script: wherever it is then, and in the next run.
local twice = {
  lua = [[
    t:run { epochs = 100000, progress = false, on_epoch = after(2, "began") } note "ended"
    while true do end]],
  ["another run"] = [[
    t:run { epochs = 100000, progress = false, on_epoch = after(2, "began") } note "ended"
    t:run { epochs = 100000, progress = false } print "not reached"]],
}
for what, source in pairs(twice) do
  for _, signal in ipairs { "INT", "TERM" } do
    local output, code = run(source, signal, { "began", "ended" })
    expect(("the second %s, %s, exit code"):format(signal, what), code ~= 0, true)
    expect(("the second %s, %s, goes on"):format(signal, what), output:find("not reached", 1, true), nil)
  end
end

-- model:fit ends like a run: the model has the last whole epoch, and the script goes on.
do
  local output, code = run([[
    local function model() return perigee.models.wrmf { data = split, dim = 32, seed = 1 } end
    local first = model()
    local r = first:fit { epochs = 100000, progress = false, on_epoch = after(3, "began") }
    note "ended"
    local again = model()
    again:fit { epochs = #r.epochs, progress = false }
    local gap = (first:item_embeddings() - again:item_embeddings()):abs():max():item()
    print(r.ended, gap, perigee.evaluate(first, split, evaluation)["recall@10"] > 0)]], "INT", { "began" })
  expect("in a fit, exit code", code, 0)
  contains("in a fit", output, "interrupted\t0.0\ttrue\n")
end

-- trainer:epoch stops the script at once, as ever.
local _, code = run([[note "began" while true do t:epoch() end]], "INT", { "began" })
expect("in an epoch, exit code", code, 130)

-- A paper's script keeps no row that was not trained to its end.
os.execute("rm -rf " .. folder .. "/out")
do
  local shell = ("%s run lua/papers/mml.lua --quick --loss bpr --epochs 100000 --out %s/out 2>%s/notes & pid=$!; n=0; "
    .. "while ! grep -qs '^epoch 2' %s/notes && [ $n -lt 1200 ]; do sleep 0.05; n=$((n + 1)); done; kill -INT $pid; "
    .. "wait $pid"):format(program, folder, folder, folder)
  local _, _, exit = os.execute(shell)
  expect("an interrupted row, exit code", exit, 130)
  local runs = perigee.runs.open { path = folder .. "/out/runs.sqlite" }
  expect("an interrupted row", #runs:list { where = "key ~ {" }, 0)
  expect("its run", runs:list {}[1].state, "interrupted")
end

os.execute("rm -rf " .. folder)
finish()
