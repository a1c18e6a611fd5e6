import Interactions
import Kernels

/// The users of each item, whichever batch: the train part the other way round.
final class ItemUsers: Sendable {
  let train: InteractionMatrix
  /// Row i: the users of item i.
  let turned: InteractionMatrix

  /// - Complexity: O(pairs).
  init(_ train: InteractionMatrix) { (self.train, turned) = (train, train.transposed()) }
}

extension InteractionMatrix {
  /// The items of some users: user after user, as they stand in `items`. Of a transposed matrix: users of items.
  ///
  /// - Parameters:
  ///   - marks: A bit for each item; those without are left out. `nil`: none is.
  ///   - body: Takes the items, and where those of each user begin, one number more than there are users.
  func withItems<Result>(
    of users: some Collection<some BinaryInteger>, marked marks: [UInt64]?,
    _ body: (_ list: UnsafeMutablePointer<Int32>, _ starts: UnsafeMutablePointer<Int32>) throws -> Result
  ) rethrows -> Result {
    let capacity = users.reduce(1) { $0 + rowOffsets[Int($1) + 1] - rowOffsets[Int($1)] }
    return try withUnsafeTemporaryAllocation(of: Int32.self, capacity: capacity) { list in
      try withUnsafeTemporaryAllocation(of: Int32.self, capacity: users.count + 1) { starts in
        let (list, starts) = (list.baseAddress!, starts.baseAddress!)
        keep(users, marks, list, starts)
        return try body(list, starts)
      }
    }
  }

  private func keep(
    _ users: some Collection<some BinaryInteger>, _ marks: [UInt64]?, _ list: UnsafeMutablePointer<Int32>,
    _ starts: UnsafeMutablePointer<Int32>
  ) {
    var filled = 0
    starts[0] = 0
    items.withUnsafeBufferPointer { items in
      for (number, user) in users.enumerated() {
        let first = rowOffsets[Int(user)]
        let count = rowOffsets[Int(user) + 1] - first
        if count > 0 {
          let own = items.baseAddress! + first
          if let marks {
            filled += marks.withUnsafeBufferPointer { kernel_keep_marked(own, count, $0.baseAddress!, list + filled) }
          } else {
            (list + filled).update(from: own, count: count)
            filled += count
          }
        }
        starts[number + 1] = Int32(filled)
      }
    }
  }

  /// A bit for each of `count` numbers, set for those of a list.
  static func marks(of list: [Int32], among count: Int) -> [UInt64] {
    var marks = [UInt64](repeating: 0, count: count / 64 + 1)
    for number in list { marks[Int(number) / 64] |= 1 << (UInt64(number) % 64) }
    return marks
  }
}
