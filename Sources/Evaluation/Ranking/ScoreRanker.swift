import Interactions
import Kernels
import Ranking
import Tensors

/// Ranks scores that a model writes block by block: at most `maximumBytes` of them exist at a time.
struct ScoreRanker: Ranker {
  let source: any ScoreSource
  let pool: ThreadPool
  /// Memory for one block of scores.
  static let maximumBytes = 32 << 20

  var userCount: Int { source.userCount }
  var itemCount: Int { source.itemCount }

  func top(_ k: Int, users: [Int32], excluding mask: InteractionMatrix?) throws -> RankedLists {
    let faults = FaultRecord()
    return try RankedLists(users: users, k: k) { lists in
      try mask.withKernelMask { mask in
        try forEachUser(of: users, before: { try faults.check(users: users) }) { [itemCount] position, row in
          let workspace = Scratch(bytes: kernel_ranking_workspace_bytes(1, 0, k))
          var user = users[position]
          let outcome = kernel_ranking_top_of_scores(
            row.baseAddress, itemCount, &user, 1, mask.value, k, workspace.base, lists.value.items + position * k,
            lists.value.scores + position * k, lists.value.counts + position)
          if outcome.position >= 0 { faults.record(task: position, position: position, item: outcome.item) }
        }
      }
      try faults.check(users: users)
    }
  }

  func count<Counter: ScoreCounter>(
    users: [Int32], _ make: @Sendable (_ position: Int, _ scores: ([Int32]) -> [Float]) -> Counter
  ) throws -> [Counter.Outcome] {
    let faults = FaultRecord()
    let outcomes = try Outcomes<Counter.Outcome>.collected(users.count) { outcomes in
      try forEachUser(of: users, before: { try faults.check(users: users) }) { [itemCount] position, row in
        var counter = make(position) { items in items.map { row[Int($0)] } }
        if let item = counter.add(row) {
          faults.record(task: position, position: position, item: item)
        } else {
          outcomes.value.set(position, counter.outcome(itemCount: itemCount))
        }
      }
    }
    try faults.check(users: users)
    return outcomes.map { $0! }
  }

  /// Asks the model for the scores of a block, then calls `body` with (position, row of scores) on all threads.
  private func forEachUser(
    of users: [Int32], before block: () throws -> Void, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) -> Void
  ) throws {
    guard !users.isEmpty else { return }
    let blockUsers = min(users.count, max(1, Self.maximumBytes / (MemoryLayout<Float>.stride * itemCount)))
    let buffer = Scratch(bytes: blockUsers * itemCount * MemoryLayout<Float>.stride)
    for first in Swift.stride(from: 0, to: users.count, by: blockUsers) {
      try block()
      let range = first..<min(users.count, first + blockUsers)
      let scores = UnsafeMutableBufferPointer(start: buffer.floats, count: range.count * itemCount)
      // What the model leaves out must not pass for a score.
      scores.initialize(repeating: .nan)
      try source.scores(users: users[range], into: scores)
      let rows = Shared(buffer.floats)
      pool.run(count: range.count) { [itemCount] offset in
        body(first + offset, UnsafeBufferPointer(start: rows.value + offset * itemCount, count: itemCount))
      }
    }
  }
}
