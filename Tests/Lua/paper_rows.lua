-- lua/perigee/{merged,folders,row_training,paper}.lua: rows that fail leave the others alone, and a row that needs more
-- epochs goes on from the one with fewer.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_rows.lua

local perigee = require "perigee"
local folders = require "perigee.folders"
local merged = require "perigee.merged"
local paper = require "perigee.paper"
local row_training = require "perigee.paper.row_training"
local workshop = require "support.workshop"

local program = workshop.program
local root = os.tmpname()
os.remove(root)

local expect = workshop.expect

-- Tables and folders

local both = merged({ a = 1, b = 2 }, nil, { b = 3 })
expect(both.a == 1 and both.b == 3 and next(merged()) == nil, "merged", both.a, both.b)
local odd = root .. "/it's -odd/deep"
folders.make_for(odd .. "/file")
folders.make(odd)
local file = assert(io.open(odd .. "/file", "w"))
file:write "x"
file:close()
local ok, why = pcall(folders.make, odd .. "/file/below")
expect(not ok and tostring(why):find("cannot make the folder " .. odd, 1, true), "a file is no folder", tostring(why))

-- Numbers of tables

expect(paper.number("%.2f", 0.125) == "0.12" and paper.number "%.2f" == nil, "numbers")
expect(paper.number("%.2f", nil, { failure = "x" }) == "failed", "a row that failed")

-- Training of rows

local split = paper.synthetic():split { kind = "ratio", valid = 0.1, test = 0.1, seed = 1 }
local function make()
  return perigee.trainer {
    model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = perigee.losses.bpr {}, batch = 256, seed = 1,
    sampler = perigee.samplers.uniform {}, optimizer = perigee.optimizers.adam { rate = 0.01 },
  }
end
local function quality(trainer) return perigee.evaluate(trainer.model, split, { on = "valid" })["ndcg@20"] end
local quietly = { epochs = 5, progress = false }
local direct = make()
direct:run(quietly)

local checkpoints = root .. "/checkpoints"
local training = row_training.new { folder = checkpoints }
training:run("one", make, { epochs = 2, progress = false })
local made = 0
local function count_and_make()
  made = made + 1
  return make()
end
local run, trainer = training:run("one", count_and_make, quietly)
expect(#run.epochs == 5 and made == 1 and trainer.current_epoch == 5, "a row goes on from one of fewer epochs")
expect(quality(trainer) == quality(direct), "a row that went on has other numbers")
local first = io.popen("ls " .. checkpoints .. " | grep -v previous"):read "a"
-- Another process finds what is there.
training = row_training.new { folder = checkpoints }
run = training:run("one", make, { epochs = 6, progress = false })
expect(#run.epochs == 6, "a checkpoint of before")
training:finish()
-- With `fresh` it does not count, but that of the same run of the script does.
training = row_training.new { folder = checkpoints, fresh = true }
local seen = {}
local function note(report) seen[#seen + 1] = report.epoch end
training:run("one", make, { epochs = 2, progress = false, on_epoch = note })
training:run("one", make, { epochs = 3, progress = false, on_epoch = note })
expect(table.concat(seen, " ") == "1 2 3", "fresh", table.concat(seen, " "))
training:run("another", make, { epochs = 1, progress = false })
local second = io.popen("ls " .. checkpoints .. " | grep -v previous"):read "a"
expect(first:match "^%x+%-5%.checkpoint\n$" and second:match "^%x+%-1%.checkpoint\n$",
  "one checkpoint is there at a time", first, second)
training:finish()
expect(not io.open(checkpoints), "the folder goes where nothing is left")

-- Kept checkpoints: rows of more epochs go on from them, in whatever order rows come

local function there() return table.concat(folders.list(checkpoints), " "):gsub("%x+%-", "") end
local function options(epochs, every)
  return {
    epochs = epochs, progress = false, on_epoch = note,
    evaluate = every and { every = every, on = "valid", metrics = { "ndcg@20" } } or nil,
  }
end
--- Epochs that a row trains, and the row's trainer.
local function trained(key, ...)
  seen = {}
  local _, after = training:run(key, make, options(...))
  return table.concat(seen, " "), after
end
training = row_training.new { folder = checkpoints, keeps = true }
expect(trained("one", 2) == "1 2" and trained("another", 3) == "1 2 3", "rows of which nothing is kept")
training:finish()
expect(there() == "2.checkpoint 3.checkpoint" or there() == "3.checkpoint 2.checkpoint", "kept", there())
training = row_training.new { folder = checkpoints, keeps = true }
local epochs, after = trained("one", 5)
expect(epochs == "3 4 5" and quality(after) == quality(direct), "a kept row goes on, with the same numbers", epochs)
expect(#folders.list(checkpoints) == 2, "the checkpoint is now that of the row with more epochs", there())
epochs = trained("one", 3)
expect(epochs == "1 2 3", "a row of fewer epochs than are kept begins anew", epochs)
epochs = trained("one", 6)
expect(epochs == "6", "of two that are kept the one with more epochs is gone on from", epochs)
epochs = trained("one", 6)
expect(epochs == "", "a row that is over has nothing left to train", epochs)
-- After its last epoch, the third, a row was evaluated as one of four epochs would not be.
expect(trained("evaluated", 3, 2) == "1 2 3" and trained("evaluated", 4, 2) == "1 2 3 4", "an evaluation too many")
expect(trained("evaluated", 6, 2) == "5 6", "the fourth epoch has one in both")
training = row_training.new { folder = checkpoints, keeps = true, fresh = true }
expect(trained("another", 4) == "1 2 3 4" and trained("another", 5) == "5", "fresh: only those of this process count")
-- Without `keeps` what others kept stays, and the row's own goes.
local before = #folders.list(checkpoints)
training = row_training.new { folder = checkpoints }
expect(trained("one", 1) == "1" and trained("last", 1) == "1", "rows beside kept ones")
training:finish()
expect(#folders.list(checkpoints) == before, "the row's own goes", there())
os.execute("rm -r " .. folders.quoted(checkpoints))

training = row_training.new {}
run = training:run("one", make, quietly)
expect(#run.epochs == 5, "without a folder")
training:finish()

-- Rows of a script, some of which fail

local script = root .. "/script.lua"
folders.make_for(script)
file = assert(io.open(script, "w"))
file:write [[
local paper = require "perigee.paper"
local lab = paper.begin {
  results = "nowhere", decided_by_all = { "color" },
  description = {
    name = "script.lua", summary = "a test", { "color", "NAME", help = "Of it." }, { "all", help = "All." },
    paper.option.out "nowhere", paper.option.fresh, paper.option.quick,
  },
}
local calls = 0
local function row(name, make)
  local function count_and_make()
    calls = calls + 1
    return make()
  end
  return lab:outcome {
    configuration = { name = name }, title = name, about = { color = lab.options.color }, make = count_and_make,
  }
end
local lines = {}
local function add(name, make)
  local result = row(name, make)
  lines[#lines + 1] = { name, paper.number("%.1f", result.value, result) }
end
add("good", function() return { value = 1 } end)
add("broken", function() error("no luck", 0) end)
add("nan", function() return { value = 0 / 0 } end)
add("broken", function() error("twice", 0) end)
add("last", function() return { value = 2 } end)
add("good", function() return { value = 3 } end)
lab:print_table("Title", { "name", "value" }, lines)
print("calls", calls)
lab:print_table(nil, { "name" }, {})
lab:finish()
print "not reached"
]]
file:close()

local function shell(arguments)
  local pipe = assert(io.popen(("%s run %s %s 2>&1; printf '\n%%d' $?"):format(program, script, arguments)))
  local output, code = pipe:read "a":match "^(.*)\n(%d+)$"
  pipe:close()
  return output, math.tointeger(code)
end

local out = root .. "/out"
for _, arguments in ipairs { "", "--color=red --out " .. out } do
  local output, code = shell(arguments)
  expect(code == 1, "a row failed, and the script ends well", output)
  local wanted = "Title\nname    value\n------  ------\ngood    1.0\nbroken  failed\nnan     failed\nbroken  failed\n"
    .. "last    2.0\ngood    1.0\nbroken failed: no luck\nnan failed: value is "
  expect(output:find(wanted, 1, true), "the table", output)
  expect(output:find("calls\t4\n", 1, true), "a row is made once, also one that fails", output)
  expect(select(2, output:gsub("no luck", "")) == 2, "a failure is told when it happens and below its table", output)
  expect(output:find("script.lua: 2 of the rows failed", 1, true) and not output:find "not reached", "the end", output)
end
local runs = perigee.runs.open { path = out .. "/runs.sqlite" }
local names = {}
for _, record in ipairs(runs:list {}) do
  names[#names + 1] = record.name .. " " .. record.key .. " " .. runs:kept(record.id, "row")
end
table.sort(names)
names = table.concat(names, "\n")
expect(names == 'good {name=good} {"color":"red","value":1}\nlast {name=last} {"color":"red","value":2}',
  "rows that did not fail are kept", names)
local output = shell("--out " .. out)
expect(output:find("good: from " .. out, 1, true) and output:find("calls\t2\n", 1, true), "kept rows are taken", output)
output = shell("--fresh --out " .. out)
expect(output:find("calls\t4\n", 1, true), "--fresh", output)
local code
output, code = shell "--all --color red"
local refusal = "script.lua: --all has all rows of the paper; leave out --color"
expect(code == 2 and output:find(refusal, 1, true), "--all", output)
os.execute("rm -r " .. folders.quoted(root))
