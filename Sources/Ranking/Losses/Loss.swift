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
  /// What else there is, by `Channel.number`.
  private var channels = [Input](repeating: Input(), count: Channel.all.count)

  private struct Input {
    var numbers: UnsafePointer<Float>?
    var gradients: UnsafeMutablePointer<Float>?
  }

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

  /// The numbers of an input, `[B]` or `[B, N]`, where the batch has it.
  public subscript(channel: Channel) -> UnsafePointer<Float>? {
    get { channels[channel.number].numbers }
    set { channels[channel.number].numbers = newValue }
  }

  /// The derivative with respect to an input that has one; a loss that reads the input writes all of it.
  public subscript(gradients channel: Channel) -> UnsafeMutablePointer<Float>? {
    get { channels[channel.number].gradients }
    set { channels[channel.number].gradients = newValue }
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
  var needs: Set<Channel> { get }

  /// What the loss does with a weight of each positive.
  var weighing: LossWeighing { get }

  /// For a loss whose terms are pairs of a positive and a negative: what a batch of B N positives with one negative each must be
  /// multiplied by to be the loss of B positives with N negatives each. `nil` for others: they take no weight of each triplet.
  func tripletFactor(negativeCount: Int) -> Float?

  /// What the optimizer moves besides the model: learnable margins, temperatures, weights.
  var parameters: [Parameter] { get }

  /// Those of `parameters` that the loss made itself, and whose memory is its own.
  var ownParameters: [Parameter] { get }

  /// Takes what the loss uses of the model: margins that it keeps. Called before `attach(to:)` with a train part, as often.
  func attach(to model: any RankingModel)

  /// Takes what the loss must know of the train part: how many users and items there are, which items a user knows. Called when a
  /// trainer is made and before each batch, as trainers may share the loss: the same matrix again must cost nothing.
  func attach(to train: InteractionMatrix) throws

  /// What scripts and constructors may set: each is declared once, where it is stored.
  var settings: [any LossSetting] { get }

  /// Reads the settings and checks that the batch can be scored. Called once before a batch. What this loss needs, and whether it is
  /// row-wise, is asked afterwards: both may differ from batch to batch.
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
  public var needs: Set<Channel> { [] }
  public var weighing: LossWeighing { isRowwise ? .scaleRows : .none }
  public func tripletFactor(negativeCount: Int) -> Float? { nil }
  public var parameters: [Parameter] { [] }
  public var ownParameters: [Parameter] { parameters }
  public func attach(to model: any RankingModel) {}
  public func attach(to train: InteractionMatrix) throws {}
  public func begin(_ plane: ScorePlane) throws {}
  public func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet) {}
  public var settings: [any LossSetting] { [] }
  public func prepare(for batch: LossBatch) throws { try readSettings(at: batch.position) }
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
  /// What a loss may read besides the scores.
  public var offers: Set<Channel>

  public init(
    position: TrainingPosition, rowCount: Int, negativeCount: Int, number: Int = 1, offers: Set<Channel> = []
  ) {
    self.position = position
    self.rowCount = rowCount
    self.negativeCount = negativeCount
    self.number = number
    self.offers = offers
  }
}

/// How the terms of a batch become one number.
public enum Reduction: String, Sendable, CaseIterable {
  case mean
  case sum
}

extension Reduction {
  /// `Loss.tripletFactor` of a mean over a row's negatives, which `sum` leaves in place.
  func tripletFactor(_ negativeCount: Int) -> Float { self == .mean ? 1 : 1 / Float(negativeCount) }

  /// What a row's term is multiplied by.
  func scale(_ plane: ScorePlane) -> Float { self == .mean ? 1 / Float(plane.rowCount) : 1 }

  /// What each term is multiplied by where a row has `count` of them.
  func scale(_ plane: ScorePlane, termsInRow count: Int) -> Float {
    self == .mean ? 1 / Float(plane.rowCount * count) : 1
  }
}
