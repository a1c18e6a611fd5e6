-- lua/perigee/{seeds,paired_test,text_hash}.lua: what tables say of several seeds, and of chance.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_statistics.lua

local paired_test = require "perigee.paper.paired_test"
local seeds = require "perigee.paper.seeds"
local text_hash = require "perigee.text_hash"

local function expect(condition, what, ...)
  if not condition then
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    error(what .. ": " .. table.concat(words, " | "), 2)
  end
end

local function near(value, wanted, tolerance) return math.abs(value - wanted) <= tolerance * math.abs(wanted) end

-- Seeds

local s = seeds.summary { { a = 1, b = 3, name = "x", other = 1 }, { a = 3, b = 3, name = "y" } }
expect(s.count == 2 and s.a == 2 and s.b == 3 and s.deviation.b == 0 and near(s.deviation.a, 2 ^ 0.5, 1e-15), "summary")
expect(s.name == nil and s.other == nil, "what is no number of all results")
s = seeds.summary { { a = 1 } }
expect(s.count == 1 and s.a == 1 and s.deviation.a == nil, "one seed has no deviation")
s = seeds.summary {}
expect(s.count == 0 and s.failure and s.deviation.a == nil, "no result is a failure")
local lists = { one = { 1, 2 }, two = { 3, 6 }, short = { 1 } }
local function find(key) return lists[key] end
local mean = seeds.mean_of_lists({ "one", "two" }, find)
expect(mean[1] == 2 and mean[2] == 4 and lists.one[1] == 1, "means of lists")
expect(seeds.mean_of_lists({ "one", "none" }, find) == nil and seeds.mean_of_lists({ "one", "short" }, find) == nil
  and seeds.mean_of_lists({}, find) == nil, "lists that are not there, or do not fit")

-- A seed that failed is left out of both.
local rows = { [5] = { a = 1 }, [6] = { failure = "nan" }, [7] = { a = 3 } }
local keys = { [5] = "one", [7] = "two" }
local of_row, means = seeds.of_row(5, 3, function(seed) return rows[seed], keys[seed] end, find)
expect(of_row.count == 2 and of_row.a == 2 and #means == 2 and means[1] == mean[1], "a row with seeds")
of_row = seeds.of_row(6, 1, function(seed) return rows[seed], keys[seed] end, find)
expect(of_row.count == 0 and of_row.failure, "a row without a result")

-- The paired test. Values of p: R, 2 * pt(-t, freedom).

--- Two lists with this t.
local function lists_with(t, count)
  local one, other = {}, {}
  local squares = count % 2 == 0 and count or count - 1
  local deviation = math.sqrt(squares / (count - 1))
  for i = 1, count do
    local noise = i == count and count % 2 == 1 and 0 or i % 2 * 2 - 1
    other[i] = i / 7
    one[i] = other[i] + noise + t * deviation / math.sqrt(count)
  end
  return one, other
end

for _, case in ipairs {
  { 12.706205, 1, 0.04999999896608903 }, { 2.2281388519649, 10, 0.05 }, { 1.0, 4, 0.3739009663000589 },
  { 2.262157, 9, 0.05000001330443163 }, { 10, 29857, 1.6595213720760926e-23 }, { 0.001, 29857, 0.9992021222530368 },
  { -2.2281388519649, 10, 0.05 },
} do
  local t, freedom, p = table.unpack(case)
  local test = paired_test(lists_with(t, freedom + 1))
  expect(near(test.t, t, 1e-8) and near(test.p, p, 1e-7) and test.users == freedom + 1, "p", t, freedom, test.t, test.p)
end
local test = paired_test({ 1, 2, 3 }, { 1, 2, 3 })
expect(test.p == 1 and test.t == 0 and test.difference == 0, "the same lists", test.p)
test = paired_test({ 2, 3, 4 }, { 1, 2, 3 })
expect(test.p == 0 and test.t == math.huge and test.difference == 1, "always one more", test.p)
for _, wrong in ipairs { { { 1 }, { 1 } }, { { 1, 2 }, { 1, 2, 3 } }, { {}, {} } } do
  local ok, why = pcall(paired_test, table.unpack(wrong))
  expect(not ok and why:find("paired_test: want two lists of the same users", 1, true), "wrong lists", why)
end

-- Hashes

expect(text_hash "" == "cbf29ce484222325" and text_hash "a" == "af63dc4c8601ec8c", "FNV-1a", text_hash "a")
