/// Where a cluster sampler's clusters come from: k-means of the items' rows, or parameters that are learned.
public protocol ItemClustering: Stateful {
  /// Clusters, K.
  var count: Int { get }

  /// The clusters by which a batch is to be drawn. Asked once a batch, and again for the same batch with the same answer.
  ///
  /// - Parameter sampler: Who draws by them, for messages.
  /// - Throws: `TrainingError`; nothing has changed then.
  func clusters(for sampler: any Sampler, in context: SamplingContext) throws -> ItemClusters
}

/// Which cluster each item has, and where each cluster's center stands.
///
/// A user's score of a cluster is the inner product of the user's row and the center. What follows from labels or centers is computed
/// anew where they are another object: who changes centers only keeps the labels.
public final class ItemClusters {
  public let labels: ClusterLabels
  /// `[K, width]`
  public let centers: [Float]

  public init(labels: ClusterLabels, centers: [Float]) {
    self.labels = labels
    self.centers = centers
  }
}

/// The cluster of each item, in `0..<K`.
public final class ClusterLabels {
  public let values: [Int32]
  public init(_ values: [Int32]) { self.values = values }
}
