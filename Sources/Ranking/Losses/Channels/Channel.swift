import Interactions

/// One input of a loss besides the scores, declared once.
///
/// The memory of a batch, what a loss needs and a batch offers, records, programs, tensors, `LossEvaluation`, the fields of scripts
/// and the messages all come from the declaration. A new input is a declaration, with what fills it, and its line in `all`.
public final class Channel: Sendable, Hashable {
  public enum Shape: Sendable {
    /// One number a positive, `[B]`.
    case row
    /// One number a negative, `[B, N]`.
    case plane
    /// No numbers: something that is said of the scores.
    case statement
  }

  /// Its place in `all`.
  let number: Int
  /// The name that scripts use.
  public let name: String
  public let shape: Shape
  /// Whether the loss has a derivative with respect to it.
  public let isDifferentiable: Bool
  /// Whether it is there only for a batch whose loss needs it; else wherever it is offered.
  let isOnDemand: Bool
  /// What a loss does with it, for messages: "reads the users' boundary".
  let use: String
  /// What its numbers are, without a full stop.
  let summary: String
  /// Why there is none, for messages and help.
  let absence: @Sendable (ChannelSource) -> String
  /// What to do about that, where no loss can do without; with `nil` a script reads nil.
  let remedy: String?
  /// Whether a batch can have it.
  let isOffered: @Sendable (ChannelSource) -> Bool
  /// Writes the batch's numbers, `[B]` or `[B, N]`, once the items stand in the plane; `nil` where the model or the sampler writes them.
  let fill: Fill?

  typealias Fill = @Sendable (ChannelSource, ScorePlane, UnsafeMutablePointer<Float>) throws -> Void

  init(
    _ number: Int, _ name: String, _ shape: Shape, isDifferentiable: Bool = false, isOnDemand: Bool = false,
    use: String, summary: String, absence: @escaping @Sendable (ChannelSource) -> String, remedy: String? = nil,
    isOffered: @escaping @Sendable (ChannelSource) -> Bool, fill: Fill? = nil
  ) {
    self.number = number
    self.name = name
    self.shape = shape
    self.isDifferentiable = isDifferentiable
    self.isOnDemand = isOnDemand
    self.use = use
    self.summary = summary
    self.absence = absence
    self.remedy = remedy
    self.isOffered = isOffered
    self.fill = fill
  }

  /// Every input, in the order of help and messages.
  public static let all: [Channel] = [
    .boundary, .distances, .itemScores, .logProposal, .positiveLogProposal, .trials, .known, .weight,
    .tripletWeight,
  ]

  /// Those that have numbers.
  public static let inputs: [Channel] = all.filter { $0.shape != .statement }

  public static func == (one: Channel, other: Channel) -> Bool { one === other }
  public func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// Where the inputs of a batch come from.
struct ChannelSource {
  var model: (any RankingModel)?
  /// `nil` where negatives were given.
  var sampler: (any Sampler)?
  var train: InteractionMatrix?
  /// Those of the batch.
  var weights: BatchWeights?

  /// The same with a weight of each positive.
  func weighed(by weights: [Float]) -> ChannelSource {
    var source = self
    source.weights = BatchWeights(weights)
    return source
  }

  /// What a batch of these can have.
  var offers: Set<Channel> { Set(Channel.all.filter { $0.isOffered(self) }) }
}

extension Channel {
  /// Numbers of a row.
  func columns(negativeCount: Int) -> Int { shape == .plane ? negativeCount : 1 }

  var kind: ValueKind { shape == .plane ? .plane : .row }

  /// What is wrong where a loss wants it and there is none.
  func complaint(_ loss: String, _ source: ChannelSource = ChannelSource()) -> String {
    "\(loss) \(use), and \(absence(source))\(remedy.map { "; \($0)" } ?? "")"
  }

  /// What scripts read of it, for help.
  public var help: String {
    let numbers =
      (shape == .plane ? "N numbers a positive" : "one number a positive") + (isDifferentiable ? "" : ", a constant")
    return "\(summary): \(numbers); \(remedy == nil ? "nil" : "an error") where \(absence(ChannelSource()))."
  }

  /// What a script gives for it, for help.
  public var inputHelp: String { "`\(shape == .plane ? "[B, N]" : "[B]")`. \(summary)." }
}
