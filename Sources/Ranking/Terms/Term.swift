import Tensors

/// What is added to a ranking loss: a function of parameters, or of the rows of a batch.
///
/// A trainer asks for it once a batch, after the loss was differentiated and before anything moves, on the thread that trains. A term
/// keeps nothing of a batch: it reads its schedules where it needs them, so that several trainers may share it.
public protocol Term: AnyObject {
  /// What reports, checkpoints and messages call it. A trainer has one of a name.
  var name: String { get }
  /// What it reads besides the rows of the batch. The trainer moves and saves those that are not the model's.
  var parameters: [Parameter] { get }
  /// Numbers that a script may assign; checkpoints know them.
  var numbers: [AssignableNumber] { get }
  /// With its settings, for checkpoints.
  var text: String { get }

  /// - Throws: `TrainingError` for a model for which it means nothing.
  func check(_ model: any RankingModel) throws

  /// Adds its gradients, weight included, to those of the loss. Rows are read by readers of the batch, which bring them up to date.
  ///
  /// - Returns: What it adds to the loss. A number that is not finite ends the batch before anything has moved.
  func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double
}

extension Term {
  public var parameters: [Parameter] { [] }
  public var numbers: [AssignableNumber] { [] }
  public func check(_ model: any RankingModel) throws {}

  /// A schedule's number in this batch.
  ///
  /// - Throws: `TrainingError` where it leaves the range.
  func number(_ schedule: Schedule, _ what: String, in range: ClosedRange<Double>, _ batch: TermBatch) throws -> Double
  {
    let value = try schedule.value(at: batch.position)
    guard range.contains(value) else {
      throw TrainingError.setting(
        "term '\(name)': \(what) is \(value.isNaN ? "nan" : "\(value)") at epoch \(batch.position.epoch), step "
          + "\(batch.position.step); want \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The numbers that a script may assign, as a part of `text`.
  var numbersText: String { numbers.map(\.text).joined(separator: ", ") }
}

/// What a term added to the loss of a batch, or its mean over those of an epoch.
public struct TermValue: Sendable, Equatable {
  public let name: String
  public let value: Double
}
