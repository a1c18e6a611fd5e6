import Interactions
import Kernels
import Platform
import Tensors

/// How each user of a batch draws a cluster: in proportion to exp(score of the cluster) times what the user does not have of it
/// (PRIS, Theorems 4.4 and 4.5).
///
/// Tables of one row a user and `width` columns, one a cluster.
final class ClusterLaw {
  let groups: ClusterGroups
  let columns: CenterColumns
  let clusters: ItemClusters
  private(set) var users: UserRows?
  private let count: Int
  private let width: Int
  /// The inner product of the user's row and each center.
  private var scores = AlignedBuffer<Float>(count: 0, repeating: 0)
  /// How many items the user has of each.
  private var ownCounts = AlignedBuffer<Int32>(count: 0, repeating: 0)
  /// The weights of what the user does not have of each: exactly 0 where that is nothing.
  private var masses = AlignedBuffer<Double>(count: 0, repeating: 0)
  /// Running sums of masses · exp(score - top).
  private var sums = AlignedBuffer<Double>(count: 0, repeating: 0)
  /// By user: the highest score of a cluster that can be drawn.
  private var tops: [Float] = []

  init(_ clusters: ItemClusters, groups: ClusterGroups?, width dim: Int, count: Int, weights: [Double]?) throws {
    let columns = try CenterColumns(count: count, width: dim)
    clusters.centers.withUnsafeBufferPointer { columns.load($0.baseAddress!, stride: dim) }
    self.groups =
      try groups ?? ClusterGroups(clusters.labels, count: count, width: columns.width, weights: weights)
    (self.clusters, self.columns, self.count, width) = (clusters, columns, count, columns.width)
  }

  /// - Parameter train: Whose items are left out; `nil` for nobody's.
  /// - Returns: A user whose law is no number.
  /// - Complexity: O(users · clusters · width + their items), and a cluster's size where little of it is left.
  func load(_ users: UserRows, without train: InteractionMatrix?, pool: ThreadPool) throws -> Int32? {
    self.users = users
    try makeRoom(for: users.rows.rowCount)
    tops.withUnsafeMutableBufferPointer { tops in
      let shared = Shared((law: self, users: users, train: train, tops: tops.baseAddress!))
      pool.run(count: users.rows.rowCount, grain: 8) { rows in
        let law = shared.value.law
        law.columns.multiply(shared.value.users.rows, rows, into: law.scores.base + rows.lowerBound * law.width)
        for row in rows {
          law.weigh(row, Int(shared.value.users.users[row]), shared.value.train)
          let first = row * law.width
          shared.value.tops[row] = kernel_cumulate_masses(
            law.scores.base + first, law.masses.base + first, law.width, law.sums.base + first)
        }
      }
    }
    return users.users.indices.first { !sums[$0 * width + width - 1].isFinite }.map { users.users[$0] }
  }

  private func makeRoom(for rows: Int) throws {
    let purpose = "\(count) clusters for each of \(rows) users"
    let wanted = try Memory.count(rows, width, of: Double.self, for: purpose)
    tops = [Float](repeating: 0, count: rows)
    guard wanted > scores.count else { return }
    scores = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
    ownCounts = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
    masses = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
    sums = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
  }

  /// What is left of each cluster for a user. Whether anything is, is decided by counting.
  private func weigh(_ row: Int, _ user: Int, _ train: InteractionMatrix?) {
    let (own, masses) = (ownCounts.base + row * width, masses.base + row * width)
    own.update(repeating: 0, count: width)
    groups.masses.withUnsafeBufferPointer { masses.update(from: $0.baseAddress!, count: width) }
    guard let train else { return }
    for item in train.items(of: user) {
      let cluster = Int(groups.labels.values[Int(item)])
      own[cluster] += 1
      masses[cluster] -= groups.weight(item)
    }
    for cluster in 0..<count where own[cluster] > 0 {
      if own[cluster] >= groups.counts[cluster] {
        masses[cluster] = 0
      } else if masses[cluster] < groups.masses[cluster] / 8 {
        // Too much was subtracted for the difference to be right.
        masses[cluster] = groups.rest(cluster, of: user, train).total
      }
    }
  }

  // MARK: Drawing

  /// How one user draws.
  struct Row {
    fileprivate let sums: UnsafePointer<Double>
    fileprivate let masses: UnsafePointer<Double>
    fileprivate let ownCounts: UnsafePointer<Int32>
    fileprivate let count: Int
    fileprivate let total: Double

    /// A cluster by inversion, O(log clusters). One that has nothing for the user is never drawn.
    @inline(__always) func cluster(_ uniform: Double) -> Int {
      let goal = min(uniform * total, total.nextDown)
      var (low, rest) = (0, count)
      while rest > 1 {
        let half = rest / 2
        low += sums[low + half - 1] <= goal ? half : 0
        rest -= half
      }
      return low
    }

    /// Whether the user has items of a cluster.
    @inline(__always) func hasOwn(_ cluster: Int) -> Bool { ownCounts[cluster] > 0 }
  }

  /// - Parameter slot: Which of the batch's users.
  @inline(__always) func row(_ slot: Int) -> Row {
    let first = slot * width
    return Row(
      sums: sums.base + first, masses: masses.base + first, ownCounts: ownCounts.base + first, count: count,
      total: sums[first + width - 1])
  }

  /// Whether so little is left of a cluster that it is to be listed.
  func isScarce(_ row: Row, _ cluster: Int) -> Bool { row.masses[cluster] < groups.masses[cluster] / 8 }

  /// What the user thinks of an item's cluster.
  @inline(__always) func score(_ slot: Int, _ item: Int32) -> Float {
    scores[slot * width + Int(groups.labels.values[Int(item)])]
  }

  /// The logarithm of the sum over all items that the user can be given.
  func logTotal(_ slot: Int) -> Double { Double(tops[slot]) + log(sums[slot * width + width - 1]) }
}
