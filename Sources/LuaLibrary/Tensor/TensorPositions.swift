import LuaHost
import Platform
import Tensors

// Axes and positions as scripts write them: from 1, or from -1 backwards from the end. Messages show the number that was
// written.

/// The place from 0 that a script means by `written`; nil where there is none.
private func place(_ written: Int, in length: Int) -> Int? {
  if (1...max(1, length)).contains(written), length > 0 { return written - 1 }
  return written < 0 && written >= -length ? written + length : nil
}

private func bounds(_ length: Int) -> String {
  length == 1 ? "want 1 or -1" : "want 1 to \(length), or -\(length) to -1 from the end,"
}

extension LuaCall {
  /// The axis from 0; nil where the script gave none and there is no default.
  func axis(_ name: String, of tensor: Tensor) throws -> Int? {
    try optionalInteger(name).map { try axis($0, name, rank: tensor.rank, shape: tensor.shape) }
  }

  /// An axis that has a default.
  func requiredAxis(_ name: String, of tensor: Tensor) throws -> Int {
    try axis(integer(name), name, rank: tensor.rank, shape: tensor.shape)
  }

  /// One axis or a list of them; nil where the script gave none.
  func axes(_ name: String, of tensor: Tensor) throws -> [Int]? {
    guard has(name) else { return nil }
    let written = try integers(name)
    let axes = try written.map { try axis($0, name, rank: tensor.rank, shape: tensor.shape) }
    for (index, axis) in axes.enumerated() where axes[..<index].contains(axis) {
      throw error(name, "\(written[index]) names an axis for the second time")
    }
    return axes
  }

  /// `rank` is that of the shape, or one more for an axis that is yet to be made.
  func axis(_ written: Int, _ name: String, rank: Int, shape: [Int]) throws -> Int {
    if rank == 0 { throw error(name, "\(written) is out of range: a tensor of rank 0 has no axes") }
    guard let axis = place(written, in: rank) else {
      throw error(name, "\(written) is out of range; \(bounds(rank)) for shape \(shape)")
    }
    return axis
  }

  /// A list or a tensor of positions, from 0.
  ///
  /// - Parameters:
  ///   - whole: what has the `length` positions, for the message.
  ///   - fromEnd: whether negative ones count from the end.
  func positions(_ name: String, length: Int, of whole: String, fromEnd: Bool = true) throws -> [Int] {
    let written: [Int]
    if let tensor = try optionalTensor(name) {
      written = try wholeNumbers(tensor, name)
    } else {
      written = try integers(name)
    }
    return try written.enumerated().map { index, position in
      if fromEnd || position > 0, let found = place(position, in: length) { return found }
      let wanted = length == 0 ? "there are none" : fromEnd ? "\(bounds(length)) of \(whole)" : "want 1 to \(length)"
      throw error("\(name)[\(index + 1)]", "\(position) is out of range; \(wanted)")
    }
  }

  private func wholeNumbers(_ tensor: Tensor, _ name: String) throws -> [Int] {
    guard tensor.rank <= 1 else { throw error(name, "got shape \(tensor.shape); want positions on one axis") }
    try Memory.require(tensor.count, of: (Int, Int).self, for: "a list of \(tensor.count) positions")
    return try tensor.elements().enumerated().map { index, value in
      guard let whole = Int(exactly: value) else {
        throw error("\(name)[\(index + 1)]", "want a whole number, got \(value)")
      }
      return whole
    }
  }

  /// What a script selects: `3`, or for each axis a position, `{ from, to, step }` or `{}` for all of it.
  func slices(_ name: String, of tensor: Tensor) throws -> [Slice] {
    guard case .table(let table) = value(name) else {
      return [.at(try position(integer(name), name, axis: 0, of: tensor))]
    }
    let entries = try table.array()
    guard entries.count <= tensor.rank else {
      throw error(name, "\(entries.count) entries for shape \(tensor.shape); want at most one for each axis")
    }
    return try entries.enumerated().map { axis, entry in
      let place = "\(name)[\(axis + 1)]"
      if let written = entry.asInteger { return .at(try position(written, place, axis: axis, of: tensor)) }
      let range = try entry.asTable?.array().compactMap(\.asInteger) ?? []
      return try slice(range, place, axis: axis, of: tensor)
    }
  }

  private func position(_ written: Int, _ name: String, axis: Int, of tensor: Tensor) throws -> Int {
    guard tensor.rank > 0 else {
      throw error(name, "a tensor of rank 0 has no positions; t:item() gives its number")
    }
    let length = tensor.shape[axis]
    guard let found = place(written, in: length) else {
      let wanted = length == 0 ? "nothing is there" : bounds(length)
      throw error(name, "\(written) is out of range; \(wanted) on axis \(axis + 1) of shape \(tensor.shape)")
    }
    return found
  }

  private func slice(_ range: [Int], _ name: String, axis: Int, of tensor: Tensor) throws -> Slice {
    if range.isEmpty { return .all }
    guard (2...3).contains(range.count) else {
      throw error(name, "want { from, to }, { from, to, step } or {} for all, got \(range.count) number")
    }
    let step = range.count == 3 ? range[2] : 1
    guard step != 0 else { throw error(name, "the step is 0") }
    // { i, i - 1 } is empty, as in a loop, also at the ends.
    if step > 0, range[1] == range[0] &- 1, (1...tensor.shape[axis] + 1).contains(range[0]) {
      return .range(from: 0, to: 0)
    }
    let from = try position(range[0], name, axis: axis, of: tensor)
    let to = try position(range[1], name, axis: axis, of: tensor)
    if step > 0 { return .positions(from: from, to: max(from, to + 1), step: step) }
    return .positions(from: from, to: to == 0 ? nil : min(from, to - 1), step: step)
  }
}
