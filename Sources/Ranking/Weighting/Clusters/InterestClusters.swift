import Kernels
import Platform
import Tensors

/// Clusters of items, whose centers stand for what users are interested in: what TIL-MI adds to the states of triplets.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022, sections 4.2.2 and 4.3. The
/// centers Φ begin where k-means of the items' rows ends. `learned` ones are trained from then on with the model, by the weighted loss
/// and by γ L_c, which draws items to the centers to which they lean (Eq. 7 to 9); the cluster of an item, its nearest center, and the
/// target T of L_c are looked up anew once in a while. `kmeans` ones (TIL-MIK) stay in between, and k-means goes on from them.
///
/// A cluster that is nobody's nearest when it is looked for goes to the item that is furthest from its own center.
public final class InterestClusters {
  /// What moves the centers.
  public enum Motion: String, Sendable, CaseIterable {
    case learned
    case kmeans
  }

  /// Φ, `[K, d]`
  public let centers: Parameter
  public let motion: Motion
  /// α: how much of its center stands beside an item in a state.
  public var share: Schedule
  /// γ: what L_c counts beside the sum over triplets. Learned centers alone have it.
  public var pull: Schedule
  /// The degrees of freedom of Student's distribution.
  public let tau: Double
  /// Epochs from one look at the clusters to the next.
  public let interval: Int
  /// The cluster of each item; empty before the first look.
  public var labels: [Int32] { made?.labels ?? [] }
  /// How many items each cluster had at the last look.
  public var sizes: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: count)) { $0[Int($1)] += 1 }
  }
  /// How many clusters were empty so far, and moved.
  public private(set) var reseeded = 0
  /// L_c of the last batch.
  public internal(set) var divergence: Double?
  private let stream: RandomStream
  private(set) var made: Made?

  /// What was found at a look.
  struct Made {
    let labels: [Int32]
    let epoch: Int
    /// T, `[I, width]`, padded with zeros; `nil` where the centers are not learned.
    let target: ClusterTarget?
  }

  public init(
    count: Int, width: Int, motion: Motion = .learned, share: Schedule, pull: Schedule, tau: Double = 1,
    interval: Int = 10, seed: UInt64 = 0
  ) throws {
    guard tau > 0, tau.isFinite else { throw TrainingError.setting("weighting: tau is \(tau); want a number above 0") }
    precondition(count >= 1 && interval >= 1)
    centers = try Parameter(name: "importance_centers", owner: .shared, rowCount: count, columnCount: width) { _, _ in 0
    }
    (self.motion, self.share, self.pull, self.tau, self.interval) = (motion, share, pull, tau, interval)
    stream = RandomStream(seed: seed, purpose: "interest clusters")
  }

  public var count: Int { centers.rowCount }
  /// What the optimizer moves.
  var parameters: [Parameter] { motion == .learned ? [centers] : [] }
  var numbers: [AssignableNumber] { [.init("alpha", of: self, \.share), .init("gamma", of: self, \.pull)] }

  var text: String {
    let pull = motion == .learned ? ", gamma = \(self.pull), tau = \(tau)" : ""
    return "clusters = \(count) \(motion.rawValue), alpha = \(share)\(pull), refresh = \(interval)"
  }

  // MARK: Looks

  /// Looks where items belong, where that is due. The centers and the items are up to date.
  ///
  /// - Throws: `TrainingError` for more clusters than items, and for rows that are no numbers.
  /// - Complexity: O(items · clusters · width).
  func refresh(_ items: RowBlock, epoch: Int, pool: ThreadPool) throws {
    // An epoch before the last look is another training's.
    if let made, made.labels.count == items.rowCount, (0..<interval).contains(epoch - made.epoch) { return }
    guard count <= items.rowCount else {
      throw TrainingError.setting(
        "weighting: \(count) clusters of \(items.rowCount) items; want at most as many clusters as items")
    }
    let isFirst = made == nil
    if isFirst || motion == .kmeans { try cluster(items, isFirst: isFirst, epoch: epoch, pool: pool) }
    let labels = try assign(items, pool: pool)
    let target = try motion == .learned ? ClusterTarget(items, centers, tau: tau, pool: pool) : nil
    made = Made(labels: labels, epoch: epoch, target: target)
  }

  private func cluster(_ items: RowBlock, isFirst: Bool, epoch: Int, pool: ThreadPool) throws {
    let start = isFirst ? KMeans.Start.plusPlus(stream) : .centers(centers.table.compactValues(centers.values))
    let found = try KMeans(items, count: count, start: start, iterations: isFirst ? 100 : 20, pool: pool)
    guard found.inertia.isFinite else {
      throw TrainingError(
        .notFinite,
        "weighting: the items' rows are no numbers at epoch \(epoch), and cannot be clustered. Try a lower rate, or gradient clipping "
          + "(clip = 10)")
    }
    centers.table.writeRows(found.centers)
  }

  /// The nearest center of each item; centers without any go elsewhere first.
  private func assign(_ items: RowBlock, pool: ThreadPool) throws -> [Int32] {
    let columns = try CenterColumns(count: count, width: items.width)
    columns.load(centers.values, stride: centers.rowStride)
    var labels = [Int32](repeating: 0, count: items.rowCount)
    labels.withUnsafeMutableBufferPointer { labels in
      let shared = Shared((columns: columns, rows: items, labels: labels.baseAddress!))
      pool.run(count: items.rowCount, grain: 256) {
        shared.value.columns.findNearest(shared.value.rows, $0, shared.value.labels)
      }
    }
    reseed(items, &labels)
    return labels
  }

  private func reseed(_ items: RowBlock, _ labels: inout [Int32]) {
    var sizes = labels.reduce(into: [Int](repeating: 0, count: count)) { $0[Int($1)] += 1 }
    let empty = sizes.indices.filter { sizes[$0] == 0 }
    guard !empty.isEmpty else { return }
    var values = centers.table.compactValues(centers.values)
    let distances = labels.enumerated().map { item, label in
      (0..<items.width).reduce(Float(0)) { sum, column in
        let gap = items[item][column] - values[Int(label) * items.width + column]
        return sum + gap * gap
      }
    }
    var furthest = distances.indices.sorted { (distances[$0], $1) > (distances[$1], $0) }[...]
    for cluster in empty {
      // One that would leave its own cluster empty stays.
      guard let place = furthest.firstIndex(where: { sizes[Int(labels[$0])] > 1 }) else { break }
      let item = furthest[place]
      furthest = furthest[(place + 1)...]
      sizes[Int(labels[item])] -= 1
      labels[item] = Int32(cluster)
      for column in 0..<items.width { values[cluster * items.width + column] = items[item][column] }
      reseeded += 1
    }
    centers.table.writeRows(values)
  }
}

// MARK: Snapshots

extension InterestClusters: Stateful {
  /// What was found at the last look; learned centers are part of the trainer's parameters.
  public func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    guard let made else { return snapshot }
    snapshot["labels"] = .counts(made.labels)
    snapshot["made"] = .integers([Int64(made.epoch), Int64(reseeded)])
    snapshot["target"] = made.target.map { .floats($0.compact) }
    if motion == .kmeans { snapshot["centers"] = .floats(centers.currentValues) }
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    guard !snapshot.isEmpty else { return { [self] in (made, reseeded, divergence) = (nil, 0, nil) } }
    let labels = try snapshot.counts("labels")
    let place = try snapshot.integers("made", count: 2)
    guard labels.allSatisfy({ (0..<Int32(count)).contains($0) }) else {
      throw TrainingError.setting("weighting: what was saved of the clusters does not fit \(count) of them")
    }
    let target =
      try motion == .learned
      ? ClusterTarget(snapshot.floats("target", count: labels.count * count), clusters: count) : nil
    let values = try motion == .kmeans ? snapshot.floats("centers", count: count * centers.columnCount) : nil
    return { [self] in
      made = Made(labels: labels, epoch: place[0], target: target)
      (reseeded, divergence) = (place[1], nil)
      if let values { centers.table.writeRows(values) }
    }
  }
}
