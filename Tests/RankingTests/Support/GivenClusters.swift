import Tensors

@testable import Ranking

/// Clusters that a test wrote down, and a model whose users score the centers as it wants.
final class GivenClusters: ItemClustering {
  let count: Int
  private let clusters: ItemClusters

  /// - Parameter centers: `[K][width]`
  init(labels: [Int32], centers: [[Float]]) {
    count = centers.count
    clusters = ItemClusters(labels: ClusterLabels(labels), centers: centers.flatMap { $0 })
  }

  func clusters(for sampler: any Sampler, in context: SamplingContext) throws -> ItemClusters { clusters }
  func snapshot() throws -> Snapshot { Snapshot() }
  func restoration(from snapshot: Snapshot) throws -> () -> Void { {} }

  /// Unit vectors: a user's row is what the user thinks of each center, or item.
  static func units(_ count: Int) -> [[Float]] {
    (0..<count).map { row in (0..<count).map { $0 == row ? 1 : 0 } }
  }
}

/// A model of given rows.
func modelOfRows(users: [[Float]], items: [[Float]]) throws -> MatrixFactorization {
  let model = try randomModel(users: users.count, items: items.count, dim: users[0].count, score: .dot)
  var parameters = model.parameters
  (parameters.users, parameters.items) = (users.flatMap { $0 }, items.flatMap { $0 })
  try model.setParameters(parameters)
  return model
}
