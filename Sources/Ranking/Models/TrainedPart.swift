import Interactions

/// A train part that a model learned from: whoever evaluates the model can tell whether the items looked for were among it.
public struct TrainedPart: Sendable, Equatable {
  /// Of the train part's pairs.
  public let fingerprint: UInt64
  /// How it was cut, as a script would write it; for messages.
  public let rule: String

  public init(fingerprint: UInt64, rule: String) {
    self.fingerprint = fingerprint
    self.rule = rule
  }

  public init(_ train: InteractionMatrix, rule: String) {
    self.init(fingerprint: train.fingerprint, rule: rule)
  }

  public static func == (left: TrainedPart, right: TrainedPart) -> Bool { left.fingerprint == right.fingerprint }
}

extension ScoredModel {
  /// Takes note that the model has learned from a train part.
  func noteTraining(on part: TrainedPart) {
    if !trainedParts.contains(part) { trainedParts.append(part) }
  }

  /// The first train part that the model learned from and that is not this one; `nil` for a model that was trained on it alone, or
  /// not at all.
  public func otherTrainedPart(than part: TrainedPart) -> TrainedPart? { trainedParts.first { $0 != part } }
}
