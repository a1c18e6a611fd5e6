/// Numbers that describe a data set, as papers print them in their tables.
public struct DatasetStatistics: Sendable, Equatable {
  public let users: Int
  public let items: Int
  public let interactions: Int
  /// interactions / (users x items), from 0 to 1.
  public let density: Double
  /// Interactions of a user; users without any count with 0.
  public let perUser: CountDistribution
  /// Interactions of an item; items without any count with 0.
  public let perItem: CountDistribution
  /// Interactions in each part of the published split; nil where the set is not cut.
  public let parts: (train: Int, valid: Int, test: Int)?
  /// Lowest and highest rating; nil where there are none.
  public let ratings: ClosedRange<Float>?
  /// First and last time; nil where there are none.
  public let times: ClosedRange<Int64>?
  /// Repeated interactions that reading left out.
  public let duplicates: Int
  /// Wrong lines that reading left out.
  public let badLines: Int

  public static func == (one: DatasetStatistics, other: DatasetStatistics) -> Bool {
    one.users == other.users && one.items == other.items && one.interactions == other.interactions
      && one.perUser == other.perUser && one.perItem == other.perItem && one.ratings == other.ratings
      && one.times == other.times && one.duplicates == other.duplicates && one.badLines == other.badLines
      && one.parts?.train == other.parts?.train && one.parts?.valid == other.parts?.valid
      && one.parts?.test == other.parts?.test
  }
}

/// How counts are spread over users or items.
public struct CountDistribution: Sendable, Equatable {
  public let minimum: Int
  /// The middle one, or the mean of the middle two.
  public let median: Double
  public let mean: Double
  public let maximum: Int
  /// How many have a count of 0.
  public let zeros: Int
  /// Gini's coefficient: 0 when all counts are equal, near 1 when few have everything.
  ///
  ///     G = (2 Σ_i i c_(i)) / (n Σ_i c_i) - (n + 1) / n,   c_(1) <= ... <= c_(n)
  public let gini: Double

  /// - Complexity: O(n log n).
  public init(_ counts: [Int]) {
    let sorted = counts.sorted()
    let count = sorted.count
    let total = sorted.reduce(0, +)
    minimum = sorted.first ?? 0
    maximum = sorted.last ?? 0
    zeros = sorted.prefix { $0 == 0 }.count
    mean = count == 0 ? 0 : Double(total) / Double(count)
    median = count == 0 ? 0 : Double(sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    var weighted = 0.0
    for (index, value) in sorted.enumerated() { weighted += Double(index + 1) * Double(value) }
    gini = total == 0 ? 0 : 2 * weighted / (Double(count) * Double(total)) - Double(count + 1) / Double(count)
  }
}

extension Dataset {
  /// Numbers that describe the set. O(interactions + users log users + items log items).
  public func statistics() -> DatasetStatistics {
    let rows = interactions.rowOffsets
    let cells = Double(userCount) * Double(itemCount)
    var partCounts: (train: Int, valid: Int, test: Int)?
    if let parts {
      var counts = [0, 0, 0]
      for part in parts { counts[Int(part.rawValue)] += 1 }
      partCounts = (counts[0], counts[1], counts[2])
    }
    return DatasetStatistics(
      users: userCount, items: itemCount, interactions: interactions.count,
      density: cells == 0 ? 0 : Double(interactions.count) / cells,
      perUser: CountDistribution((0..<userCount).map { rows[$0 + 1] - rows[$0] }),
      perItem: CountDistribution(interactions.itemCounts()), parts: partCounts, ratings: Self.bounds(ratings),
      times: Self.bounds(timestamps), duplicates: provenance.duplicates, badLines: provenance.badLines)
  }

  private static func bounds<Value: Comparable>(_ values: [Value]?) -> ClosedRange<Value>? {
    guard let values, let lowest = values.min(), let highest = values.max() else { return nil }
    return lowest...highest
  }
}
