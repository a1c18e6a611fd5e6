import Interactions

/// How much the positives of a batch count, or each of their triplets.
extension Channel {
  /// A weight of each positive. A loss that does not read it has each row's part multiplied by it.
  public static let weight = Channel(
    7, "weight", .row, use: "reads the weight of each positive", summary: "Weight of each positive",
    absence: { _ in "the trainer has no weight, or one of each triplet" },
    isOffered: { $0.weights?.isByTriplet == false }, fill: copyWeights)

  /// A weight of each positive with each of its negatives. Pairwise losses that do not read it have each term multiplied by it.
  public static let tripletWeight = Channel(
    8, "triplet_weight", .plane, use: "reads the weight of each triplet",
    summary: "Weight of each positive with each of its negatives",
    absence: { _ in "the trainer's weight gives none" }, isOffered: { $0.weights?.isByTriplet == true },
    fill: copyWeights)

  @Sendable private static func copyWeights(
    _ source: ChannelSource, _ plane: ScorePlane, _ numbers: UnsafeMutablePointer<Float>
  ) {
    guard let weights = source.weights else { return }
    numbers.update(from: weights.numbers, count: weights.numbers.count)
  }
}

/// The weights of one batch.
public struct BatchWeights {
  /// `[B]`, or `[B, N]` row by row.
  public var numbers: [Float]
  public var isByTriplet: Bool

  public init(_ numbers: [Float], isByTriplet: Bool = false) {
    self.numbers = numbers
    self.isByTriplet = isByTriplet
  }
}

/// How much each positive, or each of its triplets, counts in training.
public enum Weighting {
  /// A number for each interaction of the train part, user after user with items in ascending order.
  case interactions([Float])
  /// Asked once a batch, on the thread that trains, before the negatives are drawn.
  case function((WeightedBatch) throws -> BatchWeights)
}

/// A batch as a weighting sees it.
public struct WeightedBatch {
  /// Dense users and positives, `[B]` each.
  public let users: [Int32]
  public let positives: [Int32]
  /// Negatives of each, N.
  public let negativeCount: Int
  public let position: TrainingPosition
  public let place: BatchPlace
}

extension Weighting {
  /// What checkpoints know it by.
  var text: String {
    switch self {
    case .interactions(let weights):
      var hash = ContentHash()
      weights.withUnsafeBytes { hash.update($0) }
      return "\(weights.count) numbers (\(hexadecimal(hash.value)))"
    case .function: return "a function"
    }
  }
}
