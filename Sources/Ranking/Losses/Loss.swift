import Interactions

/// The scores of a batch and what a loss makes of them.
///
/// Row `b` holds `width` = 1 + N numbers: the positive's score, then those of its N negatives.
public struct ScorePlane {
  /// Positives in the batch, B.
  public let rowCount: Int
  /// Negatives of each positive, N.
  public let negativeCount: Int
  /// Dense user of each row, `[B]`.
  public let users: UnsafePointer<Int32>
  /// Dense items, `[B, 1 + N]`: the positive, then its negatives. `nil` only where a loss is computed on scores alone.
  public var items: UnsafePointer<Int32>?
  /// `[B, 1 + N]`
  public let scores: UnsafeMutablePointer<Float>
  /// The derivative of the batch's loss with respect to `scores`, `[B, 1 + N]`; the loss writes all of it.
  public let gradients: UnsafeMutablePointer<Float>
  /// Each row's part of the batch's loss, `[B]`; their sum is the loss.
  public let values: UnsafeMutablePointer<Double>
  /// The user's boundary between positives and negatives, `[B]`, where the model has one (UIB, Eq. 3).
  public var boundary: UnsafePointer<Float>?
  /// The derivative with respect to `boundary`, `[B]`; a loss that reads the boundary writes all of it.
  public var boundaryGradients: UnsafeMutablePointer<Float>?
  /// Logarithm of the sampler's unnormalised proposal for each negative, `[B, N]`, where the sampler gives one. A constant.
  public var logProposal: UnsafePointer<Float>?
  /// The same for the positives, `[B]`, for a loss that needs it, where the sampler gives one.
  public var positiveLogProposal: UnsafePointer<Float>?
  /// Items that the sampler drew until it found the row's negative, 0 where it found none, `[B]`, where it gives them. A constant.
  public var trials: UnsafePointer<Float>?
  /// 1 for each negative that the user has in the train part, 0 for the others, `[B, N]`: a traced loss that needs it finds it itself.
  public var known: UnsafePointer<Float>?
  /// The score of each negative as seen from the positive item, `[B, N]`, for a loss that needs `itemScores`.
  public var itemScores: UnsafePointer<Float>?
  /// The derivative with respect to `itemScores`, `[B, N]`; a loss that needs them writes all of it.
  public var itemScoreGradients: UnsafeMutablePointer<Float>?

  public init(
    rowCount: Int, negativeCount: Int, users: UnsafePointer<Int32>, scores: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Double>
  ) {
    self.rowCount = rowCount
    self.negativeCount = negativeCount
    self.users = users
    self.scores = scores
    self.gradients = gradients
    self.values = values
  }

  public var width: Int { 1 + negativeCount }
  public func positive(_ row: Int) -> Float { scores[row * width] }
  public func negatives(_ row: Int) -> UnsafePointer<Float> { UnsafePointer(scores + row * width + 1) }
  public func positiveGradient(_ row: Int) -> UnsafeMutablePointer<Float> { gradients + row * width }
  public func negativeGradients(_ row: Int) -> UnsafeMutablePointer<Float> { gradients + row * width + 1 }
}

/// A function of a batch's scores, with its derivative.
public protocol Loss: AnyObject {
  /// The name that scripts use.
  var name: String { get }

  /// Whether a row's value and gradients depend on that row alone. Such a loss is computed while the row's scores are in cache;
  /// any other is given the whole batch at once.
  var isRowwise: Bool { get }

  /// What the loss reads besides the scores.
  var needs: LossNeeds { get }

  /// What the optimizer moves besides the model: learnable margins, temperatures, weights.
  var parameters: [Parameter] { get }

  /// Takes what the loss must know of the train part: how many users and items there are, which items a user knows. Called when a
  /// trainer is made and before each batch, as trainers may share the loss: the same matrix again must cost nothing.
  func attach(to train: InteractionMatrix) throws

  /// Reads schedules and checks that the batch can be scored. Called once before a batch.
  func prepare(at position: TrainingPosition, negativeCount: Int) throws

  /// The same for a loss that must know more of the batch; by default the other `prepare`. What this loss needs, and whether it
  /// is row-wise, is asked afterwards: both may differ from batch to batch.
  func prepare(for batch: LossBatch) throws

  /// Looks at the batch before it is scored: users, items and proposals stand in `plane`, scores do not. Called once a batch, on the
  /// thread that trains; nothing has moved when it throws.
  func begin(_ plane: ScorePlane) throws

  /// Writes values and gradients of `rows` (all rows of the batch unless `isRowwise`). May run on several threads at once.
  func evaluate(_ plane: ScorePlane, rows: Range<Int>)

  /// Writes values and gradients of the whole batch, for a loss that is not row-wise: on the thread that trains, and it may fail.
  func evaluateBatch(_ plane: ScorePlane) throws

  /// Adds the batch's gradients of `parameters` to a set, once all rows have been evaluated. Called on one thread, so that sums have one
  /// order.
  func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet)
}

extension Loss {
  public var needs: LossNeeds { [] }
  public var parameters: [Parameter] { [] }
  public func attach(to train: InteractionMatrix) throws {}
  public func begin(_ plane: ScorePlane) throws {}
  public func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet) {}
  public func prepare(for batch: LossBatch) throws {
    try prepare(at: batch.position, negativeCount: batch.negativeCount)
  }
  public func evaluateBatch(_ plane: ScorePlane) throws { evaluate(plane, rows: 0..<plane.rowCount) }
}

/// What is known of a batch before its scores are.
public struct LossBatch {
  public var position: TrainingPosition
  /// Positives in the batch, B.
  public var rowCount: Int
  /// Negatives of each positive, N.
  public var negativeCount: Int
  /// The batch's number in its epoch, from 1.
  public var number: Int
  /// What a loss may read besides the scores: the boundary of the model, the scores of items, the sampler's proposal.
  public var offers: LossNeeds

  public init(
    position: TrainingPosition, rowCount: Int, negativeCount: Int, number: Int = 1, offers: LossNeeds = []
  ) {
    self.position = position
    self.rowCount = rowCount
    self.negativeCount = negativeCount
    self.number = number
    self.offers = offers
  }
}

/// What a loss reads of a batch besides its scores.
public struct LossNeeds: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The user's boundary: the model must have one.
  public static let boundary = LossNeeds(rawValue: 1)
  /// The score of each negative as seen from the positive item.
  public static let itemScores = LossNeeds(rawValue: 2)
  /// The sampler's proposal. Only offered, never asked for: a loss does without where there is none.
  public static let logProposal = LossNeeds(rawValue: 4)
  /// The sampler's proposal for the positives. A loss that cannot do without refuses the batch in `begin`.
  public static let positiveLogProposal = LossNeeds(rawValue: 8)
  /// Which negatives the user has in the train part.
  public static let known = LossNeeds(rawValue: 16)
  /// Scores that are squared distances, negated.
  public static let distances = LossNeeds(rawValue: 32)

  /// How many items the sampler drew. Only offered, never asked for.
  public static let trials = LossNeeds(rawValue: 64)

  /// What they are called in messages.
  var description: String {
    let names: [(LossNeeds, String)] = [
      (.boundary, "the boundary"), (.itemScores, "item scores"), (.logProposal, "the log proposal"),
      (.positiveLogProposal, "the log proposal of positives"), (.known, "the items that users know"),
      (.distances, "squared distances"), (.trials, "the trials of the sampler"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: " and ")
  }
}

/// How the terms of a batch become one number.
public enum Reduction: String, Sendable, CaseIterable {
  case mean
  case sum
}

extension Reduction {
  /// What a row's term is multiplied by.
  func scale(_ plane: ScorePlane) -> Float { self == .mean ? 1 / Float(plane.rowCount) : 1 }

  /// What each term is multiplied by where a row has `count` of them.
  func scale(_ plane: ScorePlane, termsInRow count: Int) -> Float {
    self == .mean ? 1 / Float(plane.rowCount * count) : 1
  }
}

extension Loss {
  /// - Throws: an error that says where the schedule left the range.
  func read(_ schedule: Schedule, _ what: String, at position: TrainingPosition, in range: ClosedRange<Double>) throws
    -> Float
  {
    let value = try schedule.value(at: position)
    guard range.contains(value) else {
      throw TrainingError.setting(
        "\(name): \(what) is \(value) at epoch \(position.epoch), step \(position.step); want \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return Float(value)
  }
}
