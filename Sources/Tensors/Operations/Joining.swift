import Kernels
import Platform

/// Operations that bring elements of several places together.
enum Joining {
  static func concatenate(_ parts: [Tensor], axis: Int) throws -> Tensor {
    var shape = parts[0].shape
    shape[axis] = 0
    for part in parts {
      guard part.rank == shape.count,
        shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == shape[$0] })
      else {
        throw TensorError.shapes(
          operation: "concatenate", left: parts[0].shape, right: part.shape,
          wanted: "equal lengths except on axis \(axis)")
      }
      shape[axis] += part.shape[axis]
      guard shape[axis] <= ShapeLimit.elements else { throw TensorError.memory(shape: shape) }
    }
    let result = try Tensor(uninitialized: shape, operation: "concatenate")
    var start = 0
    for part in parts where part.count > 0 {
      try result.narrowed(axis: axis, to: start..<start + part.shape[axis]).assign(part)
      start += part.shape[axis]
    }
    return result
  }

  static func gather(_ x: Tensor, rows: [Int]) throws -> Tensor {
    guard x.rank > 0 else { throw TensorError.axis(operation: "gather", axis: 0, rank: 0) }
    let height = x.shape[0]
    for row in rows where !(-height..<height).contains(row) {
      throw TensorError.index(operation: "gather", index: row, axis: 0, length: height)
    }
    let result = try Tensor(uninitialized: [rows.count] + x.shape.dropFirst(), operation: "gather")
    guard result.count > 0 else { return result }
    let width = result.count / rows.count
    let source =
      isContiguous(shape: Array(x.shape.dropFirst()), strides: Array(x.strides.dropFirst())) ? x : try x.copy()
    let out = Shared(result.storage.pointer)
    let step = source.strides[0]
    source.withBase { base in
      let base = Shared(base)
      ThreadPool.shared.run(count: rows.count, grain: RowFunctions.grain(width)) { range in
        for position in range {
          let row = rows[position] < 0 ? rows[position] + height : rows[position]
          kernel_copy(out.value + position * width, 1, base.value + row * step, 1, width)
        }
      }
    }
    return result
  }

  static func embed(_ x: Tensor, in shape: [Int], at slices: [Slice]) throws -> Tensor {
    let result = try Tensor.zeros(shape)
    try result.slice(slices).assign(x)
    return result
  }

  static func straightThrough(_ hard: Tensor, _ soft: Tensor) throws -> Tensor {
    guard hard.shape == soft.shape else {
      throw TensorError.shapes(
        operation: "straight_through", left: hard.shape, right: soft.shape, wanted: "equal shapes")
    }
    return try hard.copyOfElements()
  }
}

extension Tensor {
  /// Tensors one after another along an axis; their other axes are equal.
  public static func concatenate(_ parts: [Tensor], axis: Int = 0) throws -> Tensor {
    guard let first = parts.first else {
      throw TensorError.argument(operation: "concatenate", reason: "no tensors; want at least one")
    }
    let axis = try normalizedAxis(axis, rank: first.rank, operation: "concatenate")
    return try Operation.concatenate(axis: axis).evaluate(parts)
  }

  /// Tensors of one shape beside each other on a new axis.
  public static func stack(_ parts: [Tensor], axis: Int = 0) throws -> Tensor {
    guard let first = parts.first else {
      throw TensorError.argument(operation: "stack", reason: "no tensors; want at least one")
    }
    for part in parts where part.shape != first.shape {
      throw TensorError.shapes(operation: "stack", left: first.shape, right: part.shape, wanted: "equal shapes")
    }
    let place = try normalizedAxis(axis, rank: first.rank + 1, operation: "stack")
    return try concatenate(parts.map { try $0.insertingAxis(place) }, axis: place)
  }

  /// The given positions of the first axis, in that order, as often as they are named; negative ones count from the end.
  ///
  /// - Complexity: O(elements of the result).
  public func gather(_ rows: [Int]) throws -> Tensor { try Operation.gather(rows: rows).evaluate(self) }

  /// The elements as whole numbers, to be used as positions.
  ///
  /// - Throws: `TensorError.argument` for an element that is not whole.
  public func integers(for operation: String) throws -> [Int] {
    try Memory.require(count, of: Int.self, for: "a list of \(count) positions")
    return try elements().enumerated().map { position, value in
      guard let whole = Int(exactly: value) else {
        throw TensorError.argument(
          operation: operation, reason: "\(value) at position \(position) is not a whole number")
      }
      return whole
    }
  }
}
