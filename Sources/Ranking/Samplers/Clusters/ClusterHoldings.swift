import Interactions
import Kernels
import Platform
import Tensors

/// What each user has of each cluster, and what that leaves: made once for the clusters, so that a batch reads a short list of each user.
final class ClusterHoldings {
  /// User after user, ascending by cluster.
  private let entries: AlignedBuffer<kernel_cluster_holding>
  /// Where each user's begin, and the end of all.
  private let offsets: [Int]

  /// - Complexity: O(pairs · log row), and a cluster's size for each user to whom little of it is left.
  init(_ groups: ClusterGroups, _ train: InteractionMatrix, pool: ThreadPool) throws {
    let purpose = "what \(train.userCount) users have of \(groups.clusterCount) clusters"
    let entries = try AlignedBuffer(
      count: train.count, repeating: kernel_cluster_holding(cluster: 0, state: 0, left: 0), for: purpose)
    var counts = [Int](repeating: 0, count: train.userCount)
    counts.withUnsafeMutableBufferPointer { counts in
      // A user has no more clusters than items: the list is written where the items stand, and closed up afterwards.
      let shared = Shared((groups: groups, train: train, entries: entries.base, counts: counts.baseAddress!))
      pool.run(count: train.userCount, grain: 256) { users in
        let (groups, train) = (shared.value.groups, shared.value.train)
        var tally = Tally(groups)
        for user in users {
          shared.value.counts[user] = tally.write(
            user, train, into: shared.value.entries + train.rowOffsets[user])
        }
      }
    }
    var offsets = [0]
    offsets.reserveCapacity(counts.count + 1)
    for user in counts.indices {
      (entries.base + offsets[user]).update(from: entries.base + train.rowOffsets[user], count: counts[user])
      offsets.append(offsets[user] + counts[user])
    }
    (self.entries, self.offsets) = (entries, offsets)
  }

  func list(of user: Int) -> UnsafeBufferPointer<kernel_cluster_holding> {
    UnsafeBufferPointer(start: entries.base + offsets[user], count: offsets[user + 1] - offsets[user])
  }

  /// Asks for a list that will be read soon.
  func prefetch(_ user: Int) {
    let list = list(of: user)
    kernel_prefetch(list.baseAddress, list.count * MemoryLayout<kernel_cluster_holding>.stride)
  }

  /// Adds up what one user after another has.
  private struct Tally {
    let groups: ClusterGroups
    private var counts: [Int32]
    private var masses: [Double]
    private var clusters: [Int] = []

    init(_ groups: ClusterGroups) {
      self.groups = groups
      counts = [Int32](repeating: 0, count: groups.clusterCount)
      masses = groups.masses
    }

    mutating func write(
      _ user: Int, _ train: InteractionMatrix, into entries: UnsafeMutablePointer<kernel_cluster_holding>
    ) -> Int {
      clusters.removeAll(keepingCapacity: true)
      for item in train.items(of: user) {
        let cluster = Int(groups.labels.values[Int(item)])
        if counts[cluster] == 0 { clusters.append(cluster) }
        counts[cluster] += 1
        masses[cluster] -= groups.weight(item)
      }
      clusters.sort()
      for (place, cluster) in clusters.enumerated() {
        entries[place] = holding(cluster, of: user, train)
        (counts[cluster], masses[cluster]) = (0, groups.masses[cluster])
      }
      return clusters.count
    }

    /// Whether anything is left is decided by counting: a difference of sums could leave 1e-17 and a draw that never ends.
    private func holding(_ cluster: Int, of user: Int, _ train: InteractionMatrix) -> kernel_cluster_holding {
      var holding = kernel_cluster_holding(
        cluster: Int32(cluster), state: Int32(KERNEL_CLUSTER_HELD), left: masses[cluster])
      if counts[cluster] >= groups.counts[cluster] {
        holding.left = 0
      } else if masses[cluster] < groups.masses[cluster] / 8 {
        // Too much was subtracted for the difference to be right.
        holding.left = groups.rest(cluster, of: user, train).total
        holding.state = Int32(KERNEL_CLUSTER_SCARCE)
      }
      return holding
    }
  }
}
