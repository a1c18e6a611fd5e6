import Platform

/// An axis: how far it reaches, and the round numbers that are marked on it.
struct ChartScale: Equatable {
  enum Reach {
    /// From the smallest value to the largest.
    case exactly
    /// To the next marks outside of these.
    case roundNumbers
  }

  private(set) var low: Double
  private(set) var high: Double
  let isLogarithmic: Bool
  /// Ascending, between `low` and `high`.
  private(set) var ticks: [Double] = []
  /// Of the ticks.
  private(set) var labels: [String] = []

  static func isShown(_ value: Double, isLogarithmic: Bool) -> Bool {
    value.isFinite && abs(value) <= 1e300 && (!isLogarithmic || value >= 1e-290)
  }

  /// - Parameters:
  ///   - values: All of which `isShown` holds; no value at all makes an axis from 0 to 1. Equal ones stand in the middle.
  ///   - count: About how many ticks; there may be half as many, or two more.
  ///   - isCounting: Whether only whole numbers are marked, where all values are whole.
  init(
    _ values: [Double], isLogarithmic: Bool = false, isCounting: Bool = false, reaches reach: Reach, about count: Int
  ) {
    self.isLogarithmic = isLogarithmic
    (low, high) = Self.range(values, isLogarithmic)
    let isWhole = isCounting && !values.isEmpty && values.allSatisfy { $0 == $0.rounded() }
    if isLogarithmic, let marks = Self.logarithmicMarks(low, high, about: count) {
      mark(marks, reach)
      labels = ticks.map { significant($0, 6) }
    } else {
      let step = Step(range: high - low, about: count, isWhole: isWhole)
      mark(step.marks(low, high), reach)
      labels = ticks.map { step.label($0, largest: max(abs(low), abs(high))) }
    }
  }

  /// Where a value stands: 0 at the low end, 1 at the high one.
  func share(_ value: Double) -> Double {
    isLogarithmic ? (log(value) - log(low)) / (log(high) - log(low)) : (value - low) / (high - low)
  }

  private static func range(_ values: [Double], _ isLogarithmic: Bool) -> (Double, Double) {
    guard let low = values.min(), let high = values.max() else { return isLogarithmic ? (1, 10) : (0, 1) }
    let size = max(abs(low), abs(high))
    guard high - low <= size * 1e-9 || size < 1e-290 else { return (low, high) }
    if isLogarithmic { return (low / 2, high * 2) }
    let space = size < 1e-290 ? 0.5 : size / 10
    return (low - space, high + space)
  }

  /// - Parameter marks: That enclose the range.
  private mutating func mark(_ marks: [Double], _ reach: Reach) {
    if reach == .exactly {
      let space = (high - low) * 1e-9
      ticks = marks.filter { $0 >= low - space && $0 <= high + space }.map { min(high, max(low, $0)) }
    } else {
      (low, high) = (min(low, marks.first!), max(high, marks.last!))
      ticks = marks
    }
  }

  /// 1, 2 and 5 times powers of 10, or powers alone, or some of these; `nil` within one power, where steps of one width are better.
  private static func logarithmicMarks(_ low: Double, _ high: Double, about count: Int) -> [Double]? {
    let step = Step(range: high - low, about: count, isWhole: false)
    if high / low < 10, step.marks(low, high)[0] > 0 { return nil }
    let (first, last) = (Int(floor(log10(low) + 1e-9)), Int(ceil(log10(high) - 1e-9)))
    let fine = (first...last).flatMap { power in [1, 2, 5].map { Step.value($0, power) } }
    let below = fine.lastIndex { $0 <= low * (1 + 1e-9) } ?? 0
    let above = fine.firstIndex { $0 >= high * (1 - 1e-9) } ?? fine.count - 1
    if above - below <= count { return Array(fine[below...max(below, above)]) }
    let stride = max(1, (last - first + count - 1) / count)
    return Swift.stride(from: first, to: last + stride, by: stride).map { Step.value(1, min($0, 307)) }
  }
}

/// The distance between two marks: 1, 2 or 5 times a power of 10.
struct Step: Equatable {
  let factor: Int
  let power: Int

  /// - Parameters:
  ///   - range: Above 0.
  ///   - isWhole: Whether only whole numbers are marked.
  init(range: Double, about count: Int, isWhole: Bool) {
    let rough = range / Double(max(1, count))
    let below = Int(floor(log10(rough) + 1e-9))
    let factor = [1, 2, 5].first { Self.value($0, below) >= rough * (1 - 1e-9) }
    let (fitting, power) = factor.map { ($0, below) } ?? (1, below + 1)
    (self.factor, self.power) = isWhole && power < 0 ? (1, 0) : (fitting, power)
  }

  var width: Double { Self.value(factor, power) }

  /// Multiples of the step from the last one below `low` to the first above `high`.
  func marks(_ low: Double, _ high: Double) -> [Double] {
    let first = Int(floor(low / width + 1e-6))
    let last = max(first + 1, Int(ceil(high / width - 1e-6)))
    return (first...last).map { Self.value($0 * factor, power) }
  }

  /// `factor · 10^power`, rounded once.
  static func value(_ factor: Int, _ power: Int) -> Double {
    power < 0 ? Double(factor) / pow(10, Double(-power)) : Double(factor) * pow(10, Double(power))
  }

  /// As many digits as tell one mark from the next.
  func label(_ value: Double, largest: Double) -> String {
    if value != 0, largest >= 1e7 || largest < 1e-3 {
      let digits = Int(floor(log10(abs(value)) + 1e-9)) - power + 1
      return significant(value, max(1, min(17, digits)))
    }
    let text = decimal(value == 0 ? 0 : value, max(0, -power))
    return abs(value) >= 10_000 && power >= 0 ? grouped(Int(value)) : text
  }
}
