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
  /// `[B, 1 + N]`
  public let scores: UnsafeMutablePointer<Float>
  /// The derivative of the batch's loss with respect to `scores`, `[B, 1 + N]`; the loss writes all of it.
  public let gradients: UnsafeMutablePointer<Float>
  /// Each row's part of the batch's loss, `[B]`; their sum is the loss.
  public let values: UnsafeMutablePointer<Double>

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

  /// Reads schedules and checks that the batch can be scored. Called once before a batch.
  func prepare(at position: TrainingPosition, negativeCount: Int) throws

  /// Writes values and gradients of `rows` (all rows of the batch unless `isRowwise`). May run on several threads at once.
  func evaluate(_ plane: ScorePlane, rows: Range<Int>)
}

/// How the terms of a batch become one number.
public enum Reduction: String, Sendable, CaseIterable {
  case mean
  case sum
}

extension Loss {
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
