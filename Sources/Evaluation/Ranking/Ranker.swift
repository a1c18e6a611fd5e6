import Platform
import Interactions
import Kernels
import Ranking
import Tensors

/// What both ways of scoring offer: the best items of users, and the area under the curve.
///
/// Arguments have been checked: users in range, `k` in `1...itemCount`, mask of the scores' shape.
protocol Ranker {
  var userCount: Int { get }
  var itemCount: Int { get }

  /// The `k` best items of each user that are not in `mask`.
  func top(_ k: Int, users: [Int32], excluding mask: InteractionMatrix?) throws -> RankedLists

  /// Shows each user's scores of all items to a counter of the user's own, a part of them at a time.
  ///
  /// - Parameter make: Makes the counter of the user at a position; the function that it gets gives the scores of some items, the same
  ///   bits as those that the counter will see. Called on any thread.
  func count<Counter: ScoreCounter>(
    users: [Int32], _ make: @Sendable (_ position: Int, _ scores: ([Int32]) -> [Float]) -> Counter
  ) throws -> [Counter.Outcome]
}

/// Counts something of one user's scores of all items.
protocol ScoreCounter: SendableMetatype {
  associatedtype Outcome: Sendable

  /// Sees further scores. Returns the offset of one that is not a number.
  mutating func add(_ scores: UnsafeBufferPointer<Float>) -> Int?

  /// What was counted, once all items have been seen.
  func outcome(itemCount: Int) -> Outcome
}

extension Ranker {
  /// For each user the share of (relevant, irrelevant) pairs of unmasked items that are ranked right, ties counting one half;
  /// NaN for a user without such a pair.
  func areasUnderCurve(users: [Int32], relevant: InteractionMatrix, excluding mask: InteractionMatrix?) throws
    -> [Double]
  {
    try count(users: users) { position, scores in
      let user = Int(users[position])
      return PairCounter(relevant: relevant.items(of: user), masked: mask?.items(of: user) ?? [], scores: scores)
    }
  }
}

/// A place for each user's outcome, each written by the task of its own user.
struct Outcomes<Outcome: Sendable> {
  private let places: UnsafeMutablePointer<Outcome?>
  private let count: Int

  static func collected(
    _ count: Int, _ fill: (Shared<Outcomes<Outcome>>) throws -> Void
  ) rethrows -> [Outcome?] {
    let outcomes = Outcomes(places: .allocate(capacity: count), count: count)
    outcomes.places.initialize(repeating: nil, count: count)
    defer {
      outcomes.places.deinitialize(count: count)
      outcomes.places.deallocate()
    }
    try fill(Shared(outcomes))
    return Array(UnsafeBufferPointer(start: outcomes.places, count: count))
  }

  func set(_ position: Int, _ outcome: Outcome) { places[position] = outcome }
}

extension ModelScores {
  func ranker(pool: ThreadPool) -> any Ranker {
    switch self {
    case .factors(let factors): FactorRanker(factors, pool: pool)
    case .source(let source): ScoreRanker(source: source, pool: pool)
    }
  }
}

/// The lists of all users while the tasks of a loop fill them, each its own users.
struct ListBuffers {
  let items: UnsafeMutablePointer<Int32>
  let scores: UnsafeMutablePointer<Float>
  let counts: UnsafeMutablePointer<Int32>
}

extension RankedLists {
  /// Lets `fill` write the kernels' results, for k places a user, then clears the places past each list's end.
  init(users: [Int32], k: Int, fill: (Shared<ListBuffers>) throws -> Void) rethrows {
    var items = [Int32](repeating: -1, count: users.count * k)
    var scores = [Float](repeating: 0, count: users.count * k)
    var counts = [Int32](repeating: 0, count: users.count)
    try items.withUnsafeMutableBufferPointer { items in
      try scores.withUnsafeMutableBufferPointer { scores in
        try counts.withUnsafeMutableBufferPointer { counts in
          guard let items = items.baseAddress, let scores = scores.baseAddress, let counts = counts.baseAddress else {
            return
          }
          try fill(Shared(ListBuffers(items: items, scores: scores, counts: counts)))
        }
      }
    }
    self.init(users: users, k: k, counts: counts, items: items, scores: scores)
  }
}

/// The first fault of a loop over blocks of users, the same one at any number of threads.
final class FaultRecord: Sendable {
  private struct Fault {
    var task: Int
    var position: Int
    var item: Int
  }
  private let first = Locked<Fault?>(nil)

  /// Whether the task's work is of no use any more.
  func isPast(task: Int) -> Bool { first.withLock { $0.map { $0.task < task } ?? false } }

  /// - Parameter position: Position among all users of the loop; nothing happens where it is negative.
  func record(task: Int, position: Int, item: Int) {
    guard position >= 0 else { return }
    first.withLock {
      if let known = $0, known.task < task || (known.task == task && known.position <= position) { return }
      $0 = Fault(task: task, position: position, item: item)
    }
  }

  func check(users: [Int32]) throws {
    if let fault = first.withLock({ $0 }) {
      throw EvaluationError.scoreIsNotANumber(user: Int(users[fault.position]), item: fault.item)
    }
  }
}

extension InteractionMatrix? {
  /// Lends the rows to a kernel; none for nil.
  func withKernelMask<Result>(_ body: (Shared<UnsafePointer<kernel_ranking_mask>?>) throws -> Result) rethrows
    -> Result
  {
    guard let matrix = self else { return try body(Shared(nil)) }
    return try matrix.rowOffsets.withUnsafeBufferPointer { offsets in
      try matrix.items.withUnsafeBufferPointer { items in
        var mask = kernel_ranking_mask(row_offsets: offsets.baseAddress, items: items.baseAddress)
        return try withUnsafePointer(to: &mask) { try body(Shared($0)) }
      }
    }
  }
}

/// Aligned memory for the kernels, uninitialized.
final class Scratch: Sendable {
  private let memory: Shared<UnsafeMutableRawPointer>

  init(bytes: Int) { memory = Shared(.allocate(byteCount: max(64, bytes), alignment: 64)) }

  deinit { base.deallocate() }

  var base: UnsafeMutableRawPointer { memory.value }

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
