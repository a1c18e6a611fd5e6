-- lua/perigee/paper/setting_changes.lua: settings that a command line changes.
-- Runs in the repository's root: .build/release/perigee run Tests/Lua/paper_settings.lua

local setting_changes = require "perigee.paper.setting_changes"
local workshop = require "support.workshop"

local expect = workshop.expect

local known = { rate = 1e-3, batch = 5000, scope = "batch", l2 = 0.0, loss = { kind = "bpr" } }

local changes, why = setting_changes({ "rate=1e-2", " batch = 256 ", "scope=tables", "l2=1" }, known)
expect(changes, "changes", why)
expect(changes.rate == 0.01 and changes.batch == 256 and changes.scope == "tables" and changes.l2 == 1, "values")
expect(math.type(changes.batch) == "integer" and math.type(changes.l2) == "float", "kinds are those of the settings")
expect(next(setting_changes({}, known)) == nil, "nothing")
expect(setting_changes({ "rate=1", "rate=2" }, known).rate == 2, "the last one stands")
expect(known.rate == 1e-3, "what is known stays")

for _, case in ipairs {
  { "rate", "wants NAME=VALUE, got 'rate'" }, { "=1", "wants NAME=VALUE" }, { "", "wants NAME=VALUE" },
  { "rate=", "rate wants a number, got ''" }, { "rate=fast", "rate wants a number, got 'fast'" },
  { "rate=nan", "rate wants a number" }, { "rate=1e999", "rate wants a number" },
  { "batch=1.5", "batch wants a whole number, got '1.5'" },
  { "raet=1", "unknown setting 'raet', did you mean 'rate'?; want one of batch, l2, rate, scope" },
  { "loss=1", "unknown setting 'loss'" }, { "x=1", "unknown setting 'x'" },
} do
  local wrong, reason = setting_changes({ "l2=1", case[1] }, known)
  expect(wrong == nil and reason:find(case[2], 1, true), case[1], reason)
end

-- A script's rows have what was changed, say so, and are other rows.
local function run(options)
  return workshop.shell(("%s run lua/papers/til.lua --quick --rows bpr %s 2>&1"):format(workshop.program, options))
end
local plain, changed = run "", run "--set l2=1,l2_scope=tables"
local function recall(output) return output:match "\nBPR +1 +%d+ +([%d.]+)" end
expect(recall(plain) and recall(changed) and recall(plain) ~= recall(changed), "another result", plain, changed)
expect(changed:find("{l2=1 l2_scope=tables}", 1, true), "a title that says so", changed)
local output, code = run "--set rate=1,batsh=2"
expect(code == 2 and output:find("did you mean 'batch'?", 1, true), "a wrong setting", output)
-- A setting that is 1 or 0 may be another fraction.
output, code = workshop.shell(workshop.program
  .. " run lua/papers/til.lua --quick --rows til_mi --set alpha=0.5,gamma=0,network_decay=0.25,network_rate=1 2>&1")
expect(code == 0 and output:find("{alpha=0.5 gamma=0 network_decay=0.25 network_rate=1}", 1, true), "fractions", output)
-- Those of one baseline change its row, and no other.
local function recalls(options)
  local text = workshop.shell(workshop.program
    .. " run lua/papers/til.lua --quick --rows aobpr,pris,tce,tce_bpr,rce,rce_bpr " .. options .. " 2>&1")
  local list = {}
  for title, value in text:gmatch "\n([A-Z][A-Z-]+) +1 +%d+ +([%d.]+)" do list[title] = value end
  return list
end
local usual = recalls ""
for setting, rows in pairs {
  ["lambda=5"] = "AOBPR", ["negatives=2"] = "PRIS", ["drop=0.9,drop_steps=50"] = "TCE TCE-BPR",
  ["beta=2"] = "RCE RCE-BPR",
} do
  local count = 0
  for title, value in pairs(recalls("--set " .. setting)) do
    local is_its = (" " .. rows .. " "):find(" " .. title .. " ", 1, true) ~= nil
    expect((value ~= usual[title]) == is_its, setting .. ", " .. title, usual[title], value)
    count = count + 1
  end
  expect(count == 6, "rows", count)
end

-- Both kinds of LightGCN: the paper's words and the authors' code.
local graphs = run "--backbone lightgcn,lightgcn_code"
local row = "\nBPR +1 +%d+ +([%d.]+)"
local of_paper, of_code = graphs:match("Table 1, LightGCN,.-" .. row .. ".-Table 1, LightGCN of the code,.-" .. row)
expect(of_paper and of_code and of_paper ~= of_code, "two kinds of LightGCN", graphs)
output, code = run "--backbone lightgcm"
expect(code == 2 and output:find("want some of mf,neumf,mgccf,lightgcn,lightgcn_code", 1, true), "a wrong one", output)
