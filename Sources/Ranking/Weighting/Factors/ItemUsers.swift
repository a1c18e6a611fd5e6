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
  /// The items of some users by their places: user after user, as they stand in `items`. Of a transposed matrix: users of items.
  ///
  /// - Parameters:
  ///   - places: Of all items, below 0 for those that are left out; where `nil` an item is its own place.
  ///   - body: Takes the places, and where those of each user begin, one number more than there are users.
  func withPlaces<Result>(
    ofItemsOf users: some Collection<some BinaryInteger>, _ places: [Int32]?,
    _ body: (_ list: UnsafeMutablePointer<Int32>, _ starts: UnsafeMutablePointer<Int32>) throws -> Result
  ) rethrows -> Result {
    let capacity = users.reduce(1) { $0 + rowOffsets[Int($1) + 1] - rowOffsets[Int($1)] }
    return try withUnsafeTemporaryAllocation(of: Int32.self, capacity: capacity) { list in
      try withUnsafeTemporaryAllocation(of: Int32.self, capacity: users.count + 1) { starts in
        let (list, starts) = (list.baseAddress!, starts.baseAddress!)
        keep(users, places, list, starts)
        return try body(list, starts)
      }
    }
  }

  private func keep(
    _ users: some Collection<some BinaryInteger>, _ places: [Int32]?, _ list: UnsafeMutablePointer<Int32>,
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
          if let places {
            filled += places.withUnsafeBufferPointer { kernel_keep_mapped(own, count, $0.baseAddress!, list + filled) }
          } else {
            (list + filled).update(from: own, count: count)
            filled += count
          }
        }
        starts[number + 1] = Int32(filled)
      }
    }
  }
}
