-- perigee run --watch: a script runs again when it, or a Lua file in its folder, is saved; Ctrl-C ends.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/watched_script.lua

local workshop = require "support.workshop"

local program = workshop.program
local folder = workshop.folder()
assert(os.execute("mkdir " .. folder .. "/below"))

local function write(name, text) return workshop.write(folder .. "/" .. name, text) end

local function output() return workshop.read(folder .. "/output") or "" end

--- Waits until the output has a text so many times.
local function wait_for(text, times)
  for _ = 1, 200 do
    local count = select(2, output():gsub(text:gsub("%p", "%%%0"), ""))
    if count >= times then return end
    os.execute "sleep 0.05"
  end
  error(("'%s' did not come %d times:\n%s"):format(text, times, output()), 2)
end

write("script.lua", 'print("first", ...)')
write("below/other.lua", "return 1")
assert(os.execute(("cd %s; %s run --watch script.lua a 'b c' >output 2>&1 & echo $! >%s/process"):format(
  folder, program, folder)))
wait_for("first\ta\tb c\n", 1)
wait_for("ended well", 1)
assert(output():find("watching script.lua and 1 other Lua files", 1, true), output())
write("script.lua", 'print("second", ...) error "oh"')
wait_for("script.lua has changed; running again", 1)
wait_for("second\ta\tb c\n", 1)
wait_for("ended with exit code 1", 1)
write("below/other.lua", "return 22")
wait_for("below/other.lua has changed", 1)
wait_for("second\ta\tb c\n", 2)
-- One that does not end is ended.
write("script.lua", 'print "third" io.stdout:flush() while true do end')
wait_for("third\n", 1)
write("script.lua", 'print "fourth"')
wait_for("fourth\n", 1)
wait_for("ended well", 2)
assert(os.execute(([[
  pid=$(cat %s/process); kill -INT $pid; n=0
  while kill -0 $pid 2>/dev/null && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
  ! kill -0 $pid 2>/dev/null]]):format(folder)), "it did not end")

for arguments, wanted in pairs {
  ["--watch -"] = "--watch wants a script, a file", ["--watch nowhere.lua"] = "cannot read nowhere.lua",
} do
  local pipe = assert(io.popen(("%s run %s 2>&1"):format(program, arguments)))
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  assert(code == 2 and text:find(wanted, 1, true), arguments .. ": " .. text)
end
os.execute("rm -r " .. folder)
