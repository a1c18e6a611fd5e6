import Kernels
import Platform
import Tensors

/// Bounds of all items' scores for any user, by where the items lie about the centers of their clusters:
///
///     <p_u, v_j> = <p_u, c> + <p_u, v_j - c> <= <p_u, c> + |p_u| |v_j - c|
///
/// Items of a cluster whose distances from its center are alike are a group, and share the bound of the farthest of them. Any clusters
/// will do: how good they are decides how high the bounds lie above the scores, never what is drawn.
final class ItemBounds {
  let clusters: ItemClusters
  let columns: CenterColumns
  private let clusterCount: Int
  /// `[clusters, stride]`
  private let centers: AlignedBuffer<Float>
  private let stride: Int
  private let distances: AlignedBuffer<Float>

  // By group; behind the last one, up to a whole vector, groups without items.
  private let clusterOfGroup, offsets: AlignedBuffer<Int32>
  private let radii, sizes: AlignedBuffer<Float>
  /// The items, group after group.
  private let members: AlignedBuffer<Int32>
  /// The group of each item while groups are made, and where the next item of each cluster and shell goes.
  private let keys, next: AlignedBuffer<Int32>
  /// Groups up to a whole vector.
  private(set) var padded = 0

  /// Rings about a center, from it to the farthest item of all: the distances within one differ by an eighth of that.
  private static let shells = 8
  /// Above a distance as it is rounded, and the scores.
  private static let slack: Float = 1 + 0x1p-16

  init(_ clusters: ItemClusters, width: Int) throws {
    let items = clusters.labels.values.count
    let count = clusters.centers.count / width
    let purpose = "bounds of the scores of \(items) items in \(count) clusters"
    (self.clusters, clusterCount, stride) = (clusters, count, EmbeddingTable.stride(width))
    columns = try CenterColumns(count: count, width: width)
    clusters.centers.withUnsafeBufferPointer { [columns] in columns.load($0.baseAddress!, stride: width) }
    centers = try AlignedBuffer(count: count * stride, repeating: 0, for: purpose)
    for center in 0..<count {
      for column in 0..<width { centers[center * stride + column] = clusters.centers[center * width + column] }
    }
    let groups = min(items, count * Self.shells) + 16
    distances = try AlignedBuffer(count: items, repeating: 0, for: purpose)
    clusterOfGroup = try AlignedBuffer(count: groups, repeating: 0, for: purpose)
    offsets = try AlignedBuffer(count: groups + 1, repeating: 0, for: purpose)
    radii = try AlignedBuffer(count: groups, repeating: 0, for: purpose)
    sizes = try AlignedBuffer(count: groups, repeating: 0, for: purpose)
    members = try AlignedBuffer(count: items, repeating: 0, for: purpose)
    keys = try AlignedBuffer(count: items, repeating: 0, for: purpose)
    next = try AlignedBuffer(count: count * Self.shells, repeating: 0, for: purpose)
  }

  /// For the kernels; valid while this lives, until the next `load`.
  var groups: kernel_score_groups {
    kernel_score_groups(
      clusters: clusterOfGroup.base, radii: radii.base, sizes: sizes.base, offsets: offsets.base, members: members.base,
      padded: padded)
  }

  /// Takes the items' rows as they stand now.
  ///
  /// - Returns: Whether there are bounds: not where rows are no numbers.
  /// - Complexity: O(items · width)
  func load(_ items: RowBlock, pool: ThreadPool) -> Bool {
    precondition(items.rowCount == distances.count && items.stride == stride)
    let farthest = farthest(of: items, pool: pool)
    guard farthest.isFinite else { return false }
    group(farthest: farthest)
    return true
  }

  private static let grain = 4096

  /// Measures the distances. Returns the largest, no number where one is not.
  private func farthest(of items: RowBlock, pool: ThreadPool) -> Float {
    var largest = [Float](repeating: 0, count: (items.rowCount - 1) / Self.grain + 1)
    clusters.labels.values.withUnsafeBufferPointer { labels in
      largest.withUnsafeMutableBufferPointer { largest in
        let shared = Shared(
          (
            items: items, centers: centers.base, labels: labels.baseAddress!, out: distances.base,
            largest: largest.baseAddress!
          ))
        pool.run(count: items.rowCount, grain: Self.grain) { range in
          shared.value.largest[range.lowerBound / Self.grain] = kernel_center_distances(
            shared.value.items.base, shared.value.items.stride, shared.value.centers, shared.value.labels,
            range.lowerBound, range.upperBound, shared.value.out)
        }
      }
    }
    return largest.reduce(0) { $1 <= $0 ? $0 : $1 }
  }

  /// Sorts the items by cluster and shell.
  private func group(farthest: Float) {
    let scale = farthest > 0 ? Float(Self.shells) / farthest : 0
    next.fill(0)
    clusters.labels.values.withUnsafeBufferPointer { labels in
      for item in 0..<distances.count {
        let shell = min(Int32(Self.shells) - 1, Int32(distances[item] * scale))
        keys[item] = labels[item] * Int32(Self.shells) + shell
        next[Int(keys[item])] += 1
      }
    }
    placeGroups()
    for item in 0..<distances.count {
      let key = Int(keys[item])
      let group = Int(next[key])
      let place = Int(offsets[group + 1])
      members[place] = Int32(item)
      offsets[group + 1] += 1
      radii[group] = max(radii[group], distances[item] * Self.slack)
    }
  }

  /// From how many items each cluster and shell has: groups of those that have some. `next` then has each one's group, and
  /// offsets[group + 1] where its first item goes.
  private func placeGroups() {
    var (group, place) = (0, Int32(0))
    for key in 0..<next.count where next[key] > 0 {
      clusterOfGroup[group] = Int32(key / Self.shells)
      sizes[group] = Float(next[key])
      radii[group] = 0
      offsets[group + 1] = place
      place += next[key]
      next[key] = Int32(group)
      group += 1
    }
    padded = (group + 15) / 16 * 16
    for empty in group..<padded {
      (clusterOfGroup[empty], sizes[empty], radii[empty]) = (clusterOfGroup[group - 1], 0, 0)
      offsets[empty + 1] = place
    }
  }
}
