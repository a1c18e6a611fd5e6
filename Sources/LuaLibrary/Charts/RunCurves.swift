import Laboratory
import LuaHost

/// What a run measured by epoch: of `trainer:run`, `model:fit`, `trainer.history`, or the store.
struct RunCurves {
  /// `loss` or `objective` first, then metrics by name.
  private(set) var names: [String] = []
  private var points: [String: [Chart.Point]] = [:]

  subscript(name: String) -> [Chart.Point]? { points[name] }

  /// `nil` for a table that is no run.
  init?(_ table: LuaTable) throws {
    let list = try table.rawGet("epochs").asTable ?? table
    var metrics: Set<String> = []
    let epochs = try list.rawGet(1).asTable == nil ? [] : list.array()
    for entry in epochs {
      guard let record = entry.asTable, let epoch = try record.rawGet("epoch").asNumber,
        try record.rawGet("seconds").asNumber != nil
      else { return nil }
      for name in ["loss", "objective"] {
        if let value = try record.rawGet(name).asNumber { add(name, epoch, value) }
      }
      try record.rawGet("metrics").asTable?.forEachEntry { key, value in
        guard let name = key.asString, let value = value.asNumber else { return }
        metrics.insert(name)
        add(name, epoch, value)
      }
    }
    guard try !epochs.isEmpty || !table.rawGet("epochs").isNil else { return nil }
    try addStored(table.rawGet("metrics").asTable, &metrics)
    names = ["loss", "objective"].filter { points[$0] != nil } + metrics.sorted()
  }

  private mutating func add(_ name: String, _ epoch: Double, _ value: Double) {
    points[name, default: []].append(.init(epoch, value))
  }

  /// A run of the store has its evaluations in a list of their own; those of several parts get the part's name.
  private mutating func addStored(_ list: LuaTable?, _ names: inout Set<String>) throws {
    var found: [(epoch: Double, on: String, name: String, value: Double)] = []
    for entry in try list?.array() ?? [] {
      guard let record = entry.asTable, let epoch = try record.rawGet("epoch").asNumber,
        let part = try record.rawGet("on").asString, let name = try record.rawGet("name").asString,
        let value = try record.rawGet("value").asNumber
      else { continue }
      found.append((epoch, part, name, value))
    }
    let parts = Set(found.map(\.on))
    for metric in found {
      let name = parts.count > 1 ? "\(metric.on).\(metric.name)" : metric.name
      names.insert(name)
      add(name, metric.epoch, metric.value)
    }
  }

  /// Names that are drawn where nobody says which: all but those of groups.
  var common: [String] { names.filter { !$0.contains("/") } }
}
