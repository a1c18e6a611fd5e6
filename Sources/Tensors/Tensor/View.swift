/// Ways to see the same elements through another shape. Nothing is copied, except where strides cannot say a reshape.
enum View {
  case reshape([Int])
  case permute([Int])
  case expand([Int])
  case slice([Slice])

  var name: String {
    switch self {
    case .reshape: return "reshape"
    case .permute: return "permute"
    case .expand: return "expand"
    case .slice: return "slice"
    }
  }

  func apply(to x: Tensor) throws -> Tensor {
    switch self {
    case .reshape(let shape): return try View.reshape(x, shape)
    case .permute(let axes):
      return Tensor(
        storage: x.storage, shape: axes.map { x.shape[$0] }, strides: axes.map { x.strides[$0] }, offset: x.offset)
    case .expand(let shape):
      return Tensor(
        storage: x.storage, shape: shape, strides: broadcastStrides(shape: x.shape, strides: x.strides, to: shape),
        offset: x.offset)
    case .slice(let slices): return try View.slice(x, slices)
    }
  }

  private static func reshape(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
    if let strides = reshapedStrides(x, shape) {
      return Tensor(storage: x.storage, shape: shape, strides: strides, offset: x.offset)
    }
    let dense = try x.copy()
    return Tensor(storage: dense.storage, shape: shape, strides: contiguousStrides(shape), offset: 0)
  }

  /// Strides of the new shape, if there are any: each new axis must lie within a group of old axes that step evenly.
  private static func reshapedStrides(_ x: Tensor, _ shape: [Int]) -> [Int]? {
    if x.isContiguous || x.count == 0 { return contiguousStrides(shape) }
    let merged = StridedLoop(shape: x.shape, operands: [x.strides])
    var strides = [Int](repeating: 0, count: shape.count)
    var group = merged.lengths.count - 1
    var used = 1  // elements of the group that axes further right have taken
    for axis in shape.indices.reversed() {
      if shape[axis] == 1 { continue }
      if used == merged.lengths[group] {
        group -= 1
        used = 1
      }
      strides[axis] = merged.strides[0][group] * used
      used *= shape[axis]
      guard merged.lengths[group] % used == 0 else { return nil }
    }
    return strides
  }

  private static func slice(_ x: Tensor, _ slices: [Slice]) throws -> Tensor {
    guard slices.count <= x.rank else {
      throw TensorError.argument(operation: "slice", reason: "\(slices.count) slices for shape \(x.shape)")
    }
    var shape: [Int] = []
    var strides: [Int] = []
    var offset = x.offset
    for axis in 0..<x.rank {
      let selection = try (axis < slices.count ? slices[axis] : .all).resolved(length: x.shape[axis], axis: axis)
      offset += selection.first * x.strides[axis]
      if let count = selection.count {
        shape.append(count)
        strides.append(selection.step * x.strides[axis])
      }
    }
    // The offset of an empty view is never read; keep it inside.
    return Tensor(
      storage: x.storage, shape: shape, strides: strides, offset: shape.contains(0) ? x.offset : offset)
  }
}

/// What to take of one axis.
public enum Slice: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// Everything.
  case all
  /// One position, and the axis goes. Negative ones count from the end.
  case at(Int)
  /// Every `step`-th position from `start` up to but without `end`; a negative step goes backwards. Negative positions
  /// count from the end; those beyond an end of the axis stop there. `nil` is the end of the axis where the walk begins or ends.
  case positions(from: Int?, to: Int?, step: Int)

  public static func range(from start: Int? = nil, to end: Int? = nil, step: Int = 1) -> Slice {
    .positions(from: start, to: end, step: step)
  }

  public init(integerLiteral value: Int) { self = .at(value) }

  /// The first position, the step, and how many; no count where the axis goes.
  func resolved(length: Int, axis: Int) throws -> (first: Int, step: Int, count: Int?) {
    switch self {
    case .all: return (0, 1, length)
    case .at(let index):
      guard (-length..<length).contains(index) else {
        throw TensorError.index(operation: "slice", index: index, axis: axis, length: length)
      }
      return (index < 0 ? index + length : index, 1, nil)
    case .positions(let from, let to, let step):
      guard step != 0 else { throw TensorError.argument(operation: "slice", reason: "the step on axis \(axis) is 0") }
      let bounds = step > 0 ? 0...length : -1...(length - 1)
      let place = { (position: Int) in
        min(max(position < 0 ? position + length : position, bounds.lowerBound), bounds.upperBound)
      }
      let start = from.map(place) ?? (step > 0 ? 0 : length - 1)
      let end = to.map(place) ?? (step > 0 ? length : -1)
      let distance = step > 0 ? end - start : start - end
      guard distance > 0 else { return (start, 1, 0) }
      // A step beyond the end takes one position; its own length does not matter, and might not be counted in strides.
      guard step.magnitude < distance else { return (start, 1, 1) }
      return (start, step, (distance - 1) / abs(step) + 1)
    }
  }
}
