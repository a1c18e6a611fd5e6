/// What became of one epoch.
public struct EpochRecord: Sendable {
  public let epoch: Int
  /// Mean of the batches' losses, without regularization.
  public let loss: Double
  /// Of each term the mean of what it added.
  public var terms: [TermValue] = []
  /// Samples on the wrong side, where the trainer counted them.
  public var corrupted: CorruptedSamples?
  /// Of the triplets, in epochs in which they were learned.
  public var weights: WeightSummary?
  /// Seconds spent training, without evaluation.
  public let seconds: Double
  /// Empty in epochs without evaluation.
  public internal(set) var metrics: [(name: String, value: Double)] = []
}

/// The evaluation that early stopping found best.
public struct BestEpoch: Sendable, Equatable {
  public let epoch: Int
  public let metric: String
  /// The part that was evaluated, `valid` or `test`.
  public let part: String
  public let value: Double

  package init(epoch: Int, metric: String, part: String, value: Double) {
    self.epoch = epoch
    self.metric = metric
    self.part = part
    self.value = value
  }
}

/// What terms have added to the losses of an epoch so far.
struct TermSums: Equatable {
  private(set) var names: [String] = []
  private(set) var sums: [Double] = []
  /// Batches that had the term.
  private(set) var counts: [Int] = []

  mutating func add(_ values: [TermValue]) {
    for value in values {
      let place = names.firstIndex(of: value.name) ?? names.count
      if place == names.count {
        names.append(value.name)
        sums.append(0)
        counts.append(0)
      }
      sums[place] += value.value
      counts[place] += 1
    }
  }

  var means: [TermValue] {
    names.indices.map { TermValue(name: names[$0], value: sums[$0] / Double(counts[$0])) }
  }

  // MARK: In a snapshot

  var snapshot: Snapshot {
    var snapshot = Snapshot()
    guard !names.isEmpty else { return snapshot }
    snapshot["names"] = .texts(names)
    snapshot["sums"] = .doubles(sums)
    snapshot["counts"] = .integers(counts.map { Int64($0) })
    return snapshot
  }

  init() {}

  init(_ snapshot: Snapshot) throws {
    guard !snapshot.isEmpty else { return }
    names = try snapshot.texts("names")
    sums = try snapshot.doubles("sums", count: names.count)
    counts = try snapshot.integers("counts", count: names.count)
    guard counts.allSatisfy({ $0 > 0 }), Set(names).count == names.count else {
      throw TrainingError.setting("what was saved has no sums of terms that fit each other")
    }
  }
}
