import Platform
import Interactions
import Tensors

/// Trains a model on the train part of a split, batch by batch.
///
/// Everything that a schedule or an assignment may change is read once a batch. The order of the positives, the negatives and
/// the dropout of a batch depend on the seed and on the batch's place only. An interruption or an error stops between two
/// batches: the trainer stands as after the last whole batch and goes on from there when it is run again.
public final class Trainer {
  public let model: any RankingModel
  public let train: InteractionMatrix
  /// What the model is noted to have learned from.
  public let part: TrainedPart
  public let seed: UInt64
  /// May be another from batch to batch.
  public var loss: Loss
  /// What is added to the loss. May be others from batch to batch: see `useTerms`.
  public private(set) var terms: [any Term] = []
  /// May be another from batch to batch: see `useSampler`.
  public private(set) var sampler: Sampler
  public let optimizer: Optimizer
  public var regularization: Regularization?
  /// How much positives count: see `weigh`.
  var weighting: Weighting?
  /// Positives in a batch; an epoch's last batch has what is left.
  public var batchSize: Int
  /// Batches whose gradients make one step, by their mean; what is left at the end of an epoch makes a smaller one. 1 steps after each.
  public var accumulation = 1
  /// Of the batches since the last step, where several make one.
  var accumulated: AccumulatedGradients?
  /// Whether each epoch visits the positives in a new random order.
  public var shuffles = true

  /// Asked before every batch; `true` stops training there.
  public var isInterrupted: () -> Bool = { false }

  /// The epoch under way or, between two epochs, the one just finished; 0 before the first.
  public internal(set) var epoch = 0
  /// Batches trained so far, over all epochs.
  public var step: Int { trainingStep.stepsDone }
  /// Batches that were done with, over all epochs, whether they made a step or not.
  public internal(set) var batchesDone = 0
  /// The place in the epoch of the next batch's first positive; 0 between epochs.
  public internal(set) var place = 0
  /// What became of each finished epoch, over all runs and loops, in order.
  public internal(set) var history: [EpochRecord] = []
  /// The best evaluation of the last run with early stopping.
  public package(set) var best: BestEpoch?
  /// What runs have measured of this training, for schedules that follow a metric.
  public let evaluations = EvaluationLog()

  /// What the trainer is in the middle of; `nil` where it may begin something.
  private(set) var activity: TrainerActivity?
  /// Of the model and of every loss so far: what a group of the optimizer may name.
  private var knownParameters: Set<String> = []
  /// The last loss whose parameters are among these.
  private var checkedLoss: (any Loss)?
  /// Users whose interactions are left out, because the sampler has no negatives for them; ascending.
  public private(set) var leftOutUsers: [Int32]
  let trainingStep: TrainingStep
  let userOfPair: [Int32]
  /// The interactions that an epoch visits, in the order of the train part.
  private var pairs: [Int32]
  /// The pairs of the epoch under way in the order that it visits them.
  var order: [Int32] = []
  var epochLoss = 0.0
  var epochTerms = TermSums()
  var epochBatches = 0
  var epochSeconds = 0.0
  /// What it was made of: a checkpoint of another trainer is refused.
  public private(set) var description = TrainerDescription([])

  /// - Parameter rule: How the train part was cut, for messages.
  public init(
    model: any RankingModel, train: InteractionMatrix, loss: Loss, sampler: Sampler, optimizer: Optimizer,
    batchSize: Int, seed: UInt64, rule: String = "train", pool: ThreadPool = .shared
  ) throws {
    guard train.userCount == model.userCount, train.itemCount == model.itemCount else {
      throw TrainingError.setting(
        "the model has \(model.userCount) users and \(model.itemCount) items, the data \(train.userCount) and "
          + "\(train.itemCount); make the model from the data it is trained on")
    }
    guard train.count > 0 else {
      throw TrainingError.setting("the train part has no interactions; nothing to learn from")
    }
    guard batchSize >= 1 else { throw TrainingError.setting("batch is \(batchSize); want at least 1") }
    try optimizer.checkMethod()
    try LossUse.during(loss) { try loss.attach(to: train) }
    try SamplerUse.during(sampler) { try sampler.prepare(train) }
    self.model = model
    self.train = train
    part = TrainedPart(train, rule: rule)
    self.loss = loss
    self.sampler = sampler
    self.optimizer = optimizer
    self.batchSize = batchSize
    self.seed = seed
    trainingStep = try TrainingStep(model: model, optimizer: optimizer, pool: pool)
    userOfPair = [Int32](unsafeUninitializedCapacity: train.count) { buffer, count in
      for user in 0..<train.userCount {
        for pair in train.rowOffsets[user]..<train.rowOffsets[user + 1] { buffer[pair] = Int32(user) }
      }
      count = train.count
    }
    leftOutUsers = sampler.usersWithoutNegatives
    pairs = try Self.pairs(of: train, for: sampler)
    describe()
  }

  /// Draws the negatives by another sampler from the next batch on.
  ///
  /// - Throws: What preparing it throws; `TrainingError` where it leaves out other users than the one before, in the middle of an epoch,
  ///   whose order is drawn. The trainer keeps the sampler before then.
  public func useSampler(_ sampler: Sampler) throws {
    try SamplerUse.during(sampler) {
      try sampler.prepare(train)
      let leftOut = sampler.usersWithoutNegatives
      if leftOut != leftOutUsers {
        var isInBatch = false
        if case .batch = activity { isInBatch = true }
        guard place == 0, !isInBatch else {
          throw TrainingError.setting(
            "sampler '\(sampler.name)' has no negatives for \(leftOut.count) users, '\(self.sampler.name)' for \(leftOutUsers.count), and "
              + "epoch \(epoch) is under way; assign it between two epochs")
        }
        pairs = try Self.pairs(of: train, for: sampler)
        leftOutUsers = leftOut
      }
      self.sampler = sampler
    }
  }

  /// Adds other terms to the loss from the next batch on. What the optimizer remembers of their parameters is kept.
  ///
  /// - Throws: `TrainingError` where two have one name, or one means nothing for the model. The trainer keeps its terms then.
  public func useTerms(_ terms: [any Term]) throws {
    for (place, term) in terms.enumerated() {
      guard !terms[..<place].contains(where: { $0.name == term.name }) else {
        throw TrainingError.setting("two terms are named '\(term.name)'; give each a name of its own")
      }
      try term.check(model)
    }
    self.terms = terms
    // Their parameters may be new to the optimizer's groups.
    checkedLoss = nil
  }

  /// What is minimized.
  var objective: Objective { Objective(loss, terms) }

  /// All that is trained: of the model, of the loss and of the terms, each once.
  public var trainedParameters: [Parameter] { model.trainedParameters.adding(objective.parameters) }

  /// Notes what the trainer is made of, for checkpoints: call it again where more was set before the first batch.
  ///
  /// - Parameters:
  ///   - loss: The loss with its settings in words; its name where `nil`.
  ///   - sampler: The same of the sampler.
  ///   - weight: The same of what positives count, where they do not count alike.
  public func describe(loss: String? = nil, sampler: String? = nil, weight: String? = nil) {
    description = makeDescription(loss: loss, sampler: sampler, weight: weight)
  }

  /// The pairs that an epoch visits.
  private static func pairs(of train: InteractionMatrix, for sampler: Sampler) throws -> [Int32] {
    let pairs = pairs(of: train, leavingOut: sampler.usersWithoutNegatives)
    guard pairs.isEmpty else { return pairs }
    throw TrainingError.setting(
      "every user of the train part has \(sampler.reasonWithoutNegatives), so sampler '\(sampler.name)' has no negatives for anybody; "
        + "sample with exclude_positives = false, or give it others")
  }

  private static func pairs(of train: InteractionMatrix, leavingOut users: [Int32]) -> [Int32] {
    var pairs: [Int32] = []
    pairs.reserveCapacity(train.count)
    var next = 0
    for user in users {
      pairs += Int32(next)..<Int32(train.rowOffsets[Int(user)])
      next = train.rowOffsets[Int(user) + 1]
    }
    pairs += Int32(next)..<Int32(train.count)
    return pairs
  }

  /// A loss written in Lua shows its parameters only when it is called: so this is asked at the first batch of each loss. A
  /// group may name a parameter of an earlier one.
  private func checkGroups(of loss: Loss) throws {
    let known = trainedParameters.map(\.name)
    knownParameters.formUnion(known)
    for name in optimizer.groups.flatMap(\.names)
    where !knownParameters.contains(where: { Optimizer.stands(name, for: $0) }) {
      throw TrainingError.setting(
        "the optimizer has a group for a parameter '\(name)'; the model\(terms.isEmpty ? " and the loss" : ", the loss and the terms") have "
          + known.map { "'\($0)'" }.joined(separator: ", "))
    }
    checkedLoss = loss
  }

  /// Batches in an epoch at the present batch size.
  public var batchesPerEpoch: Int { (pairCount - 1) / batchSize + 1 }

  /// Interactions that an epoch visits: those of the train part but for the users left out.
  public var pairCount: Int { pairs.count }

  /// Bytes held, without the model's and the loss's parameters and what the optimizer keeps with them.
  public var byteCount: Int { trainingStep.byteCount + 4 * (order.count + userOfPair.count + pairs.count) }

  /// What one batch did.
  public struct BatchReport: Sendable {
    public let epoch: Int
    /// The batch's number over all epochs, from 1.
    public let step: Int
    /// The loss before the step, without regularisation.
    public let loss: Double
    /// What the terms added to it, before the step.
    public let terms: [TermValue]
    /// Positives in the batch.
    public let size: Int
    /// Whether the epoch ended with this batch.
    public let endsEpoch: Bool
  }

  /// Trains one batch; starts a new epoch where the last one ended.
  ///
  /// - Throws: `TrainingError` of kind `busy` from within a batch, an epoch or a run of this trainer; `interrupted`, `badSetting` and
  ///   `notFinite` as they say; what the loss, a schedule or the model threw. The trainer stands as before the batch then.
  @discardableResult
  public func trainBatch() throws -> BatchReport {
    try checkIdle(for: "a batch")
    return try trainNextBatch()
  }

  func checkIdle(for what: String) throws {
    if let activity { throw TrainingError(.busy, activity.refusal(of: what)) }
  }

  /// Runs `body` as something that the trainer is in the middle of.
  private func during<Result>(_ activity: TrainerActivity, _ body: () throws -> Result) rethrows -> Result {
    let outer = self.activity
    self.activity = activity
    defer { self.activity = outer }
    return try body()
  }

  private func trainNextBatch() throws -> BatchReport {
    try inBatch { position, objective, sampler in
      let began = monotonicSeconds()
      let batch = try open(at: position, objective.loss, sampler, negatives: nil)
      let value =
        accumulation > 1
        ? try accumulate(batch, objective, sampler, at: position) : try run(batch, objective, sampler, at: position)
      return close(position, value, batch.rowCount, began: began)
    }
  }

  /// Runs `body` in the batch that the trainer stands before.
  func inNextBatch<Result>(_ body: (TrainingPosition, Objective, Sampler) throws -> Result) throws -> Result {
    try checkIdle(for: "a batch")
    return try inBatch(body)
  }

  func inBatch<Result>(_ body: (TrainingPosition, Objective, Sampler) throws -> Result) throws -> Result {
    if isInterrupted() {
      throw TrainingError(
        .interrupted, "stopped at epoch \(max(epoch, 1)), step \(step); the model stands as after the last whole batch")
    }
    let position = TrainingPosition(epoch: place == 0 ? epoch + 1 : epoch, step: step + 1, evaluations: evaluations)
    return try during(.batch(position)) {
      trainingStep.batchUnderWay = position
      defer { trainingStep.batchUnderWay = nil }
      // What is assigned while the batch is under way counts from the next one on.
      let (objective, sampler) = (objective, sampler)
      return try LossUse.during(objective.loss) {
        while true {
          do { return try body(position, objective, sampler) } catch is TrainingStep.ReadTooEarly { continue }
        }
      }
    }
  }

  /// Everything about the next batch, resolved.
  ///
  /// - Parameter negatives: Dense items in place of drawn ones, `[B, N]`.
  func open(at position: TrainingPosition, _ loss: Loss, _ sampler: Sampler, negatives: [Int32]?) throws
    -> TrainingStep.Batch
  {
    var batch = try settings(at: position, sampler, batchSize: batchSize, negatives: negatives)
    if place == 0 { order = orderOfEpoch(position.epoch) }
    batch.weights = try weights(of: batch, at: position)
    // It may have been given to a trainer with other data in between.
    try loss.attach(to: train)
    let source = ChannelSource(
      model: model, sampler: negatives == nil ? sampler : nil, train: train, weights: batch.weights)
    let offers = source.offers
    try loss.prepare(
      for: LossBatch(
        position: position, rowCount: batch.rowCount, negativeCount: batch.negativeCount, number: batch.place.number,
        offers: offers))
    // A loss that wants what has no remedy says so itself.
    for channel in Channel.all where loss.needs.contains(channel) && !offers.contains(channel) && channel.remedy != nil
    {
      throw TrainingError.setting(channel.complaint("loss '\(loss.name)'", source))
    }
    if checkedLoss !== loss { try checkGroups(of: loss) }
    return batch
  }

  /// Takes note of a batch that is done with, and stands before the next.
  func close(_ position: TrainingPosition, _ value: TrainingStep.BatchValue, _ size: Int, began: Double) -> BatchReport
  {
    model.noteTraining(on: part)
    batchesDone += 1
    if place == 0 { (epochLoss, epochTerms, epochBatches, epochSeconds) = (0, TermSums(), 0, 0) }
    epoch = position.epoch
    place += size
    epochLoss += value.loss
    epochTerms.add(value.terms)
    epochBatches += 1
    epochSeconds += monotonicSeconds() - began
    let ends = place >= pairCount
    if ends {
      place = 0
      let report = currentEpochReport
      history.append(EpochRecord(epoch: report.epoch, loss: report.loss, terms: report.terms, seconds: report.seconds))
    }
    return BatchReport(
      epoch: epoch, step: step, loss: value.loss, terms: value.terms, size: size, endsEpoch: ends)
  }

  /// What one epoch did.
  public struct EpochReport: Sendable {
    public let epoch: Int
    /// Mean of the batches' losses.
    public let loss: Double
    /// Of each term the mean over the batches that had it.
    public let terms: [TermValue]
    public let batches: Int
    /// Seconds spent in batches.
    public let seconds: Double
  }

  /// Trains to the end of the epoch under way, or through a new one.
  ///
  /// - Parameter onBatch: Called after every batch.
  /// - Throws: As `trainBatch`, and what `onBatch` throws.
  public func trainEpoch(onBatch: (BatchReport) throws -> Void = { _ in }) throws -> EpochReport {
    try checkIdle(for: "an epoch")
    return try trainNextEpoch(onBatch: onBatch)
  }

  /// The epochs of a run, which has the trainer for itself.
  package func trainEpochOfRun(onBatch: (BatchReport) throws -> Void) throws -> EpochReport {
    try trainNextEpoch(onBatch: onBatch)
  }

  private func trainNextEpoch(onBatch: (BatchReport) throws -> Void) throws -> EpochReport {
    try during(.epoch(place == 0 ? epoch + 1 : epoch)) {
      while true {
        let report = try trainNextBatch()
        try onBatch(report)
        if report.endsEpoch { return currentEpochReport }
      }
    }
  }

  /// Gives the trainer to a run: until it ends only `trainEpochOfRun` trains.
  package func duringRun<Result>(_ body: () throws -> Result) throws -> Result {
    try checkIdle(for: "a run")
    return try during(.run, body)
  }

  /// The epoch under way so far, or the one just finished.
  public var currentEpochReport: EpochReport {
    EpochReport(
      epoch: epoch, loss: epochLoss / Double(max(1, epochBatches)), terms: epochTerms.means, batches: epochBatches,
      seconds: epochSeconds)
  }

  /// Adds what was measured after the last epoch to its record.
  package func addMetrics(_ metrics: [(name: String, value: Double)]) { history[history.count - 1].metrics = metrics }

  /// The pairs of an epoch in the order that it visits them.
  func orderOfEpoch(_ epoch: Int) -> [Int32] {
    var order = pairs
    if shuffles {
      let stream = RandomStream(seed: seed, purpose: "order", epoch)
      order.withUnsafeMutableBufferPointer { order in
        for index in Swift.stride(from: order.count - 1, to: 0, by: -1) {
          order.swapAt(index, stream.integer(below: index + 1, at: UInt64(index)))
        }
      }
    }
    return order
  }

  private func settings(
    at position: TrainingPosition, _ sampler: Sampler, batchSize: Int, negatives: [Int32]?
  ) throws -> TrainingStep.Batch {
    func number(_ schedule: Schedule, _ name: String, _ range: ClosedRange<Double>) throws -> Double {
      try checked(schedule.value(at: position), name, range)
    }
    func checked(_ value: Double, _ name: String, _ range: ClosedRange<Double>) throws -> Double {
      guard range.contains(value) else {
        throw TrainingError.setting(
          "\(name) is \(value.isNaN ? "nan" : "\(value)") at epoch \(position.epoch), step \(position.step); want a number from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return value
    }
    guard batchSize >= 1 else { throw TrainingError.setting("batch is \(batchSize); want at least 1") }
    let rowCount = min(batchSize, pairCount - place)
    if let negatives, negatives.isEmpty || negatives.count % rowCount != 0 {
      throw TrainingError.setting(
        "\(negatives.count) negatives were given for a batch of \(rowCount) positives; want as many for each")
    }
    let count = try checked(
      negatives.map { Double($0.count / rowCount) } ?? sampler.negativeCount(at: position, rowCount: rowCount),
      "count of negatives", 1...1e6)
    guard count == count.rounded() else {
      throw TrainingError.setting("count of negatives is \(count) at epoch \(position.epoch); want a whole number")
    }
    try regularization?.scope.check(model, "regularization")
    let regularization = try regularization.map {
      (weight: try number($0.weight, "regularization weight", 0...1e9), scope: $0.scope)
    }
    return TrainingStep.Batch(
      rowCount: rowCount, negativeCount: Int(count), firstPlace: place,
      place: BatchPlace(epoch: position.epoch, number: place / batchSize + 1), evaluations: evaluations,
      train: train, negatives: RandomStream(seed: seed, purpose: "negatives", position.epoch),
      givenNegatives: negatives,
      dropoutStream: RandomStream(seed: seed, purpose: "dropout", position.epoch),
      encodingStream: RandomStream(seed: seed, purpose: "encoding", position.epoch, place),
      dropout: Float(try number(model.dropout, "dropout", 0...0.999)),
      rate: try number(optimizer.rate, "rate", 0...1e6),
      weightDecay: try number(optimizer.weightDecay, "weight decay", 0...1e6),
      clip: try optimizer.clip.map { try number($0, "clip", 1e-30...1e30) },
      regularization: regularization?.weight == 0 ? nil : regularization,
      groups: try optimizer.groups.map { group in
        GroupNumbers(
          rate: try number(group.rate ?? optimizer.rate, "rate of \(group.names)", 0...1e6),
          weightDecay: try number(
            group.weightDecay ?? optimizer.weightDecay, "weight decay of \(group.names)", 0...1e6),
          clip: try group.clip.map { try number($0, "clip of \(group.names)", 1e-30...1e30) })
      })
  }

  private func run(
    _ batch: TrainingStep.Batch, _ objective: Objective, _ sampler: Sampler, at position: TrainingPosition
  ) throws -> TrainingStep.BatchValue {
    try namingNonFinite(objective, at: position) {
      try trainingStep.run(batch, sampler: sampler, objective: objective) { load(batch, $0, $1, $2) }
    }
  }

  func forward(
    _ batch: TrainingStep.Batch, _ objective: Objective, _ sampler: Sampler, at position: TrainingPosition
  ) throws -> TrainingStep.Forward {
    try namingNonFinite(objective, at: position) {
      try trainingStep.forward(batch, sampler: sampler, objective: objective) { load(batch, $0, $1, $2) }
    }
  }

  /// Backward of a batch that was scored: its gradients, with those of the terms.
  func gradients(of forward: TrainingStep.Forward, at position: TrainingPosition) throws -> (
    gradients: GradientSet, terms: [TermValue]
  ) {
    try namingNonFinite(forward.objective, at: position) { try trainingStep.gradients(of: forward) }
  }

  func apply(
    _ gradients: GradientSet, _ batch: TrainingStep.Batch, _ objective: Objective, at position: TrainingPosition
  ) throws {
    try namingNonFinite(objective, at: position) { try trainingStep.apply(gradients, batch) }
  }

  private func load(
    _ batch: TrainingStep.Batch, _ users: UnsafeMutablePointer<Int32>, _ items: UnsafeMutablePointer<Int32>,
    _ width: Int
  ) {
    for row in 0..<batch.rowCount {
      let pair = Int(order[place + row])
      users[row] = userOfPair[pair]
      items[row * width] = train.items[pair]
    }
  }

  private func namingNonFinite<Result>(
    _ objective: Objective, at position: TrainingPosition, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let failure as TrainingStep.NonFinite {
      throw notFinite(failure, objective, at: position)
    }
  }

  private func notFinite(_ failure: TrainingStep.NonFinite, _ objective: Objective, at position: TrainingPosition)
    -> TrainingError
  {
    let bad = model.trainedParameters.adding(objective.parameters).compactMap { parameter -> String? in
      let values = parameter.currentValues
      guard let place = values.firstIndex(where: { !$0.isFinite }) else { return nil }
      let what = ["user": "the user embeddings", "item": "the item embeddings"][parameter.name]
      return "\(what ?? "parameter '\(parameter.name)'") hold \(values[place].isNaN ? "nan" : "\(values[place])") "
        + "(first in row \(place / parameter.columnCount))"
    }
    let loss = "the loss '\(objective.loss.name)'"
    let subject = failure.term.map { "term '\($0)'" } ?? (failure.isGradient ? "the gradient of \(loss)" : loss)
    // An invalid operation may leave a NaN with a sign, which means nothing.
    let value = failure.value.isNaN ? "nan" : "\(failure.value)"
    let overflow =
      failure.isGradient ? "its gradient overflows" : "the \(failure.term == nil ? "loss" : "term") itself overflows"
    let cause = bad.isEmpty ? "all parameters are finite, so \(overflow)" : bad.joined(separator: " and ")
    return TrainingError(
      .notFinite,
      "\(subject) is \(value) at epoch \(position.epoch), step \(position.step): \(cause); nothing was changed by this "
        + "batch. Try a lower rate, gradient clipping (clip = 10), or a loss with a larger temperature")
  }
}
