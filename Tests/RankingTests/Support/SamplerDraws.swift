import Interactions
import Tensors

@testable import Ranking

/// Chi-square of counts against probabilities, in standard deviations above its mean; infinite where something impossible came.
func chiSquareExcess(_ counts: [Int], _ probabilities: [Double]) -> Double {
  let total = Double(counts.reduce(0, +))
  var square = 0.0
  var freedom = -1.0
  for (count, probability) in zip(counts, probabilities) {
    if probability == 0 {
      if count > 0 { return .infinity }
      continue
    }
    freedom += 1
    square += (Double(count) - total * probability) * (Double(count) - total * probability) / (total * probability)
  }
  return freedom > 0 ? (square - freedom) / (2 * freedom).squareRoot() : square == 0 ? 0 : .infinity
}

/// What one row of a batch got.
struct DrawnRow: Equatable {
  var user: Int
  var positive: Int32
  var negatives: [Int32]
  var logProposal: [Float]?
  var positiveLogProposal: Float?
  var trials: Float?
}

/// Takes down what a sampler gives, and moves nothing.
final class DrawProbe: Loss {
  let name = "probe"
  let isRowwise = true
  let needs: Set<Channel> = [.positiveLogProposal]
  var batches: [[DrawnRow]] = []
  var rows: [DrawnRow] { batches.flatMap { $0 } }

  func begin(_ plane: ScorePlane) throws {
    let count = plane.negativeCount
    batches.append(
      (0..<plane.rowCount).map { row in
        DrawnRow(
          user: Int(plane.users[row]), positive: plane.items![row * plane.width],
          negatives: (1...count).map { plane.items![row * plane.width + $0] },
          logProposal: plane.logProposal.map { log in (0..<count).map { log[row * count + $0] } },
          positiveLogProposal: plane.positiveLogProposal?[row], trials: plane.trials?[row])
      })
  }

  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    for row in rows {
      plane.values[row] = 0
      (plane.gradients + row * plane.width).update(repeating: 0, count: plane.width)
    }
  }
}

/// What a sampler gives in some epochs of a training that moves nothing.
func drawn(
  _ sampler: Sampler, _ train: InteractionMatrix, model: (any RankingModel)? = nil, batch: Int = 64, epochs: Int = 1,
  seed: UInt64 = 5, threads: Int = 2
) throws -> [[DrawnRow]] {
  let probe = DrawProbe()
  let trainer = try Trainer(
    model: model ?? randomModel(users: train.userCount, items: train.itemCount, dim: 4, score: .dot), train: train,
    loss: probe, sampler: sampler, optimizer: Optimizer(.sgd(momentum: 0), rate: 0), batchSize: batch, seed: seed,
    pool: ThreadPool(threadCount: threads))
  for _ in 0..<epochs { _ = try trainer.trainEpoch() }
  return probe.batches
}

extension [DrawnRow] {
  /// How often each item came.
  func counts(_ itemCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: itemCount)
    for row in self { for item in row.negatives { counts[Int(item)] += 1 } }
    return counts
  }
}

/// A train part in which user 0 has some items, and each item has the number of users that is wanted.
func interactions(counts: [Int], ofFirstUser own: [Int32]) -> InteractionMatrix {
  var (users, items) = (own.map { _ in Int32(0) }, own)
  for (item, count) in counts.enumerated() {
    let others = count - (own.contains(Int32(item)) ? 1 : 0)
    for user in 0..<max(0, others) {
      users.append(Int32(user + 1))
      items.append(Int32(item))
    }
  }
  return InteractionMatrix(
    userCount: Int(users.max()!) + 1, itemCount: counts.count, users: users, items: items)
}

/// What a prepared sampler draws for some users, one row each, in pieces of four rows, without a trainer.
func draws(
  _ sampler: any Sampler, users: [Int32], count: Int, stream: RandomStream, firstPlace: Int = 0
) -> [[Int32]] {
  var items = [Int32](repeating: -1, count: users.count * (count + 1))
  items.withUnsafeMutableBufferPointer { items in
    users.withUnsafeBufferPointer { users in
      let draw = NegativeDraw(
        rowCount: users.count, count: count, users: users.baseAddress!, items: items.baseAddress!, width: count + 1,
        stream: stream, firstPlace: firstPlace)
      for first in stride(from: 0, to: users.count, by: 4) {
        sampler.draw(draw, rows: first..<min(first + 4, users.count))
      }
    }
  }
  return users.indices.map { Array(items[$0 * (count + 1) + 1..<($0 + 1) * (count + 1)]) }
}

/// A cluster sampler's law for some users, one row each, by the numbers of their rows.
func clusterLaw(
  _ clusters: ItemClusters, count: Int, users: [Int32], rows: [[Float]], weights: [Double]?, _ train: InteractionMatrix
) throws -> ClusterLaw {
  let width = rows[0].count
  let law = try ClusterLaw(
    clusters.labels, count: count, width: width, weights: weights, without: OwnItems(train), pool: .shared)
  let block = try rows.flatMap { $0 }.withUnsafeBufferPointer {
    try RowBlock(copying: $0.baseAddress!, rowCount: users.count, width: width)
  }
  let slots = users.indices.map { Int32($0) }
  _ = try law.load(clusters, UserRows(rows: block, users: users, slots: slots), pool: .shared)
  return law
}

extension ClusterLaw {
  /// What one row of the law draws.
  func draws(_ row: Int, count: Int, _ stream: RandomStream, at position: UInt64, _ own: OwnItems) -> [Int32] {
    var items = [Int32](repeating: -1, count: count)
    var clusters = [Int32](repeating: 0, count: count)
    own.withAll { own in
      _ = draw(slot: row, stream, at: position, without: own, clusters: &clusters, into: &items, count: count)
    }
    return items
  }
}
