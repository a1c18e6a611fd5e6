-- Weighted least squares, 64 numbers a row: seconds an epoch, and the objective and Recall@20 after as many epochs as
-- the peer. usage: wrmf.lua FOLDER EPOCHS
-- Exact, and by three steps of the conjugate gradient as the peer; confidence as the peer has it.

local perigee = require "perigee"

local split = perigee.data.open(arg[1]):split { kind = "given" }
local epochs = math.tointeger(arg[2])

for _, method in ipairs { "cholesky", "cg" } do
  local model = perigee.models.wrmf {
    data = split, dim = 64, alpha = 10, confidence = "alpha", regularization = 0.01, method = method, seed = 1,
    init = { kind = "uniform", bound = 0.01 },
  }
  model:fit { epochs = 1, progress = false }
  local run = model:fit { epochs = epochs - 1, progress = false }
  print(("perigee wrmf_%s %.6g s"):format(method, run.seconds / #run.epochs))
  print(("perigee wrmf_%s_objective %.8g"):format(method, run.epochs[#run.epochs].objective))
  local recall = perigee.evaluate(model, split, { metrics = "recall@20" })["recall@20"]
  print(("perigee wrmf_%s_recall %.6g"):format(method, recall))
end
