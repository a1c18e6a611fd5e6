import Interactions
import Platform
import Tensors

/// The positives of an epoch in the order that it visits them: a pure function of the train part, the seed and the epoch.
///
/// A positive stands here as what it is and not as its place in the train part: the shuffle visits all places anyway, and a batch then
/// reads its rows one after the other.
struct EpochOrder {
  struct Positive {
    /// Dense.
    let user: Int32
    let item: Int32
  }

  private(set) var positives: [Positive] = []

  /// Of no epoch.
  init() {}

  /// - Parameters:
  ///   - leftOut: Users whose interactions no epoch visits, ascending.
  ///   - stream: For the shuffle (Fisher and Yates); without it the order is that of the train part.
  init(of train: InteractionMatrix, leavingOut leftOut: [Int32], shuffledBy stream: RandomStream?) {
    positives.reserveCapacity(train.count)
    var next = 0
    for user in 0..<train.userCount {
      if next < leftOut.count, Int(leftOut[next]) == user {
        next += 1
        continue
      }
      for item in train.items(of: user) { positives.append(Positive(user: Int32(user), item: item)) }
    }
    guard let stream else { return }
    positives.withUnsafeMutableBufferPointer { positives in
      for place in Swift.stride(from: positives.count - 1, to: 0, by: -1) {
        positives.swapAt(place, stream.integer(below: place + 1, at: UInt64(place)))
      }
    }
  }

  /// Draws `length` positives with replacement, each from all of them.
  ///
  /// - Throws: `MemoryError`.
  init(drawing length: Int, from train: InteractionMatrix, leavingOut leftOut: [Int32], by stream: RandomStream) throws
  {
    _ = try Memory.count(length, of: Positive.self, for: "an epoch of \(length) positives")
    let all = EpochOrder(of: train, leavingOut: leftOut, shuffledBy: nil).positives
    positives = (0..<length).map { all[stream.integer(below: all.count, at: UInt64($0))] }
  }

  /// Bytes held.
  var byteCount: Int { positives.capacity * MemoryLayout<Positive>.stride }

  /// Writes a batch's users `[B]`, and its positives `width` numbers apart.
  func copy(
    _ places: Range<Int>, _ users: UnsafeMutablePointer<Int32>, _ items: UnsafeMutablePointer<Int32>, width: Int
  ) {
    positives.withUnsafeBufferPointer { positives in
      for (row, place) in places.enumerated() {
        users[row] = positives[place].user
        items[row * width] = positives[place].item
      }
    }
  }
}

extension Trainer {
  /// - Parameter length: Positives that the epoch visits, where it draws them with replacement.
  /// - Throws: `MemoryError` where a batch was assigned that there is no room for.
  func orderOfEpoch(_ epoch: Int, length: Int, shuffled: Bool) throws -> EpochOrder {
    let stream = RandomStream(seed: seed, purpose: "order", epoch)
    if drawsWithReplacement {
      return try EpochOrder(drawing: length, from: train, leavingOut: leftOutUsers, by: stream)
    }
    return EpochOrder(of: train, leavingOut: leftOutUsers, shuffledBy: shuffled ? stream : nil)
  }

  /// Positives that the epoch under way visits, or the next one.
  ///
  /// All of the train part; drawn with replacement whole batches of them, one more than fit into it, as UIB's code has it.
  public var epochLength: Int {
    if place > 0 { return order.positives.count }
    return drawsWithReplacement ? (pairCount / max(1, batchSize) + 1) * max(1, batchSize) : pairCount
  }
}
