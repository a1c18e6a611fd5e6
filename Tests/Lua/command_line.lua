-- The program from outside: exit codes of `perigee run`, the piped REPL, the generated files.
-- Runs in the repository's root, as scripts/test does: .build/release/perigee run Tests/Lua/command_line.lua

local workshop = require "support.workshop"

local program = workshop.program
local scratch = os.tmpname()

local function write(text)
  local file <close> = assert(io.open(scratch, "w"))
  file:write(text)
  return scratch
end

local shell = workshop.shell

local expect, finish = workshop.comparison()

local function expect_run(what, source, code, output)
  local text, got = shell(program .. " run " .. write(source) .. " one --two")
  expect(what .. ", exit code", got, code)
  if output then expect(what .. ", output", text, output) end
end

-- Exit codes.
expect_run("a script that ends", "print(arg[1], arg[2], ...)", 0, "one\t--two\tone\t--two\n")
expect_run("an error", "\nerror 'no luck'", 1,
  ("%s:2: no luck\nstack traceback:\n\t[C]: in function 'error'\n\t%s:2: in main chunk\n"):format(scratch, scratch))
expect_run("a syntax error", "x = = 1", 1, scratch .. ":1: unexpected symbol near '='\n")
expect_run("its own exit code", "os.exit(7)", 7, "")
expect("no script", select(2, shell(program .. " run")), 2)
expect("an unknown subcommand", select(2, shell(program .. " fly")), 2)
expect("an unknown option", select(2, shell(program .. " repl --fast")), 2)
expect("a script without its subcommand", shell(("cp %s %s.lua; %s %s.lua --quick 2; rm %s.lua"):format(
  write "print(arg[1], ...)", scratch, program, scratch, scratch)), "--quick\t--quick\t2\n")
expect("a script that is not there, exit code", select(2, shell(program .. " dir/x.lua")), 1)
expect("Lua text", shell(program .. " -e 'print(6 * 7, arg[0], ...)' --option 1"), "42\t-e\t--option\t1\n")
expect("Lua text with an error", shell(program .. " -e 'error \"no luck\"' 2>&1 | head -1"), "-e:1: no luck\n")
expect("no Lua text", select(2, shell(program .. " -e")), 2)
expect("Lua text behind run", shell(program .. " run -e 'print(1)'"), "1\n")
for _, value in ipairs { "abc", "0", "1000", "2.5", "", "-1", "99999999999999999999", "\27[31m" } do
  local text, code = shell(("PERIGEE_THREADS='%s' %s data list"):format(value, program))
  expect("threads " .. value, text, ('perigee: PERIGEE_THREADS is "%s"; want a whole number from 1 to 256, or leave it '
    .. "unset for one thread a core\n"):format((value:gsub("\27", "\\x1B"))))
  expect("threads, exit code", code, 2)
end
expect("threads that can be", shell("PERIGEE_THREADS=3 " .. program .. " run "
  .. write "print(require('perigee').threads())"), "3\n")
expect("help", select(2, shell(program .. " --help")), 0)
write 'who,what,"when, at last"\nann,x,2015-01-31\nann,y,2015-02-01\n'
local function counted(columns, filter)
  return (shell(("%s data info %s --columns %s 2>&1 | grep -o %s"):format(program, scratch, columns, filter)))
end
expect("columns by name", counted("user=who,item=2", "-e '^counted .*' -e times"),
  "counted     1 users, 2 items, 2 interactions\n")
expect("columns by name with a time", counted("user=who,item=what,time=3", "'times.*'"),
  "times       1422662400 to 1422748800\n")
expect("a column that is not there", counted("user=Who,item=what", "'no column.*'"),
  'no column "Who", did you mean "who"?; its columns are who, what, when, at last\n')
expect("columns without names", counted("who", "'.*'"),
  'perigee data info: --columns wants user=NAME,item=NAME, got "who"\n')
local text, code = shell(program .. " run no_such_script.lua")
expect("a missing script", text, "cannot open no_such_script.lua: No such file or directory\n")
expect("a missing script, exit code", code, 1)
expect("a script from a pipe", shell("echo 'print(6 * 7)' | " .. program .. " run -"), "42\n")

-- Ctrl-C: the script says that it began in a file, then it is interrupted while native code trains.
local training = [[
local perigee = require "perigee"
local split = perigee.data.synthetic { users = 4000, items = 3000, seed = 1 }
  :split { kind = "ratio", test = 0.1, seed = 1 }
local model = perigee.models.mf { data = split, dim = 64, seed = 1 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.ccl {}, sampler = perigee.samplers.uniform { count = 100 },
  optimizer = perigee.optimizers.adam { rate = 1e-3 }, batch = 256, seed = 1,
}
trainer:step()
assert(io.open(arg[1], "w")):write("began"):close()
]]

local function interrupt(what, source, wanted)
  local began = os.tmpname()
  local output, exit = shell(([[
    %s run %s %s & pid=$!
    tries=0
    while [ ! -s %s ] && [ $tries -lt 600 ]; do sleep 0.05; tries=$((tries + 1)); done
    sleep 0.1; kill -INT $pid; wait $pid]]):format(program, write(source), began, began))
  os.remove(began)
  expect(what .. ", exit code", exit, 130)
  if wanted and not output:find(wanted, 1, true) then expect(what .. ", output", output, wanted) end
end

interrupt("Ctrl-C in an epoch", training .. "trainer:epoch()\nwhile true do trainer:epoch() end", "interrupted")
interrupt("Ctrl-C in Lua", training .. "while true do pcall(function() while true do end end) end", "interrupted")

interrupt("Ctrl-C in a synthetic set", [[
local perigee = require "perigee"
assert(io.open(arg[1], "w")):write("began"):close()
perigee.data.synthetic { users = 200000, items = 100000, interactions_per_user = 1000 }]],
  "interrupted in perigee.data.synthetic")

-- The REPL with a pipe instead of a terminal.
local function expect_repl(what, input, output, exit)
  local got, code_got = shell(program .. " repl < " .. write(input))
  expect("repl: " .. what, got, output)
  expect("repl: " .. what .. ", exit code", code_got, exit)
end

expect_repl("values are shown", "1+1\n'a', nil\n{ 1, x = 2 }\n", '2\n"a"\nnil\n{ 1, x = 2 }\n', 0)
expect_repl("a semicolon silences", "1+1;\nx = 3\nx\n", "3\n", 0)
expect_repl("an input goes on", "for i = 1, 2 do\nprint(i)\nend\nlocal t = {\n1,\n2 }\n#t\n", "1\n2\n2\n", 0)
expect_repl("an error does not end it", "1+1\nerror('x', 0)\n2+2\n",
  "2\nx\nstack traceback:\n\t[C]: in function 'error'\n\tstdin:2: in main chunk\n4\n", 1)
expect_repl("a syntax error does not end it", "x = = 1\n2\n", "stdin:1: unexpected symbol near '='\n2\n", 1)
expect_repl("an undefined global", "prnt(1)\n", "stdin:1: undefined global 'prnt', did you mean 'print'?\n"
  .. "stack traceback:\n\t[C]: in metamethod 'index'\n\tstdin:1: in main chunk\n", 1)
expect_repl("an input without an end", "for i = 1, 2 do\n",
  "stdin:1: the input ends inside an unfinished piece of Lua\n", 1)
expect_repl("an unknown command", ":fly\n", "unknown command ':fly'; `:help` lists the commands\n", 1)
expect_repl("the last value", "6 * 7\n_ + 1\nnil\n_\n", "42\n43\nnil\n43\n", 0)
expect_repl("an equals sign in front", "= 1 + 1\n", "2\n", 0)
expect_repl("the shell", "!echo hello\n!exit 3\n", "hello\nthe shell ended with 3\n", 1)
expect_repl("own globals by a function", "x = 3\nwho()\n", "x  3\n", 0)
expect_repl("rows are a table", "{ { name = 'mml', n = 2 }, { name = 'bpr', n = 10 } }\n",
  "name   n\n----  --\nmml    2\nbpr   10\n", 0)
expect("rows are a table in a script", shell(program .. [[ -e "local p = require 'perigee'
  p.show({ { name = 'mml', n = 0.26 }, { name = 'bpr', n = 1 } }, { columns = { 'n' }, decimals = 1, title = 'Losses' })
  p.show(nil) p.show 'text' p.show { 1, 2 }"]]),
  'Losses\n  n\n---\n0.3\n1.0\nnil\n"text"\n{ 1, 2 }\n')
expect("the library's overview",
  shell(program .. " -e \"print(require 'perigee')\" | grep -c '  perigee[.]losses  *Losses'"), "1\n")
expect("the search", shell("echo '? early stopping' | " .. program .. " repl | grep -o 'Said of.*:'"),
  "Said of with 'early stopping':\n")
expect_repl("own globals", ":who\nx = 3\nname = 'a'\n:who\n", "no globals of your own yet\nname  \"a\"\nx     3\n", 0)
local first = os.tmpname()
local first_file <close> = assert(io.open(first, "w"))
first_file:write "made = 5 return made + 1"
first_file:close()
expect("a script first", shell(("echo 'made, _' | %s repl -i %s"):format(program, first)), "5\n6\n")
expect("a script first that fails", select(2, shell(("echo 1 | %s repl -i no/such.lua"):format(program))), 1)
os.remove(first)
local by_mark = shell("echo '? perigee.losses.ccl' | " .. program .. " repl")
expect("help() of a Lua file", shell("echo 'help(perigee.json)' | " .. program .. " repl"):match "^[%w.]+",
  "perigee.json")
expect("help() of a function in it", shell("echo 'help(require(\"perigee.json\").encode)' | " .. program .. " repl")
  :match "^[^\n]+", "perigee.json.encode(record) -> line")
expect("help() of a loss in Lua", shell("echo 'help \"losses.hinge\"' | " .. program .. " repl"):match "^[^\n]+",
  "losses.hinge { [margin = 1] } -> loss")
expect("? and help() agree", by_mark, (shell("echo 'help(perigee.losses.ccl)' | " .. program .. " repl")))
expect("? names the function", by_mark:match "^[%w.]+", "perigee.losses.ccl")

-- `data info` reads as `perigee.data.open` does, and its advice can be pasted.
local table_path = os.tmpname()
local function data_info(content, options)
  local file <close> = assert(io.open(table_path, "w"))
  file:write(content)
  file:close()
  return shell(("PERIGEE_CACHE=/nowhere %s data info %s %s"):format(program, table_path, options or ""))
end
local info, exit = data_info "who,what\nann,1\nben,1\n"
expect("data info of unknown columns, exit code", exit, 1)
local advice = info:match "for example (columns = {.-})" or info
expect("data info's advice", advice, 'columns = { user = "who", item = "what" }')
expect("data info names the way", info:find("options go behind the name, in quotes", 1, true) ~= nil, true)
info, exit = data_info("who,what\nann,1\nben,1\nben\n", ("'%s' 'on_bad_line = \"skip\"'"):format(advice))
expect("data info with options, exit code", exit, 0)
expect("data info with options", info:match "counted%s+([^\n]+)", "2 users, 1 items, 2 interactions")
info, exit = data_info("1,2\n", "'colums = {}'")
expect("data info with a wrong option, exit code", exit, 1)
expect("data info with a wrong option", info:match "did you mean '(%w+)'", "columns")
os.remove(table_path)

-- The generated files are in step with the descriptions.
expect("perigee reference --check", shell(program .. " reference --check"), "")
local elsewhere, failed = shell("program=$(realpath " .. program .. "); cd /; $program reference --check")
expect("perigee reference elsewhere, exit code", failed, 1)
expect("perigee reference elsewhere", elsewhere:find("run this in the repository's root", 1, true) ~= nil, true)

os.remove(scratch)
finish()
