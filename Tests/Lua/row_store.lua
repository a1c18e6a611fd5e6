-- lua/perigee/json.lua and row_store.lua: what is written comes back, and what is broken is reported.
-- Runs in the repository's root, as scripts/test does.

local perigee = require "perigee"
local json = require "perigee.json"
local row_store = require "perigee.paper.row_store"
local workshop = require "support.workshop"

local expect = workshop.expect

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

-- Rows in a store

local folder = os.tmpname()
os.remove(folder)
local path = folder .. "/with 'quotes'/deep/runs.sqlite"
local store = row_store.open(path)
expect(not store:find "k" and not store:list("k", "users"), "a store that is not there is empty")
store:append("k", { value = 1 }, { name = "first" })
store:append("l", { value = 2, word = 'a "b"' }, { name = "second", lists = { users = { 0.1, 1 / 3 } } })
store:append("k", { value = 3 }, { name = "first", tags = "x", settings = { method = "bpr" } })
expect(store:find "k".value == 3, "the newest row stands")
for _, open in ipairs { function() return store end, function() return row_store.open(path) end } do
  local found = open()
  expect(found:find "k".value == 3 and found:find "l".word == 'a "b"', "rows come back")
  local list = found:list("l", "users")
  expect(#list == 2 and list[1] == 0.1 and list[2] == 1 / 3, "lists come back, to the bit")
  expect(not found:list("l", "other") and not found:list("k", "users") and not found:list("m", "users"), "no list")
end

-- A row is the record of the run that made it.
local runs = perigee.runs.open { path = path }
expect(#runs:list {} == 3, "each row has a record")
local record = runs:find "k"
expect(record.name == "first" and record.tags[1] == "x" and record.settings.method == "bpr", "what is known of a row")
expect(record.results.test.value == 3, "its numbers are results")
store:append("m", { value = 4 }, { run = record.id, name = "not taken" })
expect(#runs:list {} == 3 and runs:find "m".id == record.id, "a row of a run that is recorded")
runs:keep(record.id, { values = { row = "{" } })
local ok, why = pcall(row_store.find, row_store.open(path), "m")
expect(not ok and why:find "is damaged", "a damaged row", tostring(why))
ok, why = pcall(store.append, store, "n", { value = 1 }, { run = "nobody" })
expect(not ok and why:find "there is no run 'nobody'" and not store:find "n", "a run that is not there", tostring(why))
ok, why = pcall(runs.keep, runs, record.id, { values = { a = {}, [1] = "x" } })
expect(not ok, "values want names", tostring(why))
ok, why = pcall(runs.keep, runs, record.id, { values = { a = print } })
expect(not ok and why:find "'a' is a function; want a string", "what cannot be kept", tostring(why))
runs:keep(record.id, { values = { t = perigee.tensor { 1, 2, 0 / 0 }, empty = "", none = {} } })
local kept = runs:kept(record.id, "t")
expect(#kept == 3 and kept[2] == 2 and kept[3] ~= kept[3], "a tensor")
expect(runs:kept(record.id, "empty") == "" and #runs:kept(record.id, "none") == 0, "nothing is something")
expect(runs:kept(record.id, "other") == nil, "what was not kept")
runs:attach(record.id, "/x/picture.svg", "picture")
runs:attach(record.id, "/x/picture.svg", "picture")
local artifacts = runs:get(record.id).artifacts
expect(#artifacts == 1 and artifacts[1].kind == "picture" and artifacts[1].path == "/x/picture.svg", "a file of a run")

-- Fresh, and in memory.
local fresh = row_store.open(path, { fresh = true })
expect(not fresh:find "k", "a fresh store knows no rows")
fresh:append("k", { value = 9 }, { name = "first" })
expect(fresh:find "k".value == 9 and row_store.open(path):find "k".value == 9, "newer rows stand for the old ones")
local memory = row_store.open()
memory:append("k", { value = 5 }, { lists = { users = { 1 } } })
expect(memory:find "k".value == 5 and memory:list("k", "users")[1] == 1 and not memory:find "l", "rows in memory")

ok, why = pcall(row_store.open, folder)
expect(not ok and why:find "cannot be opened", "a folder is no store", tostring(why))
os.execute('rm -r "' .. folder .. '"')
