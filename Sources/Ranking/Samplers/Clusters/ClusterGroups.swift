import Interactions
import Kernels
import Tensors

/// The items of each cluster as a sampler draws them: uniformly, or by their weights.
final class ClusterGroups {
  let labels: ClusterLabels
  let members: ClusterMembers
  /// Of all items; `nil` where they count alike.
  private let weights: [Double]?
  /// K
  let clusterCount: Int
  /// How many items of each cluster can be drawn, `[K]`, and the sum of their weights, both with zeros to `width`.
  let counts: [Int32]
  let masses: [Double]
  /// What is drawn from: for weights the columns of all clusters' alias tables, and where each begins.
  private let columns: AlignedBuffer<AliasTable.Column>?
  private let columnOffsets: AlignedBuffer<Int>
  /// Without weights: the items of the clusters, and where each begins.
  private let items: AlignedBuffer<Int32>
  private let itemOffsets: AlignedBuffer<Int>

  /// - Parameters:
  ///   - width: The number of clusters, rounded up to whole vectors.
  ///   - weights: Of each item; `nil` for 1 each.
  init(_ labels: ClusterLabels, count: Int, width: Int, weights: [Double]?) throws {
    self.labels = labels
    self.weights = weights
    clusterCount = count
    members = ClusterMembers(labels: labels.values, count: count)
    var counts = [Int32](repeating: 0, count: width)
    var masses = [Double](repeating: 0, count: width)
    var (columns, columnOffsets) = ([AliasTable.Column](), [0])
    for cluster in 0..<count {
      let own = members.items[members.range(cluster)]
      if let weights {
        for item in own where weights[Int(item)] > 0 {
          counts[cluster] += 1
          masses[cluster] += weights[Int(item)]
        }
        if counts[cluster] > 0 { columns += AliasTable.columns(of: own, weights: weights) }
      } else {
        (counts[cluster], masses[cluster]) = (Int32(own.count), Double(own.count))
      }
      columnOffsets.append(columns.count)
    }
    (self.counts, self.masses) = (counts, masses)
    self.columns = try weights.map { _ in try Self.buffer(columns, labels) }
    self.columnOffsets = try Self.buffer(columnOffsets, labels)
    items = try Self.buffer(members.items, labels)
    itemOffsets = try Self.buffer(members.offsets, labels)
  }

  private static func buffer<Element: BitwiseCopyable>(
    _ elements: [Element], _ labels: ClusterLabels
  ) throws -> AlignedBuffer<Element> {
    let buffer = try AlignedBuffer(
      count: elements.count, repeating: elements[0], for: "the clusters of \(labels.values.count) items")
    for (place, element) in elements.enumerated() { buffer[place] = element }
    return buffer
  }

  func weight(_ item: Int32) -> Double { weights?[Int(item)] ?? 1 }

  /// What the kernels draw from.
  var drawn: kernel_cluster_members {
    columns.map { kernel_cluster_members(offsets: columnOffsets.base, columns: $0.base, items: nil) }
      ?? kernel_cluster_members(offsets: itemOffsets.base, columns: nil, items: items.base)
  }

  /// What can be drawn of a cluster but for the items of a user, ascending, and the sums of the weights. O(cluster · log row).
  func rest(_ cluster: Int, of user: Int, _ train: InteractionMatrix) -> RemainingItems {
    var rest = RemainingItems()
    for item in members.items[members.range(cluster)] where weight(item) > 0 && !train.contains(user: user, item: item)
    {
      rest.add(item, weight(item))
    }
    return rest
  }
}
