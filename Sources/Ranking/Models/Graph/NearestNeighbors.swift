import Interactions
import Tensors

/// Lists of nodes for each node of one side of a graph.
struct NodeLists: Sendable {
  /// `[nodes + 1]`
  let offsets: [Int]
  let members: [Int32]

  init(offsets: [Int], members: [Int32]) {
    self.offsets = offsets
    self.members = members
  }

  init(_ lists: [[Int32]]) {
    var offsets = [0]
    for list in lists { offsets.append(offsets.last! + list.count) }
    self.init(offsets: offsets, members: lists.flatMap { $0 })
  }

  var byteCount: Int { 8 * offsets.count + 4 * members.count }

  func list(_ node: Int32) -> ArraySlice<Int32> { members[offsets[Int(node)]..<offsets[Int(node) + 1]] }

  /// For each node of `owners` its nearest others, by the cosine of their 0/1 rows: the nearest first, of equally near ones that
  /// with the smaller number. Those with nothing in common are nobody's neighbors, so that there may be fewer than `count`.
  ///
  /// - Parameters:
  ///   - partners: For each owner the columns of its row.
  ///   - owners: For each column the owners that have it.
  /// - Complexity: O(Σ over columns of the square of its owners), on all threads.
  static func nearest(_ count: Int, partners: NodeLists, owners: NodeLists, pool: ThreadPool = .shared) -> NodeLists {
    let nodeCount = partners.offsets.count - 1
    let grain = 64
    var parts = [[[Int32]]](repeating: [], count: (nodeCount + grain - 1) / grain)
    parts.withUnsafeMutableBufferPointer { parts in
      let shared = Shared(parts)
      pool.run(count: nodeCount, grain: grain) { range in
        var common = [Int32](repeating: 0, count: nodeCount)
        shared.value[range.lowerBound / grain] = range.map {
          nearest(count, to: Int32($0), partners, owners, &common)
        }
      }
    }
    return NodeLists(parts.flatMap { $0 })
  }

  /// - Parameter common: Zeros, and zeros again afterwards.
  private static func nearest(
    _ count: Int, to node: Int32, _ partners: NodeLists, _ owners: NodeLists, _ common: inout [Int32]
  ) -> [Int32] {
    var met: [Int32] = []
    for column in partners.list(node) {
      for other in owners.list(column) where other != node {
        if common[Int(other)] == 0 { met.append(other) }
        common[Int(other)] += 1
      }
    }
    // The square of the cosine, without the factor of the node itself.
    let ranked = met.map { other in
      let shared = Double(common[Int(other)])
      return (closeness: shared * shared / Double(partners.list(other).count), node: other)
    }
    for other in met { common[Int(other)] = 0 }
    return best(count, of: ranked)
  }

  private static func best(_ count: Int, of ranked: [(closeness: Double, node: Int32)]) -> [Int32] {
    typealias Entry = (closeness: Double, node: Int32)
    func isNearer(_ a: Entry, _ b: Entry) -> Bool {
      a.closeness != b.closeness ? a.closeness > b.closeness : a.node < b.node
    }
    var kept: [Entry] = []
    for entry in ranked {
      if kept.count == count, !isNearer(entry, kept[count - 1]) { continue }
      let place = kept.firstIndex { isNearer(entry, $0) } ?? kept.count
      kept.insert(entry, at: place)
      if kept.count > count { kept.removeLast() }
    }
    return kept.map(\.node)
  }
}
