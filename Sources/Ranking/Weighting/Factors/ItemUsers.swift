import Interactions
import Kernels

/// The users of each item, whichever batch: the train part the other way round.
final class ItemUsers: Sendable {
  let train: InteractionMatrix
  private let offsets: [Int]
  private let users: [Int32]

  /// - Complexity: O(pairs).
  init(_ train: InteractionMatrix) {
    self.train = train
    (offsets, users) = train.transposedRows()
  }

  /// The users of a range of items that have a place, by their places: item after item, its users ascending by number.
  ///
  /// - Parameters:
  ///   - places: Of all users, below 0 for none.
  ///   - body: Takes the places, and where those of each item begin, one number more than there are items.
  func withPlaces<Result>(
    ofUsersOf items: Range<Int>, _ places: [Int32],
    _ body: (_ list: UnsafeBufferPointer<Int32>, _ starts: UnsafeBufferPointer<Int>) throws -> Result
  ) rethrows -> Result {
    let capacity = max(1, offsets[items.upperBound] - offsets[items.lowerBound])
    return try withUnsafeTemporaryAllocation(of: Int32.self, capacity: capacity) { list in
      try withUnsafeTemporaryAllocation(of: Int.self, capacity: items.count + 1) { starts in
        let filled = keep(items, places, list.baseAddress!, starts)
        return try body(UnsafeBufferPointer(rebasing: list[..<filled]), UnsafeBufferPointer(starts))
      }
    }
  }

  private func keep(
    _ items: Range<Int>, _ places: [Int32], _ list: UnsafeMutablePointer<Int32>,
    _ starts: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    var filled = 0
    users.withUnsafeBufferPointer { users in
      places.withUnsafeBufferPointer { places in
        for (place, item) in items.enumerated() {
          starts[place] = filled
          let count = offsets[item + 1] - offsets[item]
          guard count > 0 else { continue }
          filled += kernel_keep_mapped(
            users.baseAddress! + offsets[item], count, places.baseAddress!, list + filled)
        }
      }
    }
    starts[items.count] = filled
    return filled
  }
}
