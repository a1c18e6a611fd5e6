import Platform
import Tensors

/// Clusters of the items by k-means of their rows, made anew once in a while from where the centers stood.
///
/// The first ones begin on random rows (k-means++). PRIS leaves open how often; once an epoch is the default.
public final class KMeansClustering: ItemClustering {
  /// How often clusters are made.
  public enum Interval: Equatable, Sendable, CustomStringConvertible {
    /// Before the first batch of each epoch.
    case epoch
    /// After so many steps of the optimizer.
    case steps(Int)

    /// Whether clusters that were made at an epoch and a step are too old.
    func isDue(since epoch: Int, _ step: Int, at position: TrainingPosition) -> Bool {
      switch self {
      case .epoch: epoch != position.epoch
      case .steps(let steps): !(step..<step + steps).contains(position.step)
      }
    }

    public var description: String {
      switch self {
      case .epoch: "epoch"
      case .steps(let steps): "\(steps)"
      }
    }
  }

  public let count: Int
  /// Where there are fewer items than so many for each cluster, there are fewer clusters; `nil` where that is an error.
  private let itemsOfEach: Int?
  public let interval: Interval
  /// Lloyd's iterations at most, each time.
  public let iterations: Int
  private var made = SamplerMemory<Made>()

  private struct Made {
    var clusters: ItemClusters
    var epoch: Int
    var step: Int
  }

  public init(count: Int, interval: Interval = .epoch, iterations: Int = 20) {
    precondition(count >= 1 && iterations >= 1)
    (self.count, self.interval, self.iterations) = (count, interval, iterations)
    itemsOfEach = nil
  }

  /// At most `count` clusters, so that each has `itemsOfEach` items in the mean.
  init(most count: Int, itemsOfEach: Int, iterations: Int) {
    precondition(count >= 1 && itemsOfEach >= 1 && iterations >= 1)
    (self.count, self.itemsOfEach, interval, self.iterations) = (count, itemsOfEach, .epoch, iterations)
  }

  /// Clusters of so many items.
  func count(of items: Int) -> Int { itemsOfEach.map { min(count, items / $0) } ?? count }

  /// - Throws: `TrainingError` for more clusters than items, rows that are no numbers, and as `SamplingContext.itemRows`.
  public func clusters(for sampler: any Sampler, in context: SamplingContext) throws -> ItemClusters {
    guard count(of: context.itemCount) <= context.itemCount else {
      throw TrainingError.setting(
        "sampler '\(sampler.name)': \(count) clusters of \(context.itemCount) items; want at most as many clusters as items"
      )
    }
    let earlier = made.content(in: context).flatMap {
      $0.clusters.labels.values.count == context.itemCount ? $0 : nil
    }
    var current = earlier
    if earlier.map({ interval.isDue(since: $0.epoch, $0.step, at: context.position) }) ?? true {
      current = Made(
        clusters: try makeClusters(for: sampler, in: context, from: earlier?.clusters),
        epoch: context.position.epoch, step: context.position.step)
    }
    made.keep(current!, in: context)
    return current!.clusters
  }

  private func makeClusters(
    for sampler: any Sampler, in context: SamplingContext, from earlier: ItemClusters?
  ) throws -> ItemClusters {
    let rows = try context.itemRows(for: sampler)
    let count = count(of: rows.rowCount)
    var start = KMeans.Start.plusPlus(context.stream.substream(3).substream(context.firstPlace))
    if let earlier, earlier.centers.count == count * rows.width { start = .centers(earlier.centers) }
    let found = try KMeans(rows, count: count, start: start, iterations: iterations, pool: context.threads)
    guard found.inertia.isFinite else {
      throw TrainingError(
        .notFinite,
        "sampler '\(sampler.name)': rows of items are no numbers, or too large for their distances, at epoch \(context.position.epoch), "
          + "step \(context.position.step): they cannot be clustered; nothing was changed by this batch. Try a lower rate, or gradient "
          + "clipping (clip = 10)")
    }
    return ItemClusters(labels: ClusterLabels(found.labels), centers: found.centers)
  }

  // MARK: Snapshots

  /// Labels too: the rows from which they were made have moved since.
  public func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    guard let made = made.content else { return snapshot }
    snapshot["centers"] = .floats(made.clusters.centers)
    snapshot["labels"] = .counts(made.clusters.labels.values)
    snapshot["made"] = .integers([Int64(made.epoch), Int64(made.step)])
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    var restored: Made?
    if !snapshot.isEmpty {
      let (centers, labels) = (try snapshot.floats("centers"), try snapshot.counts("labels"))
      let place = try snapshot.integers("made", count: 2)
      guard itemsOfEach != nil || centers.count % count == 0, labels.allSatisfy({ (0..<Int32(count)).contains($0) })
      else {
        throw TrainingError.setting("what was saved of the clusters does not fit \(count) of them")
      }
      restored = Made(
        clusters: ItemClusters(labels: ClusterLabels(labels), centers: centers), epoch: place[0], step: place[1])
    }
    return { [self] in made.restore(restored) }
  }
}
