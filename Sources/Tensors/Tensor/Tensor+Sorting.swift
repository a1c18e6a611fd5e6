import Kernels
import Platform

// Sorting along the last or a named axis. Equal values keep their order; NaN comes last, ascending or descending. Positions
// are float32 numbers from 0, exact up to 2²⁴: longer axes throw.

extension Tensor {
  /// The elements of each row along `axis` in order. O(n), by radix, for long rows.
  public func sorted(axis: Int = -1, descending: Bool = false) throws -> Tensor {
    try ordered(axis: axis, descending: descending, count: nil, operation: "sort").values
  }

  /// The positions of the elements in order.
  public func argumentsInOrder(axis: Int = -1, descending: Bool = false) throws -> Tensor {
    try ordered(axis: axis, descending: descending, count: nil, operation: "argsort").positions
  }

  /// The `count` largest (or smallest) elements along `axis`, best first, and their positions.
  ///
  /// - Complexity: O(n + hits · log `count`) a row, where hits are the elements that were among the best so far.
  public func top(_ count: Int, axis: Int = -1, largest: Bool = true) throws -> (values: Tensor, positions: Tensor) {
    let place = try normalizedAxis(axis, rank: rank, operation: "topk")
    guard (0...shape[place]).contains(count) else {
      throw TensorError.argument(
        operation: "topk",
        reason: "k is \(count); want 0...\(shape[place]), the length of axis \(place) of shape \(shape)")
    }
    return try ordered(axis: place, descending: largest, count: count, operation: "topk")
  }

  private func ordered(
    axis: Int, descending: Bool, count kept: Int?, operation: String
  ) throws -> (values: Tensor, positions: Tensor) {
    let axis = try normalizedAxis(axis, rank: rank, operation: operation)
    guard requiresGradient, !Recording.isPaused else {
      return try orderedElements(axis: axis, descending: descending, count: kept, operation: operation)
    }
    // The gradient of a sorted element goes where the element came from.
    let positions = try withoutGradient {
      try orderedElements(axis: axis, descending: descending, count: kept, operation: operation).positions
    }
    return (try picked(at: positions, axis: axis), positions)
  }

  /// The elements at `positions` along an axis; the other axes are those of this tensor.
  private func picked(at positions: Tensor, axis: Int) throws -> Tensor {
    let length = shape[axis]
    let places = try RowFunctions.moved(positions, axis: axis, to: rank - 1)
    let kept = places.shape[rank - 1]
    try Memory.require(places.count, of: (Int, Int).self, for: "the positions of \(places.count) sorted elements")
    let rows = try places.integers(for: "sort").enumerated().map { $0 / max(1, kept) * length + $1 }
    let elements = try RowFunctions.moved(self, axis: axis, to: rank - 1).flattened().gather(rows)
    return try RowFunctions.moved(elements.reshaped(places.shape), axis: rank - 1, to: axis).contiguous()
  }

  private func orderedElements(
    axis: Int, descending: Bool, count kept: Int?, operation: String
  ) throws -> (values: Tensor, positions: Tensor) {
    let length = shape[axis]
    guard length <= 1 << 24 else {
      throw TensorError.shape(operation: operation, shape: shape, wanted: "at most 2^24 elements on axis \(axis)")
    }
    try Memory.require(
      length * ThreadPool.shared.threadCount, of: (UInt64, UInt64, UInt32).self, for: "sorting rows of \(length)")
    let kept = kept ?? length
    let rows = try RowFunctions.moved(self, axis: axis, to: rank - 1).contiguous()
    let resultShape = rows.shape.dropLast() + [kept]
    let values = try Tensor(uninitialized: Array(resultShape), operation: operation)
    let positions = try Tensor(uninitialized: Array(resultShape), operation: operation)
    let (valueBase, positionBase) = (Shared(values.storage.pointer), Shared(positions.storage.pointer))
    rows.withBase { base in
      let base = Shared(base)
      ThreadPool.shared.run(count: kept == 0 ? 0 : values.count / kept, grain: RowFunctions.grain(length)) { range in
        Tensor.order(
          range, of: base.value, length: length, kept: kept, descending: descending, valueBase.value,
          positionBase.value)
      }
    }
    return (
      try RowFunctions.moved(values, axis: rank - 1, to: axis).contiguous(),
      try RowFunctions.moved(positions, axis: rank - 1, to: axis).contiguous()
    )
  }

  private static func order(
    _ rows: Range<Int>, of base: UnsafeMutablePointer<Float>, length: Int, kept: Int, descending: Bool,
    _ values: UnsafeMutablePointer<Float>, _ positions: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: length) { order in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * length) { scratch in
        for row in rows {
          let source = base + row * length
          if kept * 8 <= length {
            kernel_top(order.baseAddress, source, descending ? 1 : 0, scratch.baseAddress, kept, length)
          } else {
            kernel_argsort(order.baseAddress, source, descending ? 1 : 0, scratch.baseAddress, length)
          }
          for place in 0..<kept {
            values[row * kept + place] = source[Int(order[place])]
            positions[row * kept + place] = Float(order[place])
          }
        }
      }
    }
  }
}
