-- What tests have in common that run the program: where it is, a folder of their own, files, shell commands, checks.
--
--   local workshop = require "support.workshop"
--   local folder = workshop.folder()
--   local script = workshop.write(folder .. "/script.lua", "print(1)")
--   local output, code = workshop.shell(workshop.program .. " run " .. script)
--   workshop.expect(code == 0 and output == "1\n", "a script", output)

local workshop = {}

--- The program's path from the root, so that it can be run in any folder.
workshop.program = os.getenv "PERIGEE_PROGRAM" or ".build/release/perigee"
do
  local pipe <close> = assert(io.popen("realpath " .. workshop.program))
  workshop.program = pipe:read "l"
end

--- A folder that nobody else has. The test removes it.
function workshop.folder()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder))
  return folder
end

--- Writes a file, and gives its path.
function workshop.write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  return path
end

--- What a file holds; nil where there is none.
function workshop.read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

--- What a shell command prints, errors too, and its exit code.
function workshop.shell(command)
  local pipe <close> = assert(io.popen("( " .. command .. ' ) 2>&1; printf "\\n%d" $?'))
  local output, code = pipe:read "a":match "^(.*)\n(%d+)$"
  return output, math.tointeger(code)
end

--- Ends the test where a condition does not hold, with what was expected and all that helps to see why not.
function workshop.expect(condition, what, ...)
  if condition then return end
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  error(words.n > 0 and what .. ": " .. table.concat(words, " | ") or what, 2)
end

--- A check that goes on after a failure: `compare(what, got, wanted)` tells it, and `finish()` fails if there was one.
function workshop.comparison()
  local failures = 0
  local function compare(what, got, wanted)
    if got == wanted then return end
    failures = failures + 1
    print(("%s: want %q, got %q"):format(what, tostring(wanted), tostring(got)))
  end
  local function finish()
    if failures == 0 then return end
    io.stderr:write(("%d checks of %s failed\n"):format(failures, arg[0]))
    os.exit(1)
  end
  return compare, finish
end

return workshop
