import Kernels
import Tensors

/// The derivative by hand.
extension GraphPropagation {
  /// The derivative of `Σ <out, gradient>` with respect to E, written to every row of `blocks`, `stride` floats each.
  ///
  /// - Parameters:
  ///   - wanted: Those of the forward pass.
  ///   - gradients: Of its outputs, `[count, dim]` each; `nil` where one has none.
  func differentiate(
    _ wanted: [[Int32]], _ gradients: [Tensor?], into blocks: [UnsafeMutablePointer<Float>], dropout: EgoDropout?,
    pool: ThreadPool
  ) throws {
    let padded = try zip(wanted, gradients).map { try self.padded($1, count: $0.count) }
    try padded[0].withElements { users in
      try padded[1].withElements { items in
        let output = OutputGradients(wanted: wanted, rows: [users.baseAddress, items.baseAddress], stride: stride)
        var current = layers == 1 ? blocks : try buffer(0)
        start(output, into: current, pool)
        for layer in Swift.stride(from: layers - 1, to: 0, by: -1) {
          add(output, weights[layer], to: current, pool)
          let next = layer == 1 ? blocks : try buffer((layers - layer) % 2)
          multiply(Product(source: reading(current), sent: after, factors: before), into: next, pool)
          current = next
        }
        add(output, weights[0], to: blocks, pool)
        if let dropout { mask(blocks, dropout, pool) }
      }
    }
  }

  /// Gradients of the wanted rows.
  private struct OutputGradients {
    let wanted: [[Int32]]
    /// `[count, stride]`, `nil` where no row is wanted.
    let rows: [UnsafePointer<Float>?]
    let stride: Int

    /// What a side's rows are, from a column on; nothing where there are none.
    func withRows(_ side: Int, _ column: Int, _ body: (UnsafePointer<Float>, UnsafePointer<Int32>, Int64) -> Void) {
      guard let base = rows[side], !wanted[side].isEmpty else { return }
      wanted[side].withUnsafeBufferPointer { body(base + column, $0.baseAddress!, Int64($0.count)) }
    }
  }

  private func padded(_ gradient: Tensor?, count: Int) throws -> Tensor {
    guard let gradient else { return try Tensor.zeros([count, stride]) }
    guard stride != dim else { return try gradient.contiguous() }
    return try Tensor.concatenate([gradient, Tensor.zeros([count, stride - dim])], axis: 1)
  }

  /// Calls `body` for parts of both sides' columns, two at a time for each two threads: the fewer parts, the more of a row is read
  /// at once. The sums of a column have one order, whatever part it is in.
  private func forEachPart(_ pool: ThreadPool, _ body: @Sendable (_ side: Int, _ columns: Range<Int>) -> Void) {
    let group = Int(KERNEL_COLUMN_GROUP)
    let (groups, stride) = (stride / group, stride)
    let parts = min(groups, (pool.threadCount + 1) / 2)
    pool.run(count: 2 * parts) { task in
      let (part, side) = task.quotientAndRemainder(dividingBy: 2)
      body(side, part * groups / parts * group..<min(stride, (part + 1) * groups / parts * group))
    }
  }

  /// The first product, `before · (B + own) · after · w_K G`: G goes from its rows to their neighbors.
  private func start(_ output: OutputGradients, into targets: Targets, _ pool: ThreadPool) {
    let (weight, addsOwn, stride) = (weights[layers], addsOwn, stride)
    let shared = Shared((output: output, sides: sides, targets: targets))
    for (side, nodes) in sides.map(\.nodes).enumerated() {
      pool.run(count: nodes.count, grain: Self.copiedRowsOfTask) { rows in
        (shared.value.targets[side] + rows.lowerBound * stride).update(repeating: 0, count: rows.count * stride)
      }
    }
    forEachPart(pool) { side, columns in
      let (own, other) = (shared.value.sides[side], shared.value.sides[1 - side])
      let target = shared.value.targets[side] + columns.lowerBound
      let (outputStride, count) = (Int64(shared.value.output.stride), Int64(columns.count))
      withUnsafePointer(to: other.nodes.edges) { edges in
        shared.value.output.withRows(1 - side, columns.lowerBound) {
          kernel_scatter_to_neighbors(
            edges, $0, outputStride, other.factors.after.base, weight, $1, $2, count, own.factors.before.base, target,
            Int64(stride))
        }
      }
      guard addsOwn else { return }
      shared.value.output.withRows(side, columns.lowerBound) {
        kernel_add_to_rows($0, outputStride, own.factors.own.base, weight, $1, $2, count, target, Int64(stride))
      }
    }
  }

  /// Adds what comes to a layer from the outputs themselves: `w_k G`.
  private func add(_ output: OutputGradients, _ weight: Float, to targets: Targets, _ pool: ThreadPool) {
    guard weight != 0 else { return }
    let stride = stride
    let shared = Shared((output: output, targets: targets))
    forEachPart(pool) { side, columns in
      shared.value.output.withRows(side, columns.lowerBound) {
        kernel_add_to_rows(
          $0, Int64(shared.value.output.stride), nil, weight, $1, $2, Int64(columns.count),
          shared.value.targets[side] + columns.lowerBound, Int64(stride))
      }
    }
  }

  private func mask(_ targets: Targets, _ dropout: EgoDropout, _ pool: ThreadPool) {
    let stride = stride
    for (side, target) in zip(sides, targets) {
      let (target, firstNode) = (Shared(target), side.firstNode)
      pool.run(count: side.nodes.count, grain: Self.copiedRowsOfTask) { rows in
        dropout.withMasks(of: rows, firstNode: firstNode, stride: stride) { masks in
          let gradients = target.value + rows.lowerBound * stride
          for place in 0..<rows.count * stride { gradients[place] *= masks[place] }
        }
      }
    }
  }
}
