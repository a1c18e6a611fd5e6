import Laboratory
import LuaHost
import Platform

/// Makes charts of what a script gives.
struct PlotCharts {
  var kind: Chart.Kind?
  var bins: Int?
  /// Which curves of runs, or which of the numbers of each name.
  var shown: [String]?

  private typealias Named = (name: String, input: PlotInput)

  func charts(of value: LuaValue) throws -> [Chart] {
    let entries = try entries(value)
    guard let first = entries.first?.input else { return [Chart(kind ?? .line)] }
    if let other = entries.first(where: { $0.input.sort != first.sort }) {
      throw LuaArgumentError(
        "data: '\(shown(entries[0].name))' is \(first.sort), and '\(shown(other.name))' is \(other.input.sort); want all of one sort"
      )
    }
    try checkKind(first)
    switch first {
    case .run: return try runs(entries)
    case .values, .points: return [curves(entries)]
    case .number, .numbers: return [try bars(entries)]
    case .distribution: return [distributions(entries)]
    }
  }

  private func shown(_ text: String) -> String { Platform.shown(text) }

  // MARK: Reading

  /// One thing without a name, or several with theirs: in the order of a list, or by name.
  private func entries(_ value: LuaValue) throws -> [Named] {
    if let input = try PlotInput(value, "data") { return [("", input)] }
    guard let table = value.asTable else { return [] }
    var found: [(name: String, value: LuaValue)] = []
    for (index, entry) in try table.array().enumerated() { found.append((try name(entry) ?? "\(index + 1)", entry)) }
    if found.isEmpty {
      try table.forEachEntry { key, entry in
        guard let name = key.asString ?? key.asInteger.map(String.init) else { return }
        found.append((name, entry))
      }
      found.sort { $0.name < $1.name }
    }
    return try found.map { name, entry in
      guard let input = try PlotInput(entry, "data.\(shown(name))") else {
        throw LuaArgumentError(
          "data.\(shown(name)): want numbers, points { x, y } or numbers by name, got a table of tables")
      }
      return (name, input)
    }
  }

  /// What an entry of a list calls itself.
  private func name(_ entry: LuaValue) throws -> String? {
    guard let table = entry.asTable else { return nil }
    return try table.rawGet("name").asString ?? table.rawGet("id").asString
  }

  private func checkKind(_ input: PlotInput) throws {
    let fitting: [Chart.Kind]
    switch input {
    case .values: fitting = [.line, .points, .histogram, .bar]
    case .points: fitting = [.line, .points]
    case .run: fitting = [.line, .points]
    case .number, .numbers: fitting = [.bar]
    case .distribution: fitting = [.histogram]
    }
    guard let kind, !fitting.contains(kind) else { return }
    throw LuaArgumentError(
      "kind: \(input.sort) is drawn as \(fitting.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")), not as \"\(kind.rawValue)\""
    )
  }

  // MARK: Charts

  private func runs(_ entries: [Named]) throws -> [Chart] {
    let curves = entries.map { entry -> (name: String, run: RunCurves) in
      guard case .run(let run) = entry.input else { preconditionFailure("all are of one sort") }
      return (entry.name, run)
    }
    var known: [String] = []
    for (_, run) in curves { known += run.names.filter { !known.contains($0) } }
    for name in shown ?? [] where !known.contains(name) {
      let near = nearestName(to: name, in: known).map { "; did you mean '\(shown($0))'?" } ?? ""
      throw LuaArgumentError(
        "show: no run has '\(shown(name))'\(near) (\(known.map { shown($0) }.joined(separator: ", ")))")
    }
    let wanted = shown ?? known.filter { name in curves.contains { $0.run.common.contains(name) } }
    let isLoss = { (name: String) in name == "loss" || name == "objective" }
    if curves.count == 1 {
      let metrics = wanted.filter { !isLoss($0) }
      let groups = wanted.filter(isLoss).map { [$0] } + (metrics.isEmpty ? [] : [metrics])
      if groups.isEmpty { return [chart("", [])] }
      return groups.map { names in
        chart(
          names.count == 1 ? names[0] : "", names.map { .init(names.count == 1 ? "" : $0, curves[0].run[$0] ?? []) })
      }
    }
    if wanted.isEmpty { return [chart("", [])] }
    return wanted.map { name in chart(name, curves.map { .init($0.name, $0.run[name] ?? []) }) }
  }

  private func chart(_ y: String, _ series: [Chart.Series]) -> Chart {
    Chart(kind ?? .line, x: "epoch", y: y, series: series)
  }

  private func curves(_ entries: [Named]) -> Chart {
    let values = entries.map { entry -> (name: String, values: [Double], points: [Chart.Point]) in
      switch entry.input {
      case .values(let values): (entry.name, values, Chart.Series("", values: values).points)
      case .points(let points): (entry.name, [], points)
      default: preconditionFailure("all are of one sort")
      }
    }
    switch kind ?? .line {
    case .histogram: return .histogram(values: values.map { ($0.name, $0.values) }, bins: bins)
    case .bar:
      let count = values.map(\.values.count).max() ?? 0
      return .bars(categories: (0..<count).map { "\($0 + 1)" }, values: values.map { ($0.name, $0.values) })
    case let kind: return Chart(kind, series: values.map { .init($0.name, $0.points) })
    }
  }

  private func bars(_ entries: [Named]) throws -> Chart {
    if case .number = entries[0].input { return oneBarEach(entries.map { ($0.name, $0.input.number) }) }
    let tables = entries.map { ($0.name, $0.input.numbers) }
    if entries.count == 1, entries[0].name.isEmpty { return oneBarEach(try chosen(tables)[0].1) }
    let chosen = try chosen(tables)
    var names: [String] = shown ?? []
    if shown == nil { for (_, numbers) in chosen { names += numbers.map(\.name).filter { !names.contains($0) } } }
    // One of a kind names the axis.
    let isOne = names.count == 1
    return .bars(
      categories: chosen.map(\.0), y: isOne ? names[0] : "",
      values: names.map { name in
        (isOne ? "" : name, chosen.map { _, numbers in numbers.first { $0.name == name }?.value ?? .nan })
      })
  }

  private func oneBarEach(_ numbers: [(name: String, value: Double)]) -> Chart {
    .bars(categories: numbers.map(\.name), values: [("", numbers.map(\.value))])
  }

  private typealias Numbers = [(name: String, value: Double)]

  /// Those of the numbers that are to be shown.
  private func chosen(_ tables: [(String, Numbers)]) throws -> [(String, Numbers)] {
    guard let shown else { return tables }
    for name in shown where !tables.contains(where: { $0.1.contains { $0.name == name } }) {
      throw LuaArgumentError("show: no number is called '\(self.shown(name))'")
    }
    return tables.map { title, numbers in (title, numbers.filter { shown.contains($0.name) }) }
  }

  /// As counts where all have the same bins, as densities where they have not.
  private func distributions(_ entries: [Named]) -> Chart {
    let all = entries.map { entry -> (name: String, edges: [Double], counts: [Int]) in
      guard case .distribution(let edges, let counts) = entry.input else { preconditionFailure("all are of one sort") }
      return (entry.name, edges, counts)
    }
    if all.allSatisfy({ $0.edges == all[0].edges }) {
      return .histogram(edges: all[0].edges, counts: all.map { ($0.name, $0.counts) })
    }
    return Chart(
      .line, y: "density",
      series: all.map { one in
        let total = Double(max(1, one.counts.reduce(0, +)))
        let points = zip(one.counts, zip(one.edges, one.edges.dropFirst())).map { count, edge in
          Chart.Point((edge.0 + edge.1) / 2, Double(count) / total / (edge.1 - edge.0))
        }
        return .init(one.name, points)
      })
  }
}

extension PlotInput {
  fileprivate var number: Double { if case .number(let number) = self { number } else { .nan } }
  fileprivate var numbers: [(name: String, value: Double)] {
    if case .numbers(let numbers) = self { numbers } else { [] }
  }
}
