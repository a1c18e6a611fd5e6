import Interactions
import Platform

/// How popular items are: f = count^exponent or ln(1 + count)^exponent, 0 for an item that nobody has.
public struct PopularityWeights {
  /// What of a count is raised to the exponent.
  public enum Transform: String, Sendable, CaseIterable {
    case count
    /// ln(1 + count)
    case logarithm
  }

  /// f of each item, and ln f.
  private(set) var values: [Double] = []
  private(set) var logarithms: [Float] = []
  /// Items that somebody has.
  private var seenCount = 0

  /// Of no items.
  init() {}

  /// - Parameter sampler: Who draws by it, for messages.
  /// - Throws: `TrainingError` where the exponent makes weights that are no numbers.
  init(_ train: InteractionMatrix, exponent: Double, transform: Transform, for sampler: String) throws {
    let counts = train.itemCounts()
    values = counts.map { $0 == 0 ? 0 : pow(transform == .count ? Double($0) : log(1 + Double($0)), exponent) }
    let total = values.reduce(0, +)
    guard total > 0, total.isFinite, zip(counts, values).allSatisfy({ $0 == 0 || ($1 > 0 && $1.isFinite) }) else {
      throw TrainingError.setting(
        "sampler '\(sampler)': counts up to \(counts.max() ?? 0) to the power of \(exponent) cannot be told apart from 0 or are too large; "
          + "take an exponent nearer to 0")
    }
    logarithms = values.map { Float(log($0)) }
    seenCount = counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
  }

  /// Users who have every item that has a weight. Decided by counting: a difference of sums could leave 1e-17 and a draw that never
  /// ends.
  func usersWithAllSeen(_ train: InteractionMatrix) -> [Int32] {
    (0..<Int32(train.userCount)).filter { train.items(of: Int($0)).count >= seenCount }
  }
}
