-- Two losses side by side: curves and bars as text, a picture, and one page of HTML that says all of it. Runs in a few
-- seconds; its files are in a folder of their own that goes in the end.
local perigee = require "perigee"

local folder = os.tmpname()
os.remove(folder)
local store = folder .. "/runs.sqlite"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, valid = 0.1, seed = 7 }
local runs, results = {}, {}
for name, loss in pairs { bpr = perigee.losses.bpr {}, softmax = perigee.losses.softmax { temperature = 0.4 } } do
  local model = perigee.models.mf { data = split, dim = 32, seed = 1 }
  local trainer = perigee.trainer {
    model = model, loss = loss, batch = 256, seed = 1, sampler = perigee.samplers.uniform { count = 20 },
    optimizer = perigee.optimizers.adam { rate = 1e-3 },
  }
  runs[name] = trainer:run {
    epochs = 15, progress = false, evaluate = { on = "valid", metrics = { "ndcg@20" } }, store = store, name = name,
    log = ("%s/%s.csv"):format(folder, name),        -- a folder in place of a .csv: event files for TensorBoard
  }
  results[name] = perigee.evaluate(model, split, {
    metrics = { "recall@20", "ndcg@20" }, per_user = true, groups = "activity", item_groups = "popularity",
  })
end

print(perigee.plot(runs, { show = "ndcg@20", file = folder .. "/curves.svg" }))
print()
print(perigee.plot(results.softmax.item_groups, {
  show = "recall@20", title = "softmax: quarters of the items by popularity", width = 60,
}))
print()
local values = results.softmax.per_user["recall@20"]
print(perigee.plot(values, { kind = "histogram", bins = 10, x = "recall@20", y = "users", width = 60 }))
local page = perigee.report { store = store, file = folder .. "/report.html", baseline = "bpr" }
print(("\n%d bytes of HTML"):format(#assert(io.open(page)):read "a"))
os.execute("rm -r '" .. folder .. "'")
