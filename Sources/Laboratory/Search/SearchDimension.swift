import Platform

/// What a setting may be: one of some values, or anything of a range.
public struct SearchDimension: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case choice([SearchValue])
    case number(low: Double, high: Double, isLog: Bool)
    case integer(low: Int, high: Int, isLog: Bool)
  }
  public let kind: Kind
  /// How many values a grid tries of a range; all integers where `nil`.
  public let points: Int?

  public static let mostChoices = 10_000
  public static let pointCounts = 2...10_000
  /// Beyond it not every integer is a number of its own.
  private static let largestInteger = 1 << 52

  /// - Throws: `SearchError` for a range or a list that has no values, or too many.
  public init(_ kind: Kind, points: Int? = nil) throws(SearchError) {
    self.kind = kind
    self.points = points
    if let problem = Self.problem(kind) { throw SearchError(problem) }
  }

  private static func problem(_ kind: Kind) -> String? {
    switch kind {
    case .choice(let values):
      if values.isEmpty { return "want at least one value to choose from" }
      if values.count > mostChoices { return "want at most \(mostChoices) values to choose from, got \(values.count)" }
      var seen: Set<SearchValue> = []
      return values.first { !seen.insert($0).inserted }.map { "the value \(shown($0.literal)) stands there twice" }
    case .number(let low, let high, let isLog):
      guard low.isFinite, high.isFinite, (high - low).isFinite else {
        return "want finite bounds, got \(low) and \(high)"
      }
      if low >= high { return "want low < high, got \(low) and \(high)" }
      return isLog && low <= 0 ? "a logarithmic range begins above 0, got \(low)" : nil
    case .integer(let low, let high, let isLog):
      if max(abs(low.clamped), abs(high.clamped)) > largestInteger { return "want integers within ±2^52" }
      if low >= high { return "want low < high, got \(low) and \(high)" }
      return isLog && low < 1 ? "a logarithmic range of integers begins at 1 or more, got \(low)" : nil
    }
  }

  /// As a script writes it: `choice("bpr", "ccl")`, `log_uniform(0.001, 0.1)`, `integer(8, 64, log)`. Equal where the dimensions are.
  public var text: String {
    let points = points.map { ", points = \($0)" } ?? ""
    return switch kind {
    case .choice(let values): "choice(\(values.map(\.literal).joined(separator: ", ")))"
    case .number(let low, let high, let isLog): "\(isLog ? "log_" : "")uniform(\(low), \(high)\(points))"
    case .integer(let low, let high, let isLog): "integer(\(low), \(high)\(isLog ? ", log" : "")\(points))"
    }
  }

  // MARK: Values

  /// The value at a share of the way, `0 <= share < 1`: uniform shares give the values that a random search draws.
  func value(at share: Double) -> SearchValue {
    if case .choice(let values) = kind { return values[min(values.count - 1, Int(share * Double(values.count)))] }
    let range = coordinates
    return value(ofCoordinate: range.low + share * (range.high - range.low))
  }

  /// All values that a grid tries, ascending, choices as they are listed.
  ///
  /// - Throws: `SearchError` for a range without an end to its values.
  func gridValues() throws(SearchError) -> [SearchValue] {
    switch kind {
    case .choice(let values): return values
    case .integer(let low, let high, _):
      guard let points else {
        guard high - low < 1000 else {
          throw SearchError("\(text) has \(high - low + 1) values: say how many a grid is to try, such as points = 5")
        }
        return (low...high).map { .integer($0) }
      }
      return spaced(points)
    case .number:
      guard let points else {
        throw SearchError("\(text) has no end of values: say how many a grid is to try, such as points = 5")
      }
      return spaced(points)
    }
  }

  /// As far from each other as can be, both ends among them; fewer where there are not so many integers.
  private func spaced(_ points: Int) -> [SearchValue] {
    let ends = ends
    var result: [SearchValue] = []
    for index in 0..<points {
      let value = value(ofCoordinate: ends.low + (ends.high - ends.low) * Double(index) / Double(points - 1))
      if value != result.last { result.append(value) }
    }
    return result
  }

  // MARK: Ranges as a line

  /// Where on the line a range lies: the values, or their logarithms. Integers own half a step to each side.
  var coordinates: (low: Double, high: Double) {
    switch kind {
    case .choice: (0, 1)
    case .number(let low, let high, let isLog): isLog ? (log(low), log(high)) : (low, high)
    case .integer(let low, let high, _): (edge(low).low, edge(high).high)
    }
  }

  /// The lowest and the highest value's own coordinates.
  private var ends: (low: Double, high: Double) {
    switch kind {
    case .choice, .number: coordinates
    case .integer(let low, let high, let isLog):
      isLog ? (log(Double(low)), log(Double(high))) : (Double(low), Double(high))
    }
  }

  /// A value of the range on the line; `nil` for one of another kind.
  func coordinate(of value: SearchValue) -> Double? {
    switch (kind, value) {
    case (.number(_, _, let isLog), .number(let number)): isLog ? log(number) : number
    case (.integer(_, _, let isLog), .integer(let number)): isLog ? log(Double(number)) : Double(number)
    default: nil
    }
  }

  /// The part of the line that belongs to an integer.
  func edge(_ integer: Int) -> (low: Double, high: Double) {
    guard case .integer(_, _, let isLog) = kind else { return (Double(integer), Double(integer)) }
    let (low, high) = (Double(integer) - 0.5, Double(integer) + 0.5)
    return isLog ? (log(low), log(high)) : (low, high)
  }

  func value(ofCoordinate coordinate: Double) -> SearchValue {
    switch kind {
    case .choice: preconditionFailure("a choice lies on no line")
    case .number(let low, let high, let isLog):
      return .number(min(high, max(low, isLog ? exp(coordinate) : coordinate)))
    case .integer(let low, let high, let isLog):
      let number = (isLog ? exp(coordinate) : coordinate).rounded()
      return .integer(min(high, max(low, Int(number))))
    }
  }
}

extension Int {
  /// With a magnitude that can be taken.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
