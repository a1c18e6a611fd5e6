/// Gradients that wait for those of further batches.
struct AccumulatedGradients {
  private(set) var set = GradientSet()
  private(set) var batches = 0
  /// What a snapshot held, until the parameters are known.
  private var saved: Snapshot?

  init() {}

  /// Adds a batch's gradients; those that were there before stay as they are in copies of this.
  mutating func add(_ gradients: GradientSet) {
    set = set.copy()
    set.add(gradients)
    batches += 1
  }

  // MARK: In a snapshot

  func snapshot() -> Snapshot {
    if let saved { return saved }
    var snapshot = Snapshot()
    let parts = set.all.filter { !$0.isEmpty }
    snapshot["batches"] = .integers([Int64(batches)])
    snapshot["names"] = .texts(parts.map(\.parameter.name))
    for (place, part) in parts.enumerated() {
      snapshot["\(place).rows"] = .counts(part.rows)
      snapshot["\(place).values"] = .floats(part.compactValues())
    }
    return snapshot
  }

  init(_ snapshot: Snapshot) throws {
    batches = try snapshot.integers("batches", count: 1)[0]
    for place in try snapshot.texts("names").indices {
      _ = try (snapshot.counts("\(place).rows"), snapshot.floats("\(place).values"))
    }
    saved = snapshot
  }

  /// Takes what a snapshot held to the parameters, by their names.
  mutating func resolve(among parameters: [Parameter]) throws {
    guard let saved else { return }
    let set = GradientSet()
    for (place, name) in try saved.texts("names").enumerated() {
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        throw TrainingError.setting(
          "what was saved has gradients of a parameter '\(name)', which the model, the loss and the terms do not have")
      }
      let rows = try saved.counts("\(place).rows")
      let values = try saved.floats("\(place).values", count: rows.count * parameter.columnCount)
      guard rows.allSatisfy({ (0..<parameter.rowCount).contains(Int($0)) }) else {
        throw TrainingError.setting("what was saved has gradients of rows that parameter '\(name)' does not have")
      }
      values.withUnsafeBufferPointer { values in
        for (slot, row) in rows.enumerated() {
          set.of(parameter).add(values.baseAddress! + slot * parameter.columnCount, row: Int(row))
        }
      }
    }
    (self.set, self.saved) = (set, nil)
  }
}
