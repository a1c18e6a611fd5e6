import Interactions
import Kernels
import Platform
import Tensors

/// The draws of a batch from each user's softmax.
final class ExactBatch {
  let items: RowBlock
  let users: UserRows
  /// Negatives of a row.
  let count: Int
  /// Whose items are left out; `nil` for nobody's.
  let own: OwnItems?
  let stream: RandomStream
  let firstPlace: Int
  /// `[B, count]`; -1 where nothing was drawn yet.
  let drawn: AlignedBuffer<Int32>
  /// By user: ln Σ exp(score) over what can be drawn; NaN where not all items were scored.
  let logTotals: AlignedBuffer<Double>
  /// Rows of the batch by user.
  let rowsOfUser: ClusterMembers
  /// A row of 16 users is one vector: scores are [items, 16].
  private static let lanes = 16

  init(
    _ items: RowBlock, _ users: UserRows, count: Int, without own: OwnItems?, _ stream: RandomStream,
    firstPlace: Int
  ) throws {
    (self.items, self.users, self.count) = (items, users, count)
    (self.own, self.stream, self.firstPlace) = (own, stream, firstPlace)
    let purpose = "\(count) negatives for \(users.slots.count) positives"
    drawn = try AlignedBuffer(
      count: Memory.count(users.slots.count, count, of: Int32.self, for: purpose), repeating: -1, for: purpose)
    logTotals = try AlignedBuffer(count: users.rows.rowCount, repeating: .nan, for: purpose)
    rowsOfUser = ClusterMembers(labels: users.slots, count: users.rows.rowCount)
  }

  /// Rows of the batch that a user has.
  func rows(of slot: Int) -> ArraySlice<Int32> { rowsOfUser.items[rowsOfUser.range(slot)] }

  func position(_ row: Int32) -> UInt64 { NegativeDraw.position(row: Int(row), firstPlace: firstPlace) }

  /// Scores all items for some of the batch's users, and draws what they have not drawn yet.
  ///
  /// - Returns: A user whose scores are no numbers.
  /// - Complexity: O(items · width) a user. The scores of all items are kept for a few users at a time only.
  func drawByAllScores(_ slots: [Int], pool: ThreadPool) throws -> Int32? {
    guard !slots.isEmpty else { return nil }
    let groups = (slots.count - 1) / Self.lanes + 1
    // As many tables as can be in use at a time, so that the memory does not grow with the batch.
    let tables = min(groups, pool.threadCount)
    let purpose = "the scores of \(items.rowCount) items for \(tables * Self.lanes) users"
    let size = try Memory.count(items.rowCount, Self.lanes, tables, of: Float.self, for: purpose)
    let memory = try AlignedBuffer<Float>(count: size, repeating: 0, for: purpose)
    let shared = Shared((batch: self, memory: memory.base, slots: slots))
    pool.run(count: tables) { table in
      let scores = shared.value.memory + table * shared.value.batch.items.rowCount * Self.lanes
      for group in stride(from: table, to: groups, by: tables) {
        let first = group * Self.lanes
        shared.value.batch.drawGroup(
          shared.value.slots[first..<min(first + Self.lanes, shared.value.slots.count)], scores)
      }
    }
    return slots.first { !logTotals[$0].isFinite }.map { users.users[$0] }
  }

  /// Scores all items for up to 16 users, and draws for each.
  private func drawGroup(_ group: ArraySlice<Int>, _ scores: UnsafeMutablePointer<Float>) {
    let width = items.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * Self.lanes) { columns in
      columns.initialize(repeating: 0)
      for (lane, slot) in group.enumerated() {
        for column in 0..<width { columns[column * Self.lanes + lane] = users.rows[slot][column] }
      }
      kernel_row_products(
        items.base, items.stride, width, columns.baseAddress!, Self.lanes, 0, items.rowCount, scores)
    }
    for (lane, slot) in group.enumerated() {
      for item in own?.train.items(of: Int(users.users[slot])) ?? [] {
        scores[Int(item) * Self.lanes + lane] = -.infinity
      }
    }
    let blocks = (items.rowCount - 1) / Int(KERNEL_SOFTMAX_BLOCK) + 1
    withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks * Self.lanes) { sums in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.lanes) { tops in
        kernel_softmax_columns(scores, items.rowCount, tops.baseAddress!, sums.baseAddress!)
        for (lane, slot) in group.enumerated() {
          logTotals[slot] = Double(tops[lane]) + log(sums[(blocks - 1) * Self.lanes + lane])
          if logTotals[slot].isFinite { draw(slot, scores + lane, sums.baseAddress! + lane) }
        }
      }
    }
  }

  private func draw(_ slot: Int, _ weights: UnsafePointer<Float>, _ sums: UnsafePointer<Double>) {
    for row in rows(of: slot) {
      for place in 0..<count where drawn[Int(row) * count + place] < 0 {
        drawn[Int(row) * count + place] = kernel_softmax_draw(
          weights, items.rowCount, sums, stream.uniformDouble(at: position(row) + UInt64(place)))
      }
    }
  }
}
