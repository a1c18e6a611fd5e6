import Laboratory
import LuaHost
import Platform
import Ranking
import Tensors

/// What a script gives to draw, as it was understood.
enum PlotInput {
  /// Numbers of their own, at 1, 2, ... or in bins.
  case values([Double])
  case points([Chart.Point])
  case number(Double)
  /// Numbers by name: a bar each.
  case numbers([(name: String, value: Double)])
  case run(RunCurves)
  /// As `perigee.score_distributions` gives it.
  case distribution(edges: [Double], counts: [Int])

  /// - Parameter path: What messages call it.
  /// - Returns: `nil` for a table of several such things.
  init?(_ value: LuaValue, _ path: String) throws {
    if let number = value.asNumber {
      self = .number(number)
    } else if let tensor = value.asObject(Tensor.self) {
      self = try Self.read(tensor, path)
    } else if let table = value.asTable {
      guard let found = try Self.read(table, path) else { return nil }
      self = found
    } else {
      throw LuaArgumentError(
        "\(path): want numbers (a list or a Tensor), points { x, y }, numbers by name, or a run; got a \(value.typeName)"
      )
    }
  }

  /// What it is called in messages.
  var sort: String {
    switch self {
    case .values, .points: "a curve"
    case .number: "a number"
    case .numbers: "a table of numbers by name"
    case .run: "a run"
    case .distribution: "a distribution"
    }
  }

  private static func read(_ tensor: Tensor, _ path: String) throws -> PlotInput {
    let numbers = try tensor.elements().map { Double($0) }
    if tensor.rank == 1 { return .values(numbers) }
    guard tensor.rank == 2, tensor.shape[1] == 2 else {
      throw LuaArgumentError(
        "\(path): want a tensor of one axis, or of points [n, 2], got \(tensor.shape); `x:flatten()` makes one axis of all"
      )
    }
    return .points((0..<tensor.shape[0]).map { Chart.Point(numbers[2 * $0], numbers[2 * $0 + 1]) })
  }

  private static func read(_ table: LuaTable, _ path: String) throws -> PlotInput? {
    if let run = try RunCurves(table) { return .run(run) }
    if try table.rawCount() > 0 {
      if let numbers = try table.numbers() { return .values(numbers) }
      return try points(table).map { .points($0) }
    }
    for key in ["points", "values", "value"] {
      let inner = try table.rawGet(key)
      if inner.isNil || inner.asString != nil { continue }
      return try PlotInput(inner, "\(path).\(key)")
    }
    if let x = try numbers(table, "x"), let y = try numbers(table, "y") {
      guard x.count == y.count else {
        throw LuaArgumentError("\(path): x has \(x.count) numbers and y \(y.count); want equally many")
      }
      return .points(zip(x, y).map { Chart.Point($0, $1) })
    }
    if let edges = try numbers(table, "edges"), let counts = try numbers(table, "counts") {
      guard edges.count == counts.count + 1, counts.allSatisfy({ Int(exactly: $0) != nil }),
        zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }), edges.allSatisfy({ abs($0) <= 1e300 })
      else { throw LuaArgumentError("\(path): want ascending edges and whole counts, one less") }
      return .distribution(edges: edges, counts: counts.map { Int($0) })
    }
    return try table.keyBeside(0) == nil ? .values([]) : numbersByName(table)
  }

  private static func numbers(_ table: LuaTable, _ key: String) throws -> [Double]? {
    let value = try table.rawGet(key)
    if let tensor = value.asObject(Tensor.self), tensor.rank == 1 { return try tensor.elements().map { Double($0) } }
    return try value.asTable?.numbers()
  }

  /// A list of pairs.
  private static func points(_ list: LuaTable) throws -> [Chart.Point]? {
    var points: [Chart.Point] = []
    for entry in try list.array() {
      guard let pair = entry.asTable, try pair.rawCount() == 2, let numbers = try pair.numbers() else { return nil }
      points.append(.init(numbers[0], numbers[1]))
    }
    return points
  }

  private static func numbersByName(_ table: LuaTable) throws -> PlotInput? {
    var numbers: [(name: String, value: Double)] = []
    var hasOthers = false
    try table.forEachEntry { key, value in
      if let name = key.asString, let number = value.asNumber {
        numbers.append((name, number))
      } else if key.asString != "name" {
        hasOthers = true
      }
    }
    return hasOthers || numbers.isEmpty ? nil : .numbers(numbers.sorted { $0.name < $1.name })
  }
}
