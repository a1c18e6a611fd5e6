import Interactions
import Tensors

@testable import Ranking

/// A batch written out, in place of what an epoch's order and a sampler would give.
struct GivenBatch {
  var users: [Int32]
  var positives: [Int32]
  /// `[B][N]`
  var negatives: [[Int32]]

  /// Random rows; users and items repeat.
  static func random(rows: Int, negatives count: Int, users: Int, items: Int, seed: UInt64) -> GivenBatch {
    var generator = RandomStream(seed: seed, purpose: "batch").generator()
    func item() -> Int32 { Int32.random(in: 0..<Int32(items), using: &generator) }
    return GivenBatch(
      users: (0..<rows).map { _ in Int32.random(in: 0..<Int32(users), using: &generator) },
      positives: (0..<rows).map { _ in item() }, negatives: (0..<rows).map { _ in (0..<count).map { _ in item() } })
  }

  /// Everything but the rows themselves, with defaults that change nothing.
  struct Settings {
    var rate = 1.0
    var weightDecay = 0.0
    var clip: Double?
    var regularization: (weight: Double, scope: Regularization.Scope)?
    var dropout: Float = 0
    var firstPlace = 0
    var terms: [any Term] = []
    /// Whether gradients are collected and then applied, not stepped by at once.
    var collects = false

    static let dropoutStream = RandomStream(seed: 11, purpose: "dropout")
    static let encodingStream = RandomStream(seed: 11, purpose: "encoding")
  }

  /// One step over this batch. Returns its loss.
  @discardableResult
  func run(_ step: TrainingStep, _ loss: Loss, _ settings: Settings = Settings()) throws -> Double {
    try value(step, loss, settings).loss
  }

  /// The same with what the terms added to it.
  func value(_ step: TrainingStep, _ loss: Loss, _ settings: Settings = Settings()) throws -> TrainingStep.BatchValue {
    guard settings.collects else {
      return try step.run(
        batch(step, loss, settings), sampler: GivenSampler(self), objective: Objective(loss, settings.terms), load: load
      )
    }
    let (forward, batch) = try forward(step, loss, settings)
    let (gradients, terms) = try step.gradients(of: forward)
    try step.apply(gradients, batch)
    return .init(loss: forward.value, terms: terms)
  }

  /// Only the first half of a step, and the numbers of it.
  func forward(_ step: TrainingStep, _ loss: Loss, _ settings: Settings = Settings()) throws -> (
    TrainingStep.Forward, TrainingStep.Batch
  ) {
    let batch = try batch(step, loss, settings)
    return (
      try step.forward(batch, sampler: GivenSampler(self), objective: Objective(loss, settings.terms), load: load),
      batch
    )
  }

  private func batch(_ step: TrainingStep, _ loss: Loss, _ settings: Settings) throws -> TrainingStep.Batch {
    try loss.prepare(
      for: LossBatch(
        position: TrainingPosition(epoch: 1, step: step.stepsDone + 1), rowCount: users.count,
        negativeCount: negatives[0].count, number: step.stepsDone + 1, offers: [.boundary, .itemScores]))
    return TrainingStep.Batch(
      rowCount: users.count, negativeCount: negatives[0].count, firstPlace: settings.firstPlace,
      negatives: RandomStream(key: 0), dropoutStream: Settings.dropoutStream,
      encodingStream: Settings.encodingStream, dropout: settings.dropout, rate: settings.rate,
      weightDecay: settings.weightDecay, clip: settings.clip, regularization: settings.regularization)
  }

  private func load(
    _ users: UnsafeMutablePointer<Int32>, _ items: UnsafeMutablePointer<Int32>, _ width: Int
  ) {
    for row in self.users.indices {
      users[row] = self.users[row]
      items[row * width] = positives[row]
    }
  }
}

/// Hands out a batch's own negatives.
private final class GivenSampler: Sampler {
  let name = "given"
  private let batch: GivenBatch

  init(_ batch: GivenBatch) {
    self.batch = batch
  }

  func negativeCount(at position: TrainingPosition, rowCount: Int) -> Double { Double(batch.negatives[0].count) }
  func prepare(_ train: InteractionMatrix) throws {}

  func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      for slot in 0..<draw.count { draw.negatives(row)[slot] = batch.negatives[row][slot] }
    }
  }
}

/// The loss of a batch and its gradient with respect to all parameters, read off a step of plain SGD: `(before - after) / rate`.
///
/// The rate is so large that the difference loses nothing to rounding. The model's parameters are put back.
func gradients(
  of model: MatrixFactorization, _ batch: GivenBatch, _ loss: Loss, _ settings: GivenBatch.Settings = .init(),
  pool: ThreadPool = .shared
) throws -> (loss: Double, users: [Double], items: [Double]) {
  let before = model.parameters
  var settings = settings
  settings.rate = 1024
  let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1024), pool: pool)
  let value = try batch.run(step, loss, settings)
  let after = model.parameters
  func difference(_ a: [Float], _ b: [Float]) -> [Double] { zip(a, b).map { (Double($0) - Double($1)) / 1024 } }
  try model.setParameters(before)
  return (value, difference(before.users, after.users), difference(before.items, after.items))
}

/// A loss that is linear in the scores, `Σ coefficient · score`: its gradients are whatever a test wants them to be.
final class LinearLoss: Loss {
  let name = "linear"
  let isRowwise = true
  /// `[B][1 + N]`
  var coefficients: [[Float]]

  init(_ coefficients: [[Float]]) { self.coefficients = coefficients }

  /// No gradient at all, so that only regularization and decay act.
  static func zero(_ batch: GivenBatch) -> LinearLoss {
    LinearLoss(batch.users.indices.map { _ in [Float](repeating: 0, count: 1 + batch.negatives[0].count) })
  }

  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    for row in rows {
      plane.values[row] = 0
      for slot in 0..<plane.width {
        plane.values[row] += Double(coefficients[row][slot]) * Double(plane.scores[row * plane.width + slot])
        plane.gradients[row * plane.width + slot] = coefficients[row][slot]
      }
    }
  }
}
