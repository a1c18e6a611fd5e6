/// Mean, deviation, extremes and distribution of weights.
public struct WeightSummary: Sendable, Equatable {
  public private(set) var count = 0
  private var sum = 0.0
  private var squares = 0.0
  public private(set) var least = Double.infinity
  public private(set) var most = -Double.infinity
  /// How many lie in each tenth of 0 to 1; those above 1 are in the last.
  public private(set) var tenths = [Int](repeating: 0, count: 10)

  public init() {}

  public var mean: Double { sum / Double(count) }
  public var deviation: Double { max(0, squares / Double(count) - mean * mean).squareRoot() }

  mutating func add(_ weights: [Float]) {
    for weight in weights {
      let weight = Double(weight)
      (sum, squares) = (sum + weight, squares + weight * weight)
      (least, most) = (min(least, weight), max(most, weight))
      if weight >= 0 { tenths[min(9, Int(10 * min(weight, 1)))] += 1 }
    }
    count += weights.count
  }

  // MARK: In a snapshot

  static let numberCount = 15

  /// Counts are whole numbers below 2^53.
  var numbers: [Double] { [Double(count), sum, squares, least, most] + tenths.map(Double.init) }

  /// - Throws: `TrainingError` for numbers that are none of a summary.
  init(numbers: some Collection<Double>) throws {
    let numbers = Array(numbers)
    let counts = numbers.first.map { [$0] + numbers.dropFirst(5) } ?? []
    guard numbers.count == Self.numberCount, counts.allSatisfy({ Int(exactly: $0) ?? -1 >= 0 }),
      counts.dropFirst().reduce(0, +) <= counts[0]
    else {
      throw TrainingError.setting("what was saved has no summary of weights whose numbers fit each other")
    }
    (count, sum, squares) = (Int(numbers[0]), numbers[1], numbers[2])
    (least, most, tenths) = (numbers[3], numbers[4], numbers[5...].map { Int($0) })
  }
}
