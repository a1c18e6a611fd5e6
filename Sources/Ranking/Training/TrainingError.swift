/// What stops training, and what the person can do about it.
public struct TrainingError: Error, CustomStringConvertible, Equatable {
  public enum Kind: Sendable {
    /// A setting or an input that cannot be trained with.
    case badSetting
    /// A loss or parameter that is NaN or infinite.
    case notFinite
    /// The person asked to stop; everything stands as after the last whole batch.
    case interrupted
    /// What is trained is in the middle of a batch, an epoch or a run, and was asked from there for what has to wait.
    case busy
    /// A file that is not whole.
    case damaged
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  package static func setting(_ text: String) -> TrainingError { TrainingError(.badSetting, text) }
}
