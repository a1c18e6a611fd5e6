-- What a person at a terminal sees: Tab at the prompt, the line that tells how training goes, Ctrl-C in it.
-- Runs in the repository's root, as scripts/test does. util-linux's `script` gives the terminal.

local workshop = require "support.workshop"

local program = workshop.program
local failures = 0

local function expect(what, is_so, seen)
  if is_so then return end
  failures = failures + 1
  print(("%s; the terminal shows: %q"):format(what, seen))
end

if not os.execute "script --version 2>/dev/null | grep -q util-linux" then
  return print "no util-linux `script` here: what a terminal shows was not tested"
end

local folder = workshop.folder()

-- A program at a terminal of so many columns: `press` writes keys, `wait` waits for text behind what it found before.
local function terminal(columns, command)
  local keys_path, shown_path = folder .. "/keys", folder .. "/shown"
  os.remove(keys_path)
  os.remove(shown_path)
  assert(os.execute("mkfifo " .. keys_path))
  os.execute(("HOME=%s TERM=xterm script -qefc 'stty cols %d rows 40; exec %s' %s < %s > /dev/null 2>&1 &"):format(
    folder, columns, command, shown_path, keys_path))
  local keys, from = assert(io.open(keys_path, "w")), 1
  local self = {}
  function self.shown()
    local file = io.open(shown_path, "rb")
    if not file then return "" end
    local text <const> = file:read "a"
    file:close()
    return text
  end
  function self.press(text)
    keys:write(text)
    keys:flush()
  end
  function self.wait(text)
    for _ = 1, 600 do
      local _, last = self.shown():find(text, from, true)
      if last then
        from = last + 1
        return true
      end
      os.execute "sleep 0.1"
    end
    expect(("waited for %q"):format(text), false, self.shown():sub(from))
    return false
  end
  function self.close() keys:close() end
  return self
end

-- The prompt.
local prompt = terminal(80, program .. " repl")
prompt.wait "Ctrl-D leaves."
prompt.wait "> "
prompt.press 'perigee.data.info "gowalla-\t'
prompt.wait 'pris"'
prompt.press "\3perigee.schedules.exp\t"
prompt.wait "onential"
prompt.press '\3assert(io.open(os.getenv "HOME" .. "/only_file", "w")):close()\rperigee.config "'
prompt.press(folder .. "/only\t")
prompt.wait '/only_file"'
prompt.press "\3{ { name = 'mml', ndcg = 0.25 }, { name = 'bpr', ndcg = 0.125 } }\r"
prompt.wait "bpr   0.1250"
prompt.press "mine = 5\rwho()\r"
prompt.wait "mine  5"
prompt.press "= mine + 1\r"
prompt.wait "6"
prompt.press "\4"
prompt.close()

-- A run, at terminals of two widths.
local script_path = folder .. "/run.lua"
local file <close> = assert(io.open(script_path, "w"))
file:write [[
local perigee = require "perigee"
local data = perigee.data.synthetic { users = 1500, items = 800, seed = 1 }
local split = data:split { kind = "ratio", valid = 0.1, seed = 1 }
local model = perigee.models.mf { data = split, dim = 16, seed = 1 }
local trainer = perigee.trainer {
  model = model, loss = perigee.losses.softmax {}, sampler = perigee.samplers.uniform { count = 10 },
  optimizer = perigee.optimizers.adam { rate = 1e-3 }, batch = 64, seed = 1,
}
trainer:run { epochs = 1000, patience = 500, evaluate = { on = "valid" } }
print "the script goes on"
]]
file:flush()
for _, columns in ipairs { 120, 44 } do
  local run = terminal(columns, program .. " run " .. script_path)
  run.wait "epoch 2/1000"
  if columns == 120 then
    for _, piece in ipairs { "batch ", "loss ", "valid recall@20 0.", "best 0.", "patience 500/500", " left" } do
      expect("the line has " .. piece, run.shown():find(piece, 1, true), run.shown())
    end
  end
  run.wait "epoch 3/1000"
  run.press "\3"
  run.wait "interrupted in epoch "
  run.wait "the script goes on"
  run.close()
  -- `script` says what it did in lines of its own.
  local text = run.shown():gsub("Script [^\n]*\n", "")
  for line in text:gmatch "\r\27%[K([^\r\n]*)" do
    expect("a line of at most " .. columns - 1, #line:gsub("%^C", "") < columns, line)
    expect("a line that is whole", line:find "^%[[=> ]+%] epoch %d+/1000", line)
  end
  local is_alone = text:find "\n\r?interrupted in epoch %d+; the model has"
  expect("what ended the run stands in a line of its own", is_alone, text)
end

os.execute("rm -r " .. folder)
if failures > 0 then
  print(failures .. " of the checks of the terminal failed")
  os.exit(1)
end
