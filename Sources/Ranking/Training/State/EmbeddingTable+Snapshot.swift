import Tensors

/// A table's rows and what an optimizer keeps of them, exactly as they stand: a row that waits to be caught up with keeps waiting, as
/// bringing it up to date now would round otherwise.
extension EmbeddingTable {
  func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    snapshot["values"] = .floats(compactValues(values.base))
    snapshot["first"] = first.map { .floats(compactValues($0.base)) }
    snapshot["second"] = second.map { .floats(compactValues($0.base)) }
    snapshot["epsilon_share"] = epsilonShare.map { .floats($0.elements) }
    snapshot["scale"] = scale.map { .floats($0.elements) }
    snapshot["last"] = .counts(last.elements)
    snapshot["seen"] = .counts(seen.elements)
    return snapshot
  }

  /// - Parameters:
  ///   - motion: How its rows move without a gradient.
  ///   - steps: Those done when the snapshot was taken.
  func restoration(from snapshot: Snapshot, motion: IdleMotion?, steps: Int) throws -> () -> Void {
    let count = rowCount * dim
    let values = try snapshot.floats("values", count: count)
    func kept(_ name: String, _ buffer: AlignedBuffer<Float>?, _ count: Int) throws -> [Float]? {
      try buffer == nil ? nil : snapshot.floats(name, count: count)
    }
    let first = try kept("first", first, count)
    let second = try kept("second", second, count)
    let share = try kept("epsilon_share", epsilonShare, rowCount)
    let scale = try kept("scale", scale, rowCount)
    let last = try snapshot.counts("last", count: rowCount)
    let seen = try snapshot.counts("seen", count: rowCount)
    for (last, seen) in zip(last, seen) {
      guard 0 <= last, last <= seen, seen <= steps, motion?.reaches(last: last, seen: seen) ?? true else {
        throw TrainingError.setting(
          "a row of a table was saved at step \(seen), after a gradient at \(last), of \(steps) steps")
      }
    }
    return { [self] in
      fill(self.values, values)
      if let first { fill(self.first!, first) }
      if let second { fill(self.second!, second) }
      if let share { self.epsilonShare!.replace(with: share) }
      if let scale { self.scale!.replace(with: scale) }
      self.last.replace(with: last)
      self.seen.replace(with: seen)
    }
  }

  /// Writes rows of `dim` numbers into rows of `stride`.
  private func fill(_ buffer: AlignedBuffer<Float>, _ rows: [Float]) {
    rows.withUnsafeBufferPointer { rows in
      for row in 0..<rowCount {
        (buffer.base + row * stride).update(from: rows.baseAddress! + row * dim, count: dim)
      }
    }
  }
}

extension AlignedBuffer {
  fileprivate var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  fileprivate func replace(with elements: [Element]) {
    precondition(elements.count == count)
    elements.withUnsafeBufferPointer { base.update(from: $0.baseAddress!, count: count) }
  }
}
