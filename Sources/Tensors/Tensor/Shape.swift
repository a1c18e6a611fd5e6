// Arithmetic of shapes and strides. A shape is `[Int]`, one length for each axis; rank 0 is a single number.

/// Strides of a row-major tensor without gaps: the last axis runs fastest.
func contiguousStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  var step = 1
  for axis in shape.indices.reversed() {
    strides[axis] = step
    step *= max(1, shape[axis])
  }
  return strides
}

/// Whether the elements lie in row-major order without gaps. Strides of axes of length 1 do not matter.
func isContiguous(shape: [Int], strides: [Int]) -> Bool {
  var step = 1
  for axis in shape.indices.reversed() {
    if shape[axis] == 0 { return true }
    if shape[axis] != 1 && strides[axis] != step { return false }
    step *= shape[axis]
  }
  return true
}

/// The bounds of a shape, those of views included. Strides and positions are products of lengths, also where another axis has
/// length 0 or the elements are one and the same: below this none of them overflows.
enum ShapeLimit {
  static let axes = 64
  /// Of the product of all lengths that are not 0: more than any machine holds.
  static let elements = 1 << 48
}

/// Number of elements; a shape that is negative or beyond `ShapeLimit` is an error.
func elementCount(_ shape: [Int], operation: String) throws -> Int {
  guard shape.count <= ShapeLimit.axes else {
    throw TensorError.argument(operation: operation, reason: "\(shape.count) axes; want at most \(ShapeLimit.axes)")
  }
  var product = 1
  var isEmpty = false
  for length in shape where length != 1 {
    if length == 0 {
      isEmpty = true
      continue
    }
    guard length > 0 else {
      throw TensorError.shape(operation: operation, shape: shape, wanted: "lengths of at least 0")
    }
    let (larger, overflow) = product.multipliedReportingOverflow(by: length)
    guard !overflow, larger <= ShapeLimit.elements else { throw tooLarge(shape, operation: operation) }
    product = larger
  }
  return isEmpty ? 0 : product
}

private func tooLarge(_ shape: [Int], operation: String) -> TensorError {
  guard shape.contains(0) else { return .memory(shape: shape) }
  return .shape(
    operation: operation, shape: shape, wanted: "at most 2^48 for the product of the lengths that are not 0")
}

/// The shape two operands have together: aligned at the last axis, a length of 1 (or a missing axis) stretches.
func broadcastShape(_ left: [Int], _ right: [Int], operation: String) throws -> [Int] {
  if left == right { return left }
  let rank = max(left.count, right.count)
  var shape = [Int](repeating: 1, count: rank)
  for back in 1...max(1, rank) where back <= rank {
    let a = back <= left.count ? left[left.count - back] : 1
    let b = back <= right.count ? right[right.count - back] : 1
    guard a == b || a == 1 || b == 1 else {
      throw TensorError.shapes(
        operation: operation, left: left, right: right,
        wanted: "equal lengths or 1 on each axis, counted from the last")
    }
    shape[rank - back] = a == 1 ? b : a
  }
  return shape
}

/// Strides of a tensor stretched to `target`: 0 along the axes that stretch.
/// - Precondition: `shape` broadcasts to `target`.
func broadcastStrides(shape: [Int], strides: [Int], to target: [Int]) -> [Int] {
  let added = target.count - shape.count
  return target.indices.map { axis in
    axis < added || (shape[axis - added] == 1 && target[axis] != 1) ? 0 : strides[axis - added]
  }
}

/// An axis counted from 0, or from the end where negative.
func normalizedAxis(_ axis: Int, rank: Int, operation: String) throws -> Int {
  guard (-rank..<rank).contains(axis) else { throw TensorError.axis(operation: operation, axis: axis, rank: rank) }
  return axis < 0 ? axis + rank : axis
}

/// Ascending, distinct axes; all of them where `axes` is nil.
func normalizedAxes(_ axes: [Int]?, rank: Int, operation: String) throws -> [Int] {
  guard let axes else { return Array(0..<rank) }
  let sorted = try axes.map { try normalizedAxis($0, rank: rank, operation: operation) }.sorted()
  for (one, next) in zip(sorted, sorted.dropFirst()) where one == next {
    throw TensorError.argument(operation: operation, reason: "axis \(one) is named twice")
  }
  return sorted
}
