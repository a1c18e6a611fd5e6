import Interactions

/// What a loss reads of how the negatives were drawn, and of what they are.
extension Channel {
  /// The logarithm of the sampler's unnormalized proposal of each negative. A loss does without where there is none.
  public static let logProposal = Channel(
    3, "log_proposal", .plane, use: "reads the log proposal of negatives",
    summary: "Logarithm of the sampler's unnormalized proposal of each negative",
    absence: { _ in "the sampler gives none" }, isOffered: { $0.sampler?.gives.hasLogProposal ?? false })

  /// The same of each positive. A loss that cannot do without refuses the batch in `begin`.
  public static let positiveLogProposal = Channel(
    4, "positive_log_proposal", .row, isOnDemand: true, use: "reads the log proposal of positives",
    summary: "Logarithm of the sampler's unnormalized proposal of each positive",
    absence: { _ in "the sampler gives none" }, isOffered: { $0.sampler?.gives.hasPositiveLogProposal ?? false })

  /// Items that the sampler drew until it found the row's negative, 0 where it found none.
  public static let trials = Channel(
    5, "trials", .row, use: "reads the trials of the sampler",
    summary: "Items that the sampler drew until it found the negative, 0 where it found none",
    absence: { _ in "the sampler counts none" }, isOffered: { $0.sampler?.gives.contains(.trials) ?? false })

  /// 1 for each negative that the user has in the train part, 0 for the others.
  public static let known = Channel(
    6, "known", .plane, isOnDemand: true, use: "reads which items users know",
    summary: "1 for each negative that the user has in the train part, 0 for the others",
    absence: { _ in "there is no train part" }, remedy: "give it data = split", isOffered: { $0.train != nil },
    fill: fillKnown)

  @Sendable private static func fillKnown(
    _ source: ChannelSource, _ plane: ScorePlane, _ numbers: UnsafeMutablePointer<Float>
  ) {
    guard let train = source.train, let items = plane.items else { return }
    let (width, count) = (plane.width, plane.negativeCount)
    for row in 0..<plane.rowCount {
      for slot in 0..<count {
        let knows = train.contains(user: Int(plane.users[row]), item: items[row * width + 1 + slot])
        numbers[row * count + slot] = knows ? 1 : 0
      }
    }
  }
}

extension LossTrace {
  public var logProposal: TracedValue? { optional(.logProposal) }
}

extension ScorePlane {
  /// Logarithm of the sampler's unnormalized proposal for each negative, `[B, N]`, where the sampler gives one. A constant.
  public var logProposal: UnsafePointer<Float>? {
    get { self[.logProposal] }
    set { self[.logProposal] = newValue }
  }
  /// The same for the positives, `[B]`, for a loss that needs it, where the sampler gives one.
  public var positiveLogProposal: UnsafePointer<Float>? {
    get { self[.positiveLogProposal] }
    set { self[.positiveLogProposal] = newValue }
  }
  /// Items that the sampler drew until it found the row's negative, 0 where it found none, `[B]`, where it counts them. A constant.
  public var trials: UnsafePointer<Float>? { self[.trials] }
}
