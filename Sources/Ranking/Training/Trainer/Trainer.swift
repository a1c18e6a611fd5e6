import Interactions
import Platform
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
  /// Weights of triplets that are learned, where there are any.
  public private(set) var importance: TripletImportance?
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
  /// Whether each epoch draws its positives with replacement, instead of visiting each of them once: see `epochLength`. Set before the
  /// first epoch.
  public var drawsWithReplacement = false

  /// How samples on the wrong side are counted, for the records of epochs; they are not where `nil`. `boundary` wants a model that has
  /// one.
  public var corruption: CorruptedSamples.Rule?

  /// Asked before every batch; `true` stops training there.
  public var isInterrupted: () -> Bool = { false }

  /// The epoch under way or, between two epochs, the one just finished; 0 before the first.
  public internal(set) var epoch = 0
  /// Steps of the optimizer so far, over all epochs: one a batch, or one for `accumulation` batches.
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
  var checkedLoss: (any Loss)?
  /// Users whose interactions are left out, because the sampler has no negatives for them; ascending.
  public private(set) var leftOutUsers: [Int32]
  let trainingStep: TrainingStep
  /// The positives of the epoch under way in the order that it visits them.
  var order = EpochOrder()
  var epochLoss = 0.0
  var epochTerms = TermSums()
  var epochCorrupted: CorruptedSamples?
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
    try LossUse.during(loss) {
      loss.attach(to: model)
      try loss.attach(to: train)
    }
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
    leftOutUsers = sampler.usersWithoutNegatives
    pairCount = try Self.pairCount(of: train, for: sampler)
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
        pairCount = try Self.pairCount(of: train, for: sampler)
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

  /// Lets triplets count by weights that are learned from the next batch on; `nil` takes them away.
  ///
  /// - Throws: `TrainingError` for a model, a loss or weights with which it means nothing.
  public func learnImportance(_ importance: TripletImportance?) throws {
    try importance?.check(model, loss, otherWeights: weighting != nil)
    self.importance = importance
    checkedLoss = nil
  }

  /// What is minimized.
  var objective: Objective { Objective(loss, terms, importance: importance) }

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

  private static func pairCount(of train: InteractionMatrix, for sampler: Sampler) throws -> Int {
    let count = sampler.usersWithoutNegatives.reduce(train.count) { $0 - train.items(of: Int($1)).count }
    guard count == 0 else { return count }
    throw TrainingError.setting(
      "every user of the train part has \(sampler.reasonWithoutNegatives), so sampler '\(sampler.name)' has no negatives for anybody; "
        + "sample with exclude_positives = false, or give it others")
  }

  /// A loss written in Lua shows its parameters only when it is called: so this is asked at the first batch of each loss. A
  /// group may name a parameter of an earlier one.
  func checkGroups(of loss: Loss) throws {
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
  public var batchesPerEpoch: Int { (epochLength - 1) / batchSize + 1 }

  /// Interactions that an epoch visits or draws from: those of the train part but for the users left out.
  public private(set) var pairCount: Int

  /// Bytes held, without the model's and the loss's parameters and what the optimizer keeps with them.
  public var byteCount: Int { trainingStep.byteCount + order.byteCount }

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

  /// Adds what was measured after the last epoch to its record.
  package func addMetrics(_ metrics: [(name: String, value: Double)]) { history[history.count - 1].metrics = metrics }
}
