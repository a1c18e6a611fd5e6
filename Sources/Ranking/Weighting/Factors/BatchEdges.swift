import Interactions

/// The users of a batch by the items that they have.
struct BatchEdges {
  /// Places of the batch's users, item after item, ascending.
  let users: [Int32]
  private let starts: [Int32]

  init(_ batch: [Int32], _ train: InteractionMatrix) {
    var starts = [Int32](repeating: 0, count: train.itemCount + 2)
    var users: [Int32] = []
    train.items.withUnsafeBufferPointer { items in
      starts.withUnsafeMutableBufferPointer { starts in
        // An item's users are counted two entries on, so that the one after it serves as its cursor.
        var count = 0
        for user in batch {
          for place in train.rowOffsets[Int(user)]..<train.rowOffsets[Int(user) + 1] {
            starts[Int(items[place]) + 2] += 1
          }
          count += train.rowOffsets[Int(user) + 1] - train.rowOffsets[Int(user)]
        }
        for item in 2..<starts.count { starts[item] += starts[item - 1] }
        users = [Int32](unsafeUninitializedCapacity: count) { users, filled in
          for (slot, user) in batch.enumerated() {
            for place in train.rowOffsets[Int(user)]..<train.rowOffsets[Int(user) + 1] {
              let item = Int(items[place])
              users[Int(starts[item + 1])] = Int32(slot)
              starts[item + 1] += 1
            }
          }
          filled = count
        }
      }
    }
    (self.users, self.starts) = (users, starts)
  }

  /// Places of an item's users in `users`.
  func users(of item: Int) -> Range<Int> { Int(starts[item])..<Int(starts[item + 1]) }
}
