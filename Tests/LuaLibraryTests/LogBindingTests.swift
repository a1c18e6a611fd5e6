import LuaHost
import LuaLibrary
import Platform
import TestSupport
import Testing

/// Logs of runs as scripts ask for them.
@Suite struct LogBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function train(options)
      local model = perigee.models.mf { data = split, dim = 4, seed = 1, init = { std = 0.3 } }
      local trainer = perigee.trainer {
        model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 5, sampler = perigee.samplers.uniform { count = 3 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, terms = { perigee.terms.covariance { weight = 10 } },
      }
      local all = { epochs = 2, progress = false }
      for key, value in pairs(options) do all[key] = value end
      return trainer:run(all)
    end

    """

  private let folder = TemporaryFolder()

  @Test func aTableOfATraining() throws {
    let values = try run(
      """
      local run = train { log = "\(folder.path)/log.csv", evaluate = { metrics = "ndcg@5" } }
      local lines = {}
      for line in io.lines "\(folder.path)/log.csv" do lines[#lines + 1] = line end
      local last = run.epochs[2]
      local epoch, loss, seconds, term, metric = lines[3]:match "^(%d+),([^,]+),([^,]+),([^,]+),([^,]+)$"
      return lines[1], #lines, tonumber(epoch), tonumber(loss) == last.loss, tonumber(seconds) == last.seconds,
        tonumber(term) == last.terms.covariance, tonumber(metric) == last.metrics["ndcg@5"]
      """, split: smallSplit(validShare: true))
    #expect(values == ["epoch,loss,seconds,terms.covariance,valid.ndcg@5", 3, 2, true, true, true, true])
  }

  @Test func aFitAndOtherNames() throws {
    let values = try run(
      """
      perigee.models.wrmf { data = split, dim = 4, seed = 1 }:fit {
        epochs = 3, progress = false, log = "\(folder.path)/fit.log", log_format = "csv",
      }
      train { log = "\(folder.path)/events" }
      local lines = {}
      for line in io.lines "\(folder.path)/fit.log" do lines[#lines + 1] = line end
      return lines[1], #lines, io.open("\(folder.path)/events") ~= nil, select(2, pcall(train, { log_format = "csv" })),
        select(2, pcall(train, { log = "" }))
      """)
    #expect(
      values == [
        "epoch,objective,seconds", 4, true,
        "t.lua:10: Trainer:run: log_format: is for a log: give log = \"FILE.csv\" or a folder too",
        "t.lua:10: Trainer:run: log: want a file or a folder, got no path",
      ])
  }
}
