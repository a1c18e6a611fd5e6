import Platform
import Tensors

/// Clusters that are learned together with the model: those of PRIS' samplers CUJ and CPJ.
///
/// Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, section 4.3, Eq. 16, with v_i an item's row and c_k a
/// center:
///
///     sim(v_i, c_k) = ½ <v_i, W c_k> + <w, c_k>,   y_i = argmax_k sim(v_i, c_k)
///
/// The paper adds <w', v_i>, which is the same for all clusters of an item: it changes neither y nor a gradient, and is left out. The
/// paper says nothing of the first values: the centers begin where k-means of the model's items ends, W as twice the unit matrix, so
/// that the similarity begins as the inner product, and w as 0.
///
/// `LearnedClusterTerm` is the loss that moves them. Where each item belongs is asked anew once in a while; where the centers stand, at
/// each batch.
public final class LearnedClusters: ItemClustering {
  public let count: Int
  /// How often items are assigned to clusters.
  public let interval: KMeansClustering.Interval
  /// `[K, d]`
  public let centers: Parameter
  /// W, `[d, d]`.
  public let similarity: Parameter
  /// w, `[1, d]`.
  public let lean: Parameter
  private var made = SamplerMemory<Made>()

  private struct Made {
    var labels: ClusterLabels
    var epoch: Int
    var step: Int
  }

  /// What the optimizer moves.
  public var parameters: [Parameter] { [centers, similarity, lean] }
  /// Numbers of a center.
  public var width: Int { centers.columnCount }

  /// - Throws: `TrainingError` for more clusters than items, and for a model whose items have no table of rows without biases.
  public init(
    count: Int, of model: any RankingModel, interval: KMeansClustering.Interval = .epoch, seed: UInt64,
    pool: ThreadPool = .shared
  ) throws {
    let items = try Self.table(of: model, for: "learned_clusters")
    guard (1...items.rowCount).contains(count) else {
      throw TrainingError.setting(
        "learned_clusters: \(count) clusters of \(items.rowCount) items; want at most as many clusters as items")
    }
    let rows = try items.currentValues.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: items.rowCount, width: items.columnCount)
    }
    let stream = RandomStream(seed: seed, purpose: "learned clusters")
    let found = try KMeans(rows, count: count, start: .plusPlus(stream), iterations: 20, pool: pool).centers
    let width = items.columnCount
    self.count = count
    self.interval = interval
    centers = try Parameter(name: "cluster_centers", owner: .shared, rowCount: count, columnCount: width) {
      found[$0 * width + $1]
    }
    similarity = try Parameter(name: "cluster_similarity", owner: .shared, rowCount: width, columnCount: width) {
      $0 == $1 ? 2 : 0
    }
    lean = try Parameter(name: "cluster_lean", owner: .shared, rowCount: 1, columnCount: width) { _, _ in 0 }
  }

  /// The items' table of a model whose scores are inner products of two tables' rows as they stand.
  static func table(of model: any RankingModel, for whom: String) throws -> Parameter {
    guard case .factors(.table, .table(let items), .dot) = model.scoring, model.rowWidth == model.dim else {
      throw TrainingError.setting(
        "\(whom): wants a model whose scores are inner products of the rows of two tables, without biases, such as models.mf with "
          + "score = \"dot\"; model '\(model.name)' \(model.unlikeInnerProducts)")
    }
    return items
  }

  // MARK: Clusters of a batch

  public func clusters(for sampler: any Sampler, in context: SamplingContext) throws -> ItemClusters {
    let rows = try context.values(of: centers)
    var current = made.content(in: context).flatMap { $0.labels.values.count == context.itemCount ? $0 : nil }
    if current.map({ interval.isDue(since: $0.epoch, $0.step, at: context.position) }) ?? true {
      let labels = try assign(for: sampler, in: context, centers: rows)
      current = Made(labels: labels, epoch: context.position.epoch, step: context.position.step)
    }
    made.keep(current!, in: context)
    return ItemClusters(labels: current!.labels, centers: rows)
  }

  private func assign(for sampler: any Sampler, in context: SamplingContext, centers: [Float]) throws -> ClusterLabels {
    let items = try context.itemRows(for: sampler)
    guard items.width == width else {
      throw TrainingError.setting(
        "sampler '\(sampler.name)': the clusters' centers have \(width) numbers, and the items' rows \(items.width); make the clusters of "
          + "the model that is trained")
    }
    let labels = try Self.assign(
      items, centers: centers, similarity: context.values(of: similarity), lean: context.values(of: lean),
      pool: context.threads)
    return ClusterLabels(labels)
  }

  /// The cluster of each row: the most similar one, of equally similar ones the first.
  ///
  /// - Complexity: O(rows · clusters · width).
  static func assign(
    _ rows: RowBlock, centers: [Float], similarity: [Float], lean: [Float], pool: ThreadPool
  ) throws -> [Int32] {
    let width = rows.width
    let count = centers.count / width
    let turned = try Tensor(centers, shape: [count, width])
      .matrixProduct(Tensor(similarity, shape: [width, width]).transposed())
    let products = try (turned * 0.5).elements()
    let offsets = (0..<count).map { center in
      -(0..<width).reduce(Float(0)) { $0 + lean[$1] * centers[center * width + $1] }
    }
    let columns = try CenterColumns(count: count, width: width)
    products.withUnsafeBufferPointer { columns.load($0.baseAddress!, stride: width, offsets: offsets) }
    var labels = [Int32](repeating: 0, count: rows.rowCount)
    labels.withUnsafeMutableBufferPointer { labels in
      let shared = Shared((columns: columns, rows: rows, labels: labels.baseAddress!))
      pool.run(count: rows.rowCount, grain: 256) {
        shared.value.columns.findNearest(shared.value.rows, $0, shared.value.labels)
      }
    }
    return labels
  }

  // MARK: Snapshots

  /// Where each item belongs; the parameters are part of the trainer's.
  public func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    guard let made = made.content else { return snapshot }
    snapshot["labels"] = .counts(made.labels.values)
    snapshot["made"] = .integers([Int64(made.epoch), Int64(made.step)])
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    var restored: Made?
    if !snapshot.isEmpty {
      let labels = try snapshot.counts("labels")
      let place = try snapshot.integers("made", count: 2)
      guard labels.allSatisfy({ (0..<Int32(count)).contains($0) }) else {
        throw TrainingError.setting("what was saved of the clusters does not fit \(count) of them")
      }
      restored = Made(labels: ClusterLabels(labels), epoch: place[0], step: place[1])
    }
    return { [self] in made.restore(restored) }
  }
}
