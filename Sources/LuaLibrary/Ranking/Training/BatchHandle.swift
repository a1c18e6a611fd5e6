import Interactions
import LuaHost
import Ranking
import Tensors

/// One batch of a loop over `trainer:batches()`.
public final class BatchHandle: LuaObject {
  public static var luaName: String { "Batch" }
  let owner: TrainerHandle
  let epoch: Int
  /// The batch's number in the epoch, from 1.
  let number: Int
  /// Batches that the trainer was done with before this one.
  private let batchesBefore: Int
  private(set) var report: Trainer.BatchReport?
  /// Negatives that the script assigned, dense, `[B, N]`.
  private var givenNegatives: [Int32]?
  /// What `forward` or `gradients` found last.
  private var lastLoss: Double?
  /// What `gradients` found last.
  private var lastTerms: [TermValue]?
  private var knownRows: (users: [Int32], positives: [Int32])?

  /// The batch that the trainer stands before.
  ///
  /// - Parameter number: Its number in the epoch, where a loop counts.
  init(owner: TrainerHandle, number: Int? = nil) {
    let trainer = owner.trainer
    self.owner = owner
    epoch = trainer.place == 0 ? trainer.epoch + 1 : trainer.epoch
    self.number = number ?? trainer.place / trainer.batchSize + 1
    batchesBefore = trainer.batchesDone
  }

  // MARK: What is in it

  private func rows() throws -> (users: [Int32], positives: [Int32]) {
    let rows = try knownRows ?? owner.trainer.nextRows()
    knownRows = rows
    return rows
  }

  func users() throws -> BatchRows { try batchRows(.user, \.users) }
  func positives() throws -> BatchRows { try batchRows(.item, \.positives) }

  private func batchRows(
    _ owner: Parameter.Owner, _ list: ((users: [Int32], positives: [Int32])) -> [Int32]
  ) throws -> BatchRows {
    try checkOpen()
    return try BatchRows(owner, list(rows()), split: self.owner.split, reader: .evaluation())
  }

  /// `[B, N]`, positions from 1.
  func negatives() throws -> Tensor {
    try checkOpen()
    let dense = try givenNegatives ?? owner.trainer.forward().negatives
    let count = try rows().users.count
    return try Tensor(dense.map { Float($0 + 1) }, shape: [count, dense.count / count])
  }

  func setNegatives(_ items: Tensor, _ error: (String) -> any Error) throws {
    try checkOpen()
    let count = try rows().users.count
    guard items.rank == 2, items.shape[0] == count, items.shape[1] >= 1 else {
      throw error("got shape \(items.shape); want [\(count), N], N negatives for each positive of the batch")
    }
    givenNegatives = try SamplersModule.itemNumbers(items, itemCount: owner.split.itemCount, error)
    (lastLoss, lastTerms) = (nil, nil)
  }

  // MARK: Its parts

  func forward(_ state: LuaState) throws -> Trainer.ForwardReport {
    try checkOpen()
    let report = try owner.training(state) { try owner.trainer.forward(negatives: givenNegatives) }
    lastLoss = report.loss
    return report
  }

  func gradients(_ state: LuaState) throws -> GradientSet {
    try checkOpen()
    let made = try owner.training(state) { try owner.trainer.gradients(negatives: givenNegatives) }
    (lastLoss, lastTerms) = (made.forward.loss, made.terms)
    return made.gradients
  }

  func apply(_ gradients: GradientSet, _ state: LuaState) throws -> Trainer.BatchReport {
    let (loss, terms) = try valuesSoFar(state)
    return try end { try owner.training(state) { try owner.trainer.apply(gradients, loss: loss, terms: terms) } }
  }

  func skip(_ state: LuaState) throws -> Trainer.BatchReport {
    let (loss, terms) = try valuesSoFar(state)
    return try end { try owner.training(state) { try owner.trainer.passOver(loss: loss, terms: terms) } }
  }

  func step(_ state: LuaState) throws -> Trainer.BatchReport {
    if givenNegatives != nil {
      let gradients = try gradients(state)
      return try apply(gradients, state)
    }
    return try end { try owner.training(state) { try owner.trainer.trainBatch() } }
  }

  /// What the reports say of the batch: terms are computed with their gradients.
  private func valuesSoFar(_ state: LuaState) throws -> (loss: Double, terms: [TermValue]) {
    if lastTerms == nil, !owner.trainer.terms.isEmpty { _ = try gradients(state) }
    return (try lastLoss ?? forward(state).loss, lastTerms ?? [])
  }

  private func end(_ body: () throws -> Trainer.BatchReport) throws -> Trainer.BatchReport {
    try checkOpen()
    let made = try body()
    report = made
    return made
  }

  private func checkOpen() throws {
    guard report == nil else {
      throw LuaArgumentError("batch \(number) was trained already; take the next from the loop")
    }
    guard owner.trainer.batchesDone == batchesBefore else { throw overtaken }
  }

  /// The batch after this one; `nil` at the end of the epoch.
  func next() throws -> BatchHandle? {
    let done = owner.trainer.batchesDone
    guard let report else {
      guard done == batchesBefore else { throw overtaken }
      throw LuaArgumentError(
        "batch \(number) was not trained; call batch:step(), apply or skip in the loop, or break")
    }
    if report.endsEpoch { return nil }
    guard done == batchesBefore + 1 else { throw overtaken }
    return BatchHandle(owner: owner, number: number + 1)
  }

  private var overtaken: LuaArgumentError {
    LuaArgumentError(
      "batch \(number) of epoch \(epoch) is over: the trainer was done with \(batchesBefore + (report == nil ? 0 : 1)) batches when the "
        + "loop had it, and with \(owner.trainer.batchesDone) now. Inside `for batch in trainer:batches()` train by the batch "
        + "alone, not by step, epoch, run or another loop of the same trainer")
  }
}
