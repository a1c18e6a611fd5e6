/// The items of each cluster, ascending.
struct ClusterMembers {
  /// Cluster after cluster.
  private(set) var items: [Int32]
  /// Where each begins, and the end of all.
  private(set) var offsets: [Int]

  /// - Parameter labels: The cluster of each item, in `0..<count`.
  init(labels: some Collection<Int32>, count: Int) {
    offsets = [Int](repeating: 0, count: count + 1)
    items = [Int32](repeating: 0, count: labels.count)
    for label in labels { offsets[Int(label) + 1] += 1 }
    for cluster in 0..<count { offsets[cluster + 1] += offsets[cluster] }
    var next = offsets
    for (item, label) in labels.enumerated() {
      items[next[Int(label)]] = Int32(item)
      next[Int(label)] += 1
    }
  }

  func range(_ cluster: Int) -> Range<Int> { offsets[cluster]..<offsets[cluster + 1] }
}
