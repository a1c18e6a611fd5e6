import Interactions
import LuaHost
import Ranking

/// A trainer as scripts see it.
public final class TrainerHandle: LuaObject {
  public static var luaName: String { "Trainer" }
  let trainer: Trainer
  let model: ModelHandle
  let split: Split
  let loss: any Loss & LuaObject
  let sampler: any Sampler & LuaObject
  /// The handles of the parts, which own the Lua functions of schedules and losses.
  var kept: [LuaOwned] = []

  init(trainer: Trainer, model: ModelHandle, split: Split, loss: any Loss & LuaObject, sampler: any Sampler & LuaObject)
  {
    self.trainer = trainer
    self.model = model
    self.split = split
    self.loss = loss
    self.sampler = sampler
  }

  var rate: Schedule {
    get { trainer.optimizer.rate }
    set { trainer.optimizer.rate = newValue }
  }

  /// Where training stands, for reading a schedule between steps.
  var position: TrainingPosition { TrainingPosition(epoch: max(1, trainer.epoch), step: max(1, trainer.step)) }

  /// Runs native training so that Ctrl-C stops it between two batches, and errors name users by their identifiers.
  func training<Result>(_ state: LuaState, _ body: () throws -> Result) throws -> Result {
    trainer.isInterrupted = { state.isInterrupted }
    defer { trainer.isInterrupted = { false } }
    do {
      return try body()
    } catch let error as TrainingError where error.kind == .interrupted {
      throw LuaError(kind: .interrupted, message: error.description)
    }
  }
}

/// One batch of a loop over `trainer:batches()`.
public final class BatchHandle: LuaObject {
  public static var luaName: String { "Batch" }
  let owner: TrainerHandle
  /// The batch's number in the epoch, from 1.
  let number: Int
  private(set) var report: Trainer.BatchReport?

  init(owner: TrainerHandle, number: Int) {
    self.owner = owner
    self.number = number
  }

  func step(_ state: LuaState) throws -> Trainer.BatchReport {
    guard report == nil else {
      throw LuaArgumentError("batch \(number) was trained already; take the next from the loop")
    }
    let made = try owner.training(state) { try owner.trainer.trainBatch() }
    report = made
    return made
  }
}

extension Trainer.BatchReport {
  var record: LuaRecord { ["epoch": epoch, "step": step, "loss": loss, "size": size, "ends_epoch": endsEpoch] }
}

extension TrainingRun.EpochRecord {
  var record: LuaRecord {
    ["epoch": epoch, "loss": loss, "seconds": seconds, "metrics": LuaRecord(metrics.map { ($0.name, $0.value) })]
  }
}
