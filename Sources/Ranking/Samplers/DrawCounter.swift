import Synchronization

/// How many items a sampler drew for the negatives that it gave: 1 / acceptance, which PRIS' Corollary 4.3 predicts.
///
/// What a user has leads to another draw, which is counted; where so little is left that it is listed, one draw is one negative. A
/// measurement over everything that was drawn, no part of what a training is: it is not in a snapshot.
public final class DrawCounter: Sendable {
  private let keptCount = Atomic<Int>(0)
  private let rejectedCount = Atomic<Int>(0)

  init() {}

  /// Negatives that were given.
  public var kept: Int { keptCount.load(ordering: .relaxed) }
  /// Items that were drawn for them.
  public var drawn: Int { kept + rejectedCount.load(ordering: .relaxed) }

  /// Called once for a piece of a batch, on any thread.
  func add(kept: Int, rejected: Int = 0) {
    keptCount.add(kept, ordering: .relaxed)
    if rejected > 0 { rejectedCount.add(rejected, ordering: .relaxed) }
  }
}
