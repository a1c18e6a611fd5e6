import Kernels
import Platform

/// How a reduction over some axes walks a tensor.
///
/// The axes are sorted by stride, so that a transposed tensor is as good as a plain one, and neighbors that are both kept or
/// both reduced are merged. Two forms remain, for which there are kernels: reduced elements side by side ("rows"), and kept
/// elements side by side with reduced ones above each other ("columns"). Anything else is copied into rows.
struct ReductionPlan {
  let source: Tensor
  let axes: [Int]
  let name: String

  /// The original kept axes, in the order in which the results come out.
  private var keptOrder: [Int] = []
  /// `[outer, reduced, inner]` in row-major order; `inner` is 1 in the form of rows.
  private var data: Tensor
  private var outer = 1
  private var reduced = 1
  private var inner = 1

  /// Elements of one task, and of one partial sum. A result depends on it, never on the number of threads.
  static let block = 1 << 16

  /// - Parameter axes: Ascending, distinct, from 0.
  init(_ source: Tensor, axes: [Int], name: String) throws {
    self.source = source
    self.axes = axes
    self.name = name
    if source.isContiguous && axes.count == source.rank {
      data = source
      reduced = source.count
      return
    }
    let isReduced = source.shape.indices.map { axes.contains($0) }
    let order = source.shape.indices.sorted {
      abs(source.strides[$0]) != abs(source.strides[$1]) ? abs(source.strides[$0]) > abs(source.strides[$1]) : $0 < $1
    }
    let sorted = try source.permuted(order)
    if sorted.isContiguous, let form = Self.form(shape: sorted.shape, reduced: order.map { isReduced[$0] }) {
      data = sorted
      (outer, reduced, inner) = form
      keptOrder = order.filter { !isReduced[$0] }
    } else {
      keptOrder = source.shape.indices.filter { !isReduced[$0] }
      data = try source.permuted(keptOrder + axes).contiguous()
      outer = keptOrder.reduce(1) { $0 * source.shape[$1] }
      reduced = axes.reduce(1) { $0 * source.shape[$1] }
    }
  }

  /// The kept and reduced axes as one of: kept reduced, reduced kept, kept reduced kept.
  private static func form(shape: [Int], reduced: [Bool]) -> (outer: Int, reduced: Int, inner: Int)? {
    var lengths = [1, 1, 1]
    var part = 0
    for (length, isReduced) in zip(shape, reduced) where length != 1 {
      if isReduced != (part == 1) { part += 1 }
      if part > 2 { return nil }
      lengths[part] *= length
    }
    return (lengths[0], lengths[1], lengths[2])
  }

  private var count: Int { outer * inner }

  func run(_ reduction: Reduction, keepingAxes: Bool) throws -> Tensor {
    let values = try values(of: reduction)
    let result = try Tensor(uninitialized: [values.count], operation: name)
    for (index, value) in values.enumerated() { result.storage.pointer[index] = Float(value) }
    return try inOriginalOrder(result, keepingAxes: keepingAxes)
  }

  private func values(of reduction: Reduction) throws -> [Double] {
    try requireElements(for: reduction)
    // Totals of parts, at most one for 64 elements that are reduced, and their sums.
    try Memory.require(count * (reduced / 64 + 2), of: Double.self, for: "\(name) of a tensor of shape \(source.shape)")
    if count == 0 || reduced == 0 { return [Double](repeating: reduction == .product ? 1 : 0, count: count) }
    let length = Double(reduced)
    switch reduction {
    case .sum: return totals(KERNEL_REDUCE_SUM)
    case .mean: return totals(KERNEL_REDUCE_SUM).map { $0 / length }
    case .product: return totals(KERNEL_REDUCE_PRODUCT)
    case .minimum: return totals(KERNEL_REDUCE_MINIMUM)
    case .maximum: return totals(KERNEL_REDUCE_MAXIMUM)
    case .norm1: return totals(KERNEL_REDUCE_SUM_OF_ABSOLUTES)
    case .norm2: return totals(KERNEL_REDUCE_SUM_OF_SQUARES).map { $0.squareRoot() }
    case .variance(let correction): return variances(correction: correction)
    }
  }

  /// For each result the position of the smallest or largest reduced element, the first among equals. A NaN counts as extreme.
  func positions(largest: Bool, keepingAxes: Bool) throws -> Tensor {
    guard inner == 1 else { return try inRows().positions(largest: largest, keepingAxes: keepingAxes) }
    try requireElements(for: largest ? .maximum : .minimum)
    guard reduced <= 1 << 24 else {
      throw TensorError.shape(
        operation: name, shape: source.shape, wanted: "at most 2^24 elements to choose from; positions are float32")
    }
    guard count > 0 else { return try inOriginalOrder(Tensor([], shape: [0]), keepingAxes: keepingAxes) }
    try Memory.require(
      count * (reduced / Self.block + 2), of: Double.self, for: "\(name) of a tensor of shape \(source.shape)")
    let extremes = totals(largest ? KERNEL_REDUCE_MAXIMUM : KERNEL_REDUCE_MINIMUM)
    let result = try Tensor(uninitialized: [outer], operation: name)
    let out = Shared(result.storage.pointer)
    let base = Shared(data.storage.pointer + data.offset)
    let length = reduced
    ThreadPool.shared.run(count: outer, grain: max(1, Self.block / max(1, length))) { rows in
      for row in rows {
        out.value[row] = Float(kernel_first_equal(base.value + row * length, Float(extremes[row]), length))
      }
    }
    return try withExtendedLifetime(data) { try inOriginalOrder(result, keepingAxes: keepingAxes) }
  }

  /// Throws where the reduction of so few elements is no number: a sum of none is 0 and a product 1, a mean is nothing.
  private func requireElements(for reduction: Reduction) throws {
    // Where nothing is kept there is nothing to say about nothing.
    if count == 0 { return }
    switch reduction {
    case .sum, .product, .norm1, .norm2: return
    case .mean, .minimum, .maximum:
      guard reduced > 0 else {
        throw TensorError.shape(operation: name, shape: source.shape, wanted: "at least one element along axes \(axes)")
      }
    case .variance(let correction):
      guard reduced > correction else {
        throw TensorError.shape(
          operation: name, shape: source.shape, wanted: "more than \(correction) elements along axes \(axes)")
      }
    }
  }

  /// The same reduction with its elements side by side.
  private func inRows() throws -> ReductionPlan {
    var plan = self
    plan.data = try Tensor(
      storage: data.storage, shape: [outer, inner, reduced], strides: [reduced * inner, 1, inner], offset: data.offset
    ).contiguous()
    plan.outer = outer * inner
    plan.inner = 1
    return plan
  }

  // MARK: Totals

  private func totals(_ kernel: kernel_reduction) -> [Double] {
    withExtendedLifetime(data) { inner == 1 ? rowTotals(kernel) : columnTotals(kernel) }
  }

  private func rowTotals(_ kernel: kernel_reduction) -> [Double] {
    let base = Shared(data.storage.pointer + data.offset)
    let (rows, length) = (outer, reduced)
    guard length > Self.block else {
      return [Double](unsafeUninitializedCapacity: rows) { out, written in
        let target = Shared(out.baseAddress)
        ThreadPool.shared.run(count: rows, grain: max(1, Self.block / max(1, length))) { range in
          kernel_reduce_rows(
            kernel, target.value! + range.lowerBound, base.value + range.lowerBound * length, length, range.count,
            length)
        }
        written = rows
      }
    }
    let blocks = (length + Self.block - 1) / Self.block
    let partial = [Double](unsafeUninitializedCapacity: rows * blocks) { out, written in
      let target = Shared(out.baseAddress!)
      ThreadPool.shared.run(count: rows * blocks) { task in
        let start = task % blocks * Self.block
        kernel_reduce_rows(
          kernel, target.value + task, base.value + task / blocks * length + start, 0, 1,
          min(Self.block, length - start))
      }
      written = rows * blocks
    }
    return (0..<rows).map { row in
      partial[row * blocks..<(row + 1) * blocks].reduce(kernel_reduce_start(kernel)) {
        kernel_reduce_combine(kernel, $0, $1)
      }
    }
  }

  private func columnTotals(_ kernel: kernel_reduction) -> [Double] {
    let base = Shared(data.storage.pointer + data.offset)
    let (rows, columns) = (reduced, inner)
    return inColumns(kernel) { target, plane, row, column, height, width in
      kernel_reduce_columns(
        kernel, target, base.value + (plane * rows + row) * columns + column, columns, height, width)
    }
  }

  /// Cuts every plane into tiles, has `body` accumulate each into a partial result, and combines those in the order of the rows.
  private func inColumns(
    _ kernel: kernel_reduction,
    _ body:
      @Sendable (
        _ target: UnsafeMutablePointer<Double>, _ plane: Int, _ row: Int, _ column: Int, _ height: Int, _ width: Int
      ) -> Void
  ) -> [Double] {
    let (rows, columns) = (reduced, inner)
    let width = min(columns, 1024)
    let height = max(64, Self.block / width)
    let (across, down) = ((columns + width - 1) / width, max(1, (rows + height - 1) / height))
    var partial = [Double](repeating: kernel_reduce_start(kernel), count: outer * down * columns)
    partial.withUnsafeMutableBufferPointer { buffer in
      let target = Shared(buffer.baseAddress!)
      ThreadPool.shared.run(count: outer * down * across) { task in
        let (plane, column, part) = (task / across / down, task % across * width, task / across % down)
        body(
          target.value + (plane * down + part) * columns + column, plane, part * height, column,
          min(height, rows - part * height),
          min(width, columns - column))
      }
    }
    if down == 1 { return partial }
    var totals = [Double](repeating: kernel_reduce_start(kernel), count: outer * columns)
    for plane in 0..<outer {
      for part in 0..<down {
        let from = (plane * down + part) * columns
        for column in 0..<columns {
          totals[plane * columns + column] =
            kernel_reduce_combine(kernel, totals[plane * columns + column], partial[from + column])
        }
      }
    }
    return totals
  }

  /// In two passes, the second around the mean, so that a large mean costs no digits.
  private func variances(correction: Int) -> [Double] {
    let means = totals(KERNEL_REDUCE_SUM).map { $0 / Double(reduced) }
    let squares = withExtendedLifetime(data) { inner == 1 ? rowDeviations(means) : columnDeviations(means) }
    return squares.map { $0 / Double(reduced - correction) }
  }

  /// Sums of squared distances from the means.
  private func rowDeviations(_ means: [Double]) -> [Double] {
    let base = Shared(data.storage.pointer + data.offset)
    let (rows, length) = (outer, reduced)
    let blocks = max(1, (length + Self.block - 1) / Self.block)
    var partial = [Double](repeating: 0, count: rows * blocks)
    partial.withUnsafeMutableBufferPointer { buffer in
      let target = Shared(buffer.baseAddress!)
      ThreadPool.shared.run(count: rows * blocks, grain: max(1, Self.block / max(1, min(length, Self.block)))) {
        tasks in
        for task in tasks {
          let start = task % blocks * Self.block
          target.value[task] = kernel_sum_squared_deviations(
            base.value + task / blocks * length + start, means[task / blocks], min(Self.block, length - start))
        }
      }
    }
    return (0..<rows).map { partial[$0 * blocks..<($0 + 1) * blocks].reduce(0, +) }
  }

  private func columnDeviations(_ means: [Double]) -> [Double] {
    let base = Shared(data.storage.pointer + data.offset)
    let (rows, columns) = (reduced, inner)
    return inColumns(KERNEL_REDUCE_SUM) { target, plane, row, column, height, width in
      means.withUnsafeBufferPointer { means in
        kernel_sum_squared_deviations_columns(
          target, base.value + (plane * rows + row) * columns + column, means.baseAddress! + plane * columns + column,
          columns, height,
          width)
      }
    }
  }

  // MARK: Shape of the result

  private func inOriginalOrder(_ flat: Tensor, keepingAxes: Bool) throws -> Tensor {
    if keptOrder.isEmpty && !keepingAxes { return try flat.reshaped([]) }
    let kept = try flat.reshaped(keptOrder.map { source.shape[$0] })
    let ascending = keptOrder.indices.sorted { keptOrder[$0] < keptOrder[$1] }
    let ordered = try kept.permuted(ascending).contiguous()
    guard keepingAxes else { return ordered }
    return try ordered.reshaped(source.shape.indices.map { axes.contains($0) ? 1 : source.shape[$0] })
  }
}
