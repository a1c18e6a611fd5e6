// Views: the same storage through another shape. What is written to a view shows in the tensor, and the other way round.

extension Tensor {
  /// The elements in row-major order in another shape; one length may be -1 and is then computed.
  ///
  /// A view where strides can express it, as for every contiguous tensor; else a copy.
  public func reshaped(_ shape: [Int]) throws -> Tensor {
    var shape = shape
    let unknown = shape.indices.filter { shape[$0] == -1 }
    if unknown.count == 1 {
      let known = try elementCount(shape.filter { $0 != -1 }, operation: "reshape")
      if known != 0 { shape[unknown[0]] = count / known }
    }
    guard unknown.count <= 1, !shape.contains(where: { $0 < 0 }),
      try elementCount(shape, operation: "reshape") == count
    else {
      throw TensorError.shapes(
        operation: "reshape", left: self.shape, right: shape,
        wanted: "a shape of \(count) elements, at most one length -1")
    }
    return try Operation.view(.reshape(shape)).evaluate(self)
  }

  /// All elements on one axis.
  public func flattened() throws -> Tensor { try reshaped([count]) }

  /// The axes in another order: axis `i` of the result is axis `axes[i]` of this.
  public func permuted(_ axes: [Int]) throws -> Tensor {
    let axes = try axes.map { try normalizedAxis($0, rank: rank, operation: "permute") }
    guard axes.count == rank, Set(axes).count == rank else {
      throw TensorError.argument(operation: "permute", reason: "axes \(axes) for shape \(shape); want each axis once")
    }
    return try Operation.view(.permute(axes)).evaluate(self)
  }

  /// Two axes exchanged; of a matrix, its transpose.
  public func transposed(_ first: Int = -2, _ second: Int = -1) throws -> Tensor {
    let first = try normalizedAxis(first, rank: rank, operation: "transpose")
    let second = try normalizedAxis(second, rank: rank, operation: "transpose")
    var axes = Array(0..<rank)
    axes.swapAt(first, second)
    return try Operation.view(.permute(axes)).evaluate(self)
  }

  /// Axes of length 1 (or missing in front) stretched to `shape`, without copying: their elements are the same floats.
  public func expanded(_ shape: [Int]) throws -> Tensor {
    _ = try elementCount(shape, operation: "expand")
    guard try broadcastShape(self.shape, shape, operation: "expand") == shape else {
      throw TensorError.shapes(
        operation: "expand", left: self.shape, right: shape, wanted: "lengths that are equal, or 1 in the tensor")
    }
    return try Operation.view(.expand(shape)).evaluate(self)
  }

  /// A new axis of length 1 before axis `axis`, or at the end for `axis` = rank.
  public func insertingAxis(_ axis: Int) throws -> Tensor {
    let place = try normalizedAxis(axis, rank: rank + 1, operation: "unsqueeze")
    var shape = shape
    shape.insert(1, at: place)
    return try reshaped(shape)
  }

  /// Without the axes of length 1, or without the one that is named, whose length must be 1.
  public func removingAxis(_ axis: Int? = nil) throws -> Tensor {
    guard let axis else { return try reshaped(shape.filter { $0 != 1 }) }
    let place = try normalizedAxis(axis, rank: rank, operation: "squeeze")
    guard shape[place] == 1 else {
      throw TensorError.shape(operation: "squeeze", shape: shape, wanted: "length 1 on axis \(place)")
    }
    var shape = shape
    shape.remove(at: place)
    return try reshaped(shape)
  }

  /// A part of each axis; axes that are not mentioned are taken whole.
  ///
  ///     x.slice([0, .range(from: 1, to: -1), .range(step: 2)])
  public func slice(_ slices: [Slice]) throws -> Tensor { try Operation.view(.slice(slices)).evaluate(self) }

  /// Position `index` of the first axis: a row of a matrix, an element (rank 0) of a vector.
  public func at(_ index: Int) throws -> Tensor {
    guard rank > 0 else { throw TensorError.axis(operation: "index", axis: 0, rank: 0) }
    return try slice([.at(index)])
  }

  /// Positions `range` of one axis.
  public func narrowed(axis: Int, to range: Range<Int>) throws -> Tensor {
    let axis = try normalizedAxis(axis, rank: rank, operation: "narrow")
    guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
      throw TensorError.argument(
        operation: "narrow", reason: "\(range) is not within axis \(axis) of shape \(shape)")
    }
    var slices = [Slice](repeating: .all, count: rank)
    slices[axis] = .range(from: range.lowerBound, to: range.upperBound)
    return try slice(slices)
  }
}
