-- lua/perigee/json.lua and row_store.lua: what is written comes back, and what is broken is reported.
-- Runs in the repository's root, as scripts/test does.

local json = require "perigee.json"
local row_store = require "perigee.paper.row_store"

local function expect(condition, what, ...)
  if not condition then error(what .. ": " .. table.concat({ ... }, " | "), 2) end
end

local function same(a, b)
  for key, value in pairs(a) do if b[key] ~= value or math.type(b[key]) ~= math.type(value) then return false end end
  for key in pairs(b) do if a[key] == nil then return false end end
  return true
end

-- JSON

for _, record in ipairs {
  {}, { a = 1 }, { a = -7, b = 0.1, c = 1e300, d = 5e-324, e = 1 / 3 }, { yes = true, no = false },
  { ['quote " and \\'] = 'a\nb\tc\r\0\1\31 / \\ " é', empty = "" },
} do
  local line = json.encode(record)
  local back, why = json.decode(line)
  expect(back and same(record, back), "a record comes back", line, tostring(why))
  expect(not line:find "%c", "a record is one line", line)
  for length = 0, #line - 1 do expect(not json.decode(line:sub(1, length)), "part of a line is no record", line) end
end
expect(json.decode ' { "a" : 1.5 , "b" : "\\u00e9\\/" } '.b == "é/", "spaces and escapes")
for _, line in ipairs {
  "", "nil", "[1]", '{"a":1} x', '{"a":1,}', '{"a":nil}', '{"a":0x10}', '{"a":1 "b":2}', '{a:1}', '{"a":"\\q"}',
  '{"a":nan}', '{"a":{"b":1}}', '{"a":"line\nend"}', '{"a":1e}',
} do
  local record, why = json.decode(line)
  expect(record == nil and type(why) == "string", "not a record", line)
end
for _, value in ipairs { 0 / 0, 1 / 0, {}, print } do
  local ok, why = pcall(json.encode, { a = value })
  expect(not ok and why:find "json: a is", "what JSON has no form for", tostring(why))
end

-- Keys

local key = row_store.key
expect(key { b = 1, a = { 2, 3 }, c = "x" } == "{a={2 3} b=1 c=x}", "a key is in order", key { b = 1, a = { 2, 3 } })
expect(key { a = 0.1 } == "{a=0.1}" and key { a = 1e-4 } == "{a=0.0001}", "short numbers", key { a = 0.1 })
expect(key { a = 0.1 } ~= key { a = 0.1 + 1e-16 }, "nearly the same number is another")
expect(key { a = 1 } == key { a = 1.0 }, "1 and 1.0 are the same setting")
expect(key { a = false } ~= key {}, "false is not nothing")

-- Files

local folder = os.tmpname()
os.remove(folder)
local path = folder .. "/with 'quotes'/deep/rows.jsonl"
local store = row_store.open(path)
expect(store.count == 0 and not store:find "k", "a file that is not there is empty")
store:append { key = "k", value = 1 }
store:append { key = "l", value = 2 }
store:append { key = "k", value = 3 }
expect(store.count == 2 and store:find "k".value == 3, "the newest row stands")
store = row_store.open(path)
expect(store.count == 2 and store:find "k".value == 3 and store:find "l".value == 2, "rows come back")

-- Half a line at the end, as a kill in the middle of a write would leave it, takes nothing else with it.
local file = assert(io.open(path, "a"))
file:write 'no row\n\n{"value":1}\n{"key":"m","val'
file:close()
store = row_store.open(path)
expect(store.count == 2 and #store.skipped == 3, "broken lines are passed over", table.concat(store.skipped, "\n"))
expect(store.skipped[1]:find ":4 is no row and is skipped: it does not begin", "the line is named", store.skipped[1])
expect(store.skipped[2]:find ":6 is no row and is skipped: it has no key", "a row without a key", store.skipped[2])
expect(store.skipped[3]:find ":7 is no row and is skipped: no name and colon", "half a line", store.skipped[3])
store:append { key = "n", value = 4 }
store = row_store.open(path)
expect(store.count == 3 and store:find "n".value == 4 and #store.skipped == 3, "a row after half a line is whole")

expect(row_store.open(path, { fresh = true }).count == 0, "a fresh store knows no rows")
local ok, why = pcall(row_store.open, folder)
expect(not ok and why:find "cannot read", "a folder is no file", tostring(why))

-- A full disk is named with the file, and the row does not count.
local full = io.open("/dev/full", "a")
if full then
  full:close()
  store = row_store.open("/dev/full", { fresh = true })
  ok, why = pcall(store.append, store, { key = "k" })
  expect(not ok and why:find "cannot write /dev/full: No space left on device$", "a full disk", tostring(why))
  expect(store.count == 0 and not store:find "k", "a row that was not written")
end
store = row_store.open(folder .. "/rows")
os.execute("mkdir -p '" .. folder .. "/rows'")
ok, why = pcall(store.append, store, { key = "k" })
expect(not ok and why:find("cannot write " .. folder .. "/rows: Is a directory", 1, true), "a folder", tostring(why))
os.execute("rm -r '" .. folder .. "'")
