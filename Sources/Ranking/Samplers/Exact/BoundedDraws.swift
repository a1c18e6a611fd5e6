import Kernels
import Platform
import Tensors

/// Draws of a batch by rejection: an item by bounds of all scores, kept with probability exp(score - bound).
///
/// A draw is by the softmax however many attempts it takes, and so is one that is given up and made otherwise.
struct BoundedDraws {
  private let batch: ExactBatch
  private let bounds: ItemBounds
  private let stream: RandomStream
  private let counts: DrawCounter

  /// What an attempt costs, in items that are scored for one of 16 users at a time.
  private static let itemsOfAttempt = 16
  /// Attempts of a draw beyond those that are to be expected: where most of what scores high is the user's own.
  private static let patience = 32.0

  init(_ batch: ExactBatch, _ bounds: ItemBounds) {
    (self.batch, self.bounds) = (batch, bounds)
    stream = batch.stream.substream(4)
    counts = DrawCounter()
  }

  /// Negatives that were drawn.
  var kept: Int { counts.kept }
  /// Items that were scored.
  var scored: Int { counts.drawn }

  /// - Returns: Of the batch's users those that have something left to draw, ascending.
  func draw(pool: ThreadPool) -> [Int] {
    let count = batch.users.rows.rowCount
    let isDone = AlignedBuffer<Bool>(count: count, repeating: false)
    let shared = Shared((draws: self, isDone: isDone.base))
    pool.run(count: count, grain: 8) { shared.value.draws.draw($0, shared.value.isDone) }
    return (0..<count).filter { !isDone[$0] }
  }

  private func draw(_ slots: Range<Int>, _ isDone: UnsafeMutablePointer<Bool>) {
    let width = bounds.columns.width
    batch.own.withAll { own in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: slots.count * width) { scores in
        bounds.columns.multiply(batch.users.rows, slots, into: scores.baseAddress!)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * bounds.padded) { floats in
          withUnsafeTemporaryAllocation(of: Double.self, capacity: bounds.padded / 16) { sums in
            for slot in slots {
              isDone[slot] = draw(
                slot, scores.baseAddress! + (slot - slots.lowerBound) * width, floats.baseAddress!, sums.baseAddress!,
                own)
            }
          }
        }
      }
    }
  }

  /// Whether all that the user draws is drawn.
  private func draw(
    _ slot: Int, _ scores: UnsafePointer<Float>, _ floats: UnsafeMutablePointer<Float>,
    _ sums: UnsafeMutablePointer<Double>, _ own: OwnItems.OfUsers?
  ) -> Bool {
    let user = batch.users.rows[slot]
    var groups = bounds.groups
    let weights = kernel_weigh_groups(&groups, scores, length(user), floats, floats + bounds.padded, sums)
    let rows = batch.rows(of: slot)
    guard let attempts = attempts(weights) else { return false }
    var (scored, kept) = (0, 0)
    withUnsafePointer(to: &groups) { groups in
      var law = kernel_bounded_law(
        groups: groups, bounds: floats, weights: floats + bounds.padded, block_sums: sums, user: user,
        items: batch.items.base, stride: batch.items.stride)
      for row in rows {
        let out = batch.drawn.base + Int(row) * batch.count
        scored += draw(&law, row, attempts: attempts, own, into: out)
        for place in 0..<batch.count where out[place] >= 0 { kept += 1 }
      }
    }
    counts.add(kept: kept, rejected: scored - kept)
    return kept == rows.count * batch.count
  }

  private func draw(
    _ law: inout kernel_bounded_law, _ row: Int32, attempts: Int, _ own: OwnItems.OfUsers?,
    into out: UnsafeMutablePointer<Int32>
  ) -> Int {
    let user = Int(batch.users.users[Int(batch.users.slots[Int(row)])])
    return own.with(user) {
      kernel_sample_bounded(stream.key, batch.position(row), &law, $0, attempts, out, batch.count)
    }
  }

  /// How many attempts a draw has; `nil` where the scores of all items cost less, or the law is no number.
  ///
  /// An item is kept as often as the softmax' sum lies below that of the bounds. By Jensen's inequality a cluster's sum is not below that
  /// of as many items on its mean, which is where the center was when it was made. How many rows of the batch the user has does not count:
  /// a row draws the same in any batch.
  private func attempts(_ weights: kernel_bound_weights) -> Int? {
    guard weights.total.isFinite, weights.total > 0, weights.least > 0 else { return nil }
    let expected = weights.total / weights.least
    let scored = Double(batch.count) * expected
    guard scored * Double(Self.itemsOfAttempt) < Double(batch.items.rowCount) else { return nil }
    // Two numbers an attempt, of the million that a row has.
    let room = 1 << 19 / batch.count
    return room > 0 ? min(room, Int(Self.patience * expected) + 1) : nil
  }

  /// Not below the true length.
  private func length(_ row: UnsafePointer<Float>) -> Float {
    var square: Float = 0
    for column in 0..<batch.users.rows.width { square += row[column] * row[column] }
    return square.squareRoot() * (1 + 0x1p-16)
  }
}
