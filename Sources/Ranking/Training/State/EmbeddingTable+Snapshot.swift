import Tensors

/// A table's rows and what an optimizer keeps of them, exactly as they stand: a row that waits to be caught up with keeps waiting, as
/// bringing it up to date now would round otherwise.
extension EmbeddingTable {
  func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    snapshot["values"] = .floats(compactValues(values.base))
    snapshot["scale"] = scale.map { .floats($0.elements) }
    guard let kept = optimizerRows else { return snapshot }
    snapshot["first"] = kept.first.map { .floats(compactValues($0.base)) }
    snapshot["second"] = kept.second.map { .floats(compactValues($0.base)) }
    snapshot["epsilon_share"] = kept.epsilonShare.map { .floats($0.elements) }
    snapshot["last"] = .counts(kept.last.elements)
    snapshot["seen"] = .counts(kept.seen.elements)
    return snapshot
  }

  /// - Parameters:
  ///   - motion: How its rows move without a gradient.
  ///   - steps: Those done when the snapshot was taken.
  func restoration(from snapshot: Snapshot, motion: IdleMotion?, steps: Int) throws -> () -> Void {
    let count = rowCount * dim
    let values = try snapshot.floats("values", count: count)
    func wanted(_ name: String, _ buffer: AlignedBuffer<Float>?, _ count: Int) throws -> [Float]? {
      try buffer == nil ? nil : snapshot.floats(name, count: count)
    }
    let scale = try wanted("scale", scale, rowCount)
    guard let kept = optimizerRows else { preconditionFailure("a table is restored once a training has it") }
    let first = try wanted("first", kept.first, count)
    let second = try wanted("second", kept.second, count)
    let share = try wanted("epsilon_share", kept.epsilonShare, rowCount)
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
      if let scale { self.scale!.replace(with: scale) }
      if let first { fill(kept.first!, first) }
      if let second { fill(kept.second!, second) }
      if let share { kept.epsilonShare!.replace(with: share) }
      kept.last.replace(with: last)
      kept.seen.replace(with: seen)
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
