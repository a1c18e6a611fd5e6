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
  private let own: OwnItems?
  private let holdings: ClusterHoldings?
  private let columns: CenterColumns
  /// Whose centers are in `columns`.
  private(set) var clusters: ItemClusters?
  private(set) var users: UserRows?
  private let count: Int
  private let width: Int
  /// The inner product of the user's row and each center.
  private var scores = AlignedBuffer<Float>(count: 0, repeating: 0)
  /// Running sums of exp(score - top) times what is left of each cluster.
  private var sums = AlignedBuffer<Double>(count: 0, repeating: 0)
  /// What the user has of each: KERNEL_CLUSTER_FREE, HELD or SCARCE.
  private var states = AlignedBuffer<UInt8>(count: 0, repeating: 0)
  /// By user: the highest score of a cluster that can be drawn.
  private var tops: [Float] = []

  /// - Parameters:
  ///   - dim: Numbers of a center.
  ///   - own: Whose items are left out; `nil` for nobody's.
  init(
    _ labels: ClusterLabels, count: Int, width dim: Int, weights: [Double]?, without own: OwnItems?,
    pool: ThreadPool
  ) throws {
    let columns = try CenterColumns(count: count, width: dim)
    let groups = try ClusterGroups(labels, count: count, width: columns.width, weights: weights)
    holdings = try own.map { try ClusterHoldings(groups, $0.train, pool: pool) }
    (self.groups, self.own, self.columns, self.count, width) = (groups, own, columns, count, columns.width)
  }

  /// - Parameter clusters: With the labels that the law was made of.
  /// - Returns: A user whose law is no number.
  /// - Complexity: O(users · clusters · width)
  func load(_ clusters: ItemClusters, _ users: UserRows, pool: ThreadPool) throws -> Int32? {
    try makeRoom(for: users.rows.rowCount)
    if self.clusters !== clusters {
      clusters.centers.withUnsafeBufferPointer { columns.load($0.baseAddress!, stride: users.rows.width) }
      self.clusters = clusters
    }
    self.users = users
    tops.withUnsafeMutableBufferPointer { tops in
      let shared = Shared((law: self, users: users, tops: tops.baseAddress!))
      pool.run(count: users.rows.rowCount, grain: 16) { rows in
        shared.value.law.weigh(rows, shared.value.users, shared.value.tops)
      }
    }
    return users.users.indices.first { !sums[$0 * width + width - 1].isFinite }.map { users.users[$0] }
  }

  private func makeRoom(for rows: Int) throws {
    let purpose = "\(count) clusters for each of \(rows) users"
    let wanted = try Memory.count(rows, width, of: Double.self, for: purpose)
    if tops.count < rows { tops = [Float](repeating: 0, count: rows) }
    guard wanted > scores.count else { return }
    scores = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
    sums = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
    states = try AlignedBuffer(count: wanted, repeating: 0, for: purpose)
  }

  private func weigh(_ rows: Range<Int>, _ users: UserRows, _ tops: UnsafeMutablePointer<Float>) {
    // The lists lie anywhere in memory: they come while the scores are computed.
    if let holdings { for row in rows { holdings.prefetch(Int(users.users[row])) } }
    columns.multiply(users.rows, rows, into: scores.base + rows.lowerBound * width)
    groups.masses.withUnsafeBufferPointer { whole in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { masses in
        _ = masses.initialize(from: whole)
        for row in rows {
          let first = row * width
          let list = holdings?.list(of: Int(users.users[row]))
          tops[row] = kernel_cluster_terms(
            scores.base + first, whole.baseAddress!, masses.baseAddress!, width, list?.baseAddress, list?.count ?? 0,
            sums.base + first, states.base + first)
        }
      }
    }
    kernel_running_sums(sums.base + rows.lowerBound * width, width, rows.count)
  }

  // MARK: Drawing

  /// Draws for one user, by the numbers from `position` on. What is to be listed is.
  ///
  /// - Parameters:
  ///   - slot: Which of the batch's users.
  ///   - clusters: Scratch, `[count]`.
  /// - Returns: How many items were drawn in vain.
  func draw(
    slot: Int, _ stream: RandomStream, at position: UInt64, without own: OwnItems.OfUsers?,
    clusters: UnsafeMutablePointer<Int32>, into negatives: UnsafeMutablePointer<Int32>, count draws: Int
  ) -> Int {
    let user = Int(users!.users[slot])
    var members = groups.drawn
    let drawn = own.with(user) {
      kernel_sample_clusters(
        stream.key, position, sums.base + slot * width, count, states.base + slot * width, &members, $0, clusters,
        negatives, draws)
    }
    guard drawn.listed > 0 else { return drawn.rejected }
    let numbers = stream.substream(1)
    for place in 0..<draws where negatives[place] < 0 {
      let rest = groups.rest(Int(clusters[place]), of: user, self.own!.train)
      negatives[place] = rest.item(numbers.uniformDouble(at: position + UInt64(place)))
    }
    return drawn.rejected
  }

  /// What a user thinks of some items' clusters.
  func writeScores(
    slot: Int, _ items: UnsafePointer<Int32>, count: Int, into result: UnsafeMutablePointer<Float>
  ) {
    let row = scores.base + slot * width
    groups.labels.values.withUnsafeBufferPointer { labels in
      for place in 0..<count { result[place] = row[Int(labels[Int(items[place])])] }
    }
  }

  /// The logarithm of the sum over all items that the user can be given.
  func logTotal(_ slot: Int) -> Double { Double(tops[slot]) + log(sums[slot * width + width - 1]) }
}
