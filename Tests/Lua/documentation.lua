-- The documentation as HTML, as a stranger's browser gets it: whole pages whose links lead somewhere, which ask nobody
-- for anything, and on which everything that a script can call has its place.
-- Run from the repository's root by scripts/test, after the build.

local perigee = require "perigee"
local workshop = require "support.workshop"

local program = workshop.program
local site = os.tmpname()
os.remove(site)
local failures = 0

local function fail(message, ...)
  failures = failures + 1
  if failures <= 20 then io.stderr:write(message:format(...), "\n") end
end

local read = workshop.read

local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  return lines
end

--- Elements that stand open at the end, or are closed in the wrong order: nil, or what is wrong.
local function unbalanced(html)
  local open = {}
  local text = html:gsub("<!%-%-.-%-%->", ""):gsub("^<!DOCTYPE html>", "")
  text = text:gsub("(<script[^>]*>).-(</script>)", "%1%2"):gsub("(<style>).-(</style>)", "%1%2")
  for tag in text:gmatch "<[^>]*>" do
    local close, name, rest = tag:match "^<(/?)(%w+)(.*)>$"
    if not name then return "no tag: " .. tag end
    if close == "/" then
      local last = table.remove(open)
      if last ~= name then return ("</%s> closes <%s>"):format(name, last) end
    elseif not rest:find "/$" then
      open[#open + 1] = name
    end
    local left = rest:gsub('%s[%w%-]+="[^"<]*"', "")
    if not left:find "^%s*/?$" then return "attributes without quotes: " .. tag end
  end
  local words = text:gsub("<[^>]*>", "")
  if words:find "[<>]" then return "a sign that opens no tag" end
  local entity = words:gsub("&%w+;", ""):gsub("&#%d+;", ""):match "&.?.?.?.?.?.?.?"
  if entity then return "no entity: " .. entity end
  return open[1] and "open at the end: " .. table.concat(open, " ") or nil
end

for _, broken in ipairs { "<p><b></p></b>", "<p>", "</p>", "a < b", "<a href=x>y</a>", "a & b" } do
  assert(unbalanced(broken), broken)
end
assert(not unbalanced '<p class="a">a &lt; b<br /></p><script>a < b</script>')

-- Twice to the same folder: what is there already is written over.
for _ = 1, 2 do assert(os.execute(("%s reference --html %s >/dev/null"):format(program, site))) end

local pages, ids = {}, {}
for _, path in ipairs(lines_of(("cd %s && find . -type f | sort"):format(site))) do
  path = path:sub(3)
  if not path:find "%.html$" then fail("%s is no page", path) end
  local html = read(site .. "/" .. path)
  local known = {}
  for id in html:gmatch ' id="([^"]+)"' do
    if known[id] then fail("%s has the id %s twice", path, id) end
    known[id] = true
  end
  pages[path], ids[path] = html, known
end
assert(pages["index.html"] and pages["reference/index.html"] and pages["guide/3-your-own-loss.html"])

--- A link's page from the page that has it: "reference/types/Trainer.html" and "../perigee.html".
local function resolved(page, way)
  local parts = {}
  for part in (page:gsub("[^/]*$", "") .. way):gmatch "[^/]+" do
    if part == ".." then
      if #parts == 0 then return nil end
      parts[#parts] = nil
    else
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

local links = 0
local function check_link(page, address)
  if address:find "^https?://" then return end
  links = links + 1
  local way, anchor = address:match "^([^#]*)#?(.*)$"
  local target = way == "" and page or resolved(page, way)
  if not target or not pages[target] then return fail("%s links to %s, which is no page", page, address) end
  if anchor ~= "" and not ids[target][anchor] then fail("%s links to %s, which has no such place", page, address) end
end

for page, html in pairs(pages) do
  local problem = unbalanced(html)
  if problem then fail("%s: %s", page, problem) end
  for address in html:gmatch ' href="([^"]*)"' do check_link(page, address) end
  -- What a page would ask for by itself.
  local shown = html:gsub("<pre>.-</pre>", ""):gsub('<script type="application/json".-</script>', "")
  for _, sign in ipairs { " src=", "<link", "url(", "@import", "fetch(", "XMLHttpRequest", "import(" } do
    if shown:find(sign, 1, true) then fail("%s asks for something: %s", page, sign) end
  end
  local names = html:match '<script type="application/json" id="names">(.-)</script>'
  for address in names:gmatch '%["[^"]*","([^"]*)"' do check_link("index.html", address) end
end
assert(links > 10000, "there are few links: " .. links)

-- Everything that can be called has a place, by what is there when a script runs.
local places = {}
for _, known in pairs(ids) do
  for id in pairs(known) do places[id] = true end
end
local called = 0
local function check_place(name)
  called = called + 1
  if not places[name] and not places[name:gsub("%.([%w_]+)$", ":%1")] then fail("%s has no place on any page", name) end
end
local function check_module(name, module)
  for key, value in pairs(module) do
    if type(value) == "function" and not tostring(key):find "^__" then check_place(name .. "." .. key) end
    if type(value) == "table" and name == "perigee" then check_module(name .. "." .. key, value) end
  end
end
check_module("perigee", perigee)
for _, path in ipairs(lines_of "find lua/perigee lua/losses -name '*.lua' | sort") do
  local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/", ".")
  local module = require(name)
  check_place(name)
  if type(module) == "table" then
    for key, value in pairs(module) do
      if type(value) == "function" then check_place(name .. "." .. key) end
    end
  end
end
assert(called > 200, "few functions were looked for: " .. called)

-- Options that stand in tables within options, with what they are.
local function row(page, option)
  return pages[page]:match("<tr>\n<td><code>" .. option:gsub("%p", "%%%0") .. "</code>.-</tr>")
end
for _, wanted in ipairs {
  { "reference/perigee.optimizers.html", "groups[].rate", "none" },
  { "reference/perigee.optimizers.html", "groups[].parameters", "required" },
  { "reference/types/Trainer.html", "evaluate.candidates.count", "required" },
  { "reference/perigee.html", "regularization.scope", "batch_mean" },
  { "reference/lua/losses.html", "negative_exponent", "1" },
  { "reference/lua/perigee.html", "description[integer].kind", "none" },
} do
  local found = row(wanted[1], wanted[2])
  if not found or not found:find(wanted[3], 1, true) then
    fail("%s: the option %s is %s", wanted[1], wanted[2], found or "not there")
  end
end

-- Without the converter it says so, and how to get it.
local nowhere = os.tmpname()
local shell = ("PATH=/nowhere %s reference --html %s.pages 2>%s"):format(program, nowhere, nowhere)
assert(not os.execute(shell), "pages without a converter")
assert(read(nowhere):find("cmark-gfm", 1, true) and read(nowhere):find("apt-get install", 1, true), read(nowhere))
os.remove(nowhere)

os.execute(("rm -rf %s"):format(site))
if failures > 0 then
  io.stderr:write(("%d problems of the documentation\n"):format(failures))
  os.exit(1)
end
local count = 0
for _ in pairs(pages) do count = count + 1 end
print(("%d pages, %d links, %d functions"):format(count, links, called))
