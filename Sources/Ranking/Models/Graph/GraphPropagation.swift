import Kernels
import Tensors

/// A weighted sum of the layers of a graph, and its derivative by hand:
///
///     out = Σ_k w_k A^k E,   k = 0...K,   A = after · (B + own) · before
///
/// (`GraphNormalization`). What a node sends to its neighbors is scaled once, so that a product is a plain sum over edges. Tables are
/// cut into slices of 16 columns that are worked on one after another: the rows that a product reads stay in a core's cache. The last
/// layer is computed for the wanted rows alone, and the first layer of the derivative starts from the rows that have one.
///
/// Every sum has one order, whatever the number of threads. Nothing is kept between a forward pass and the backward one but what
/// the caller has: a pass may be made between them.
///
/// - Complexity: a pass over all rows O(K · edges · dim); for a batch the last product counts only the batch's edges.
final class GraphPropagation {
  let graph: InteractionGraph
  /// w, `[layers + 1]`.
  let weights: [Float]
  /// Numbers of a row, and floats from one to the next in tables and blocks.
  let dim: Int
  let stride: Int
  private let addsOwn: Bool
  /// Users, then items.
  private let sides: [Side]
  /// Two layers at a time, or one where there is one: for each side `[slices, nodes, 16]`. Made for the first pass.
  private var buffers: [AlignedBuffer<Float>] = []

  private struct Side {
    let nodes: GraphSide
    let factors: NodeFactors
    /// Number of the first node among both sides' nodes.
    let firstNode: Int
  }

  init(_ graph: InteractionGraph, _ normalization: GraphNormalization, weights: [Float], dim: Int) throws {
    self.graph = graph
    self.weights = weights
    self.dim = dim
    stride = EmbeddingTable.stride(dim)
    addsOwn = normalization.addsOwn
    sides = [
      Side(nodes: graph.users, factors: try NodeFactors(graph.users, normalization), firstNode: 0),
      Side(nodes: graph.items, factors: try NodeFactors(graph.items, normalization), firstNode: graph.users.count),
    ]
  }

  private var layers: Int { weights.count - 1 }
  private var slices: Int { stride / Self.slice }
  private static let slice = Int(KERNEL_SLICE)

  /// Bytes held, the graph's included.
  var byteCount: Int {
    graph.byteCount + sides.reduce(0) { $0 + $1.factors.byteCount } + buffers.reduce(0) { $0 + 4 * $1.count }
  }

  /// Rows of one side: of a table, of a block of gradients, or cut into slices.
  struct NodeRows {
    let base: UnsafeMutablePointer<Float>
    let rowStride: Int
    /// From a row's 16 columns to its next 16.
    let sliceStride: Int

    /// Rows one after another, `stride` floats apart.
    init(_ base: UnsafeMutablePointer<Float>, stride: Int) {
      self.base = base
      rowStride = stride
      sliceStride = GraphPropagation.slice
    }

    fileprivate init(slices base: UnsafeMutablePointer<Float>, count: Int) {
      self.base = base
      rowStride = GraphPropagation.slice
      sliceStride = count * GraphPropagation.slice
    }

    fileprivate func slice(_ number: Int) -> UnsafeMutablePointer<Float> { base + number * sliceStride }
  }

  private func layer(_ number: Int) throws -> [NodeRows] {
    while buffers.count <= number {
      let nodes = graph.users.count + graph.items.count
      buffers.append(
        try AlignedBuffer(count: nodes * stride, repeating: 0, for: "a layer of \(nodes) nodes' rows of \(dim) numbers")
      )
    }
    return sides.map { NodeRows(slices: buffers[number].base + $0.firstNode * stride, count: $0.nodes.count) }
  }

  // MARK: Forward

  /// The rows of users and items after propagation, `[count, dim]` each.
  ///
  /// - Parameters:
  ///   - wanted: Distinct users and distinct items.
  ///   - tables: E: the users' and the items' rows; only `dim` numbers of each are read.
  func rows(
    _ wanted: [[Int32]], of tables: [(rows: UnsafePointer<Float>, stride: Int)], dropout: EgoDropout?,
    pool: ThreadPool
  ) throws -> [Tensor] {
    var (current, next) = (try layer(0), try layer(layers > 1 ? 1 : 0))
    let outputs = try wanted.map { try Tensor.zeros([$0.count, stride]) }
    for (side, table) in tables.enumerated() { load(table, side, current[side], dropout, pool) }
    try outputs[0].withMutableElements { users in
      try outputs[1].withMutableElements { items in
        let sums = [users.baseAddress, items.baseAddress].map { $0.map { NodeRows($0, stride: stride) } }
        add(weights[0], current, wanted, to: sums, pool)
        for layer in 1..<layers {
          multiply(current, sides.map(\.factors.between), into: next, pool)
          swap(&current, &next)
          add(weights[layer], current, wanted, to: sums, pool)
        }
        addLastLayer(current, wanted, to: sums, pool)
      }
    }
    return try outputs.map { stride == dim ? $0 : try $0.narrowed(axis: 1, to: 0..<dim).copy() }
  }

  /// The first layer as it is sent to neighbors.
  private func load(
    _ table: (rows: UnsafePointer<Float>, stride: Int), _ number: Int, _ target: NodeRows, _ dropout: EgoDropout?,
    _ pool: ThreadPool
  ) {
    let (stride, dim, firstNode) = (stride, dim, sides[number].firstNode)
    let shared = Shared((table: table, before: sides[number].factors.before.base, target: target))
    pool.run(count: sides[number].nodes.count, grain: Self.rowsOfTask) { rows in
      func load(_ masks: UnsafePointer<Float>?) {
        kernel_load_slices(
          shared.value.table.rows, Int64(shared.value.table.stride), Int64(dim), shared.value.before, masks,
          Int64(stride),
          Int64(rows.lowerBound), Int64(rows.upperBound), shared.value.target.base,
          Int64(shared.value.target.sliceStride))
      }
      guard let dropout else { return load(nil) }
      dropout.withMasks(of: rows, firstNode: firstNode, stride: stride) { load($0) }
    }
  }

  /// Rows of a table that a task takes.
  private static let rowsOfTask = 256

  /// Adds a layer's wanted rows.
  private func add(
    _ weight: Float, _ layer: [NodeRows], _ wanted: [[Int32]], to sums: [NodeRows?], _ pool: ThreadPool
  ) {
    guard weight != 0 else { return }
    let slices = slices
    for (side, target) in zip(sides.indices, sums) {
      guard let target else { continue }
      let shared = Shared((layer: layer[side], factors: sides[side].factors.undoingBefore.base, target: target))
      pool.run(count: wanted[side].count, grain: Self.rowsOfTask) { range in
        wanted[side].withUnsafeBufferPointer { rows in
          for slice in 0..<slices {
            kernel_add_from_rows(
              shared.value.layer.slice(slice), shared.value.factors, weight, rows.baseAddress!, Int64(range.lowerBound),
              Int64(range.upperBound), shared.value.target.slice(slice), Int64(shared.value.target.rowStride))
          }
        }
      }
    }
  }

  /// The last product, of the wanted rows alone.
  private func addLastLayer(_ layer: [NodeRows], _ wanted: [[Int32]], to sums: [NodeRows?], _ pool: ThreadPool) {
    let weight = weights[layers]
    guard weight != 0 else { return }
    let (slices, addsOwn) = (slices, addsOwn)
    for (side, target) in zip(sides.indices, sums) {
      guard let target else { continue }
      let chunks = (wanted[side].count + Self.rowsOfTask - 1) / Self.rowsOfTask
      let shared = Shared(
        (
          edges: sides[side].nodes.edges, from: layer[1 - side], own: layer[side],
          factors: sides[side].factors.after.base, target: target
        ))
      // Slice after slice, so that all threads read the same one.
      pool.run(count: slices * chunks) { task in
        let (slice, chunk) = task.quotientAndRemainder(dividingBy: chunks)
        withUnsafePointer(to: shared.value.edges) { edges in
          wanted[side].withUnsafeBufferPointer { rows in
            kernel_add_neighbor_sums(
              edges, shared.value.from.slice(slice), addsOwn ? shared.value.own.slice(slice) : nil,
              shared.value.factors,
              weight, rows.baseAddress!, Int64(chunk * Self.rowsOfTask),
              Int64(min(rows.count, (chunk + 1) * Self.rowsOfTask)), shared.value.target.slice(slice),
              Int64(shared.value.target.rowStride))
          }
        }
      }
    }
  }

  /// `target = factors · (B + own) · source`, of all nodes.
  private func multiply(
    _ source: [NodeRows], _ factors: [AlignedBuffer<Float>], into target: [NodeRows], _ pool: ThreadPool
  ) {
    let (slices, addsOwn) = (slices, addsOwn)
    let counts = sides.map { ($0.nodes.count + Self.rowsOfTask - 1) / Self.rowsOfTask }
    let shared = Shared(
      (sides: sides.map(\.nodes), source: source, target: target, factors: factors.map(\.base)))
    pool.run(count: slices * (counts[0] + counts[1])) { task in
      let (slice, place) = task.quotientAndRemainder(dividingBy: counts[0] + counts[1])
      let side = place < counts[0] ? 0 : 1
      let first = (place - side * counts[0]) * Self.rowsOfTask
      let nodes = shared.value.sides[side]
      withUnsafePointer(to: nodes.edges) { edges in
        kernel_sum_neighbors(
          edges, shared.value.source[1 - side].slice(slice),
          addsOwn ? shared.value.source[side].slice(slice) : nil, shared.value.factors[side], Int64(first),
          Int64(min(nodes.count, first + Self.rowsOfTask)), shared.value.target[side].slice(slice),
          Int64(shared.value.target[side].rowStride))
      }
    }
  }

  // MARK: Backward

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
        let targets = blocks.map { NodeRows($0, stride: stride) }
        var (current, next) = (try layer(0), try layer(layers > 1 ? 1 : 0))
        start(output, current, into: layers == 1 ? targets : current, pool)
        if layers > 1 {
          add(output, layer: layers - 1, to: current, pool)
          for layer in Swift.stride(from: layers - 2, to: 0, by: -1) {
            multiply(current, sides.map(\.factors.between), into: next, pool)
            swap(&current, &next)
            add(output, layer: layer, to: current, pool)
          }
          multiply(current, sides.map(\.factors.before), into: targets, pool)
        }
        add(output, layer: 0, to: targets, pool)
        if let dropout { mask(targets, dropout, pool) }
      }
    }
  }

  /// Gradients of the wanted rows.
  private struct OutputGradients {
    let wanted: [[Int32]]
    /// `[count, stride]`, `nil` where no row is wanted.
    let rows: [UnsafePointer<Float>?]
    let stride: Int

    /// What a side's rows are, for 16 columns; nothing where there are none.
    func withRows(_ side: Int, _ slice: Int, _ body: (UnsafePointer<Float>, UnsafePointer<Int32>, Int64) -> Void) {
      guard let base = rows[side], !wanted[side].isEmpty else { return }
      wanted[side].withUnsafeBufferPointer {
        body(base + slice * GraphPropagation.slice, $0.baseAddress!, Int64($0.count))
      }
    }
  }

  private func padded(_ gradient: Tensor?, count: Int) throws -> Tensor {
    guard let gradient else { return try Tensor.zeros([count, stride]) }
    guard stride != dim else { return try gradient.contiguous() }
    return try Tensor.concatenate([gradient, Tensor.zeros([count, stride - dim])], axis: 1)
  }

  /// The first product, `factors · (B + own) · after · w_K G`: G goes from its rows to their neighbors.
  private func start(
    _ output: OutputGradients, _ sums: [NodeRows], into target: [NodeRows], _ pool: ThreadPool
  ) {
    let (weight, addsOwn, isLast) = (weights[layers], addsOwn, layers == 1)
    let slice16 = Int64(Self.slice)
    let shared = Shared((output: output, sides: sides, sums: sums, target: target))
    pool.run(count: 2 * slices) { task in
      let (slice, side) = task.quotientAndRemainder(dividingBy: 2)
      let (own, other) = (shared.value.sides[side], shared.value.sides[1 - side])
      let sums = shared.value.sums[side].slice(slice)
      sums.update(repeating: 0, count: own.nodes.count * Self.slice)
      let stride = Int64(shared.value.output.stride)
      withUnsafePointer(to: other.nodes.edges) { edges in
        shared.value.output.withRows(1 - side, slice) {
          kernel_scatter_to_neighbors(edges, $0, stride, other.factors.after.base, weight, $1, $2, sums)
        }
      }
      if addsOwn {
        shared.value.output.withRows(side, slice) {
          kernel_add_to_rows($0, stride, own.factors.after.base, weight, $1, $2, sums, slice16)
        }
      }
      let target = shared.value.target[side]
      kernel_scale_slice(
        sums, (isLast ? own.factors.before : own.factors.between).base, 0, Int64(own.nodes.count), target.slice(slice),
        Int64(target.rowStride))
    }
  }

  /// Adds what comes to a layer from the outputs themselves: `w_k G`, in layers between products as it is sent to neighbors.
  private func add(_ output: OutputGradients, layer: Int, to target: [NodeRows], _ pool: ThreadPool) {
    let weight = weights[layer]
    guard weight != 0 else { return }
    let shared = Shared((output: output, sides: sides, target: target))
    pool.run(count: 2 * slices) { task in
      let (slice, side) = task.quotientAndRemainder(dividingBy: 2)
      shared.value.output.withRows(side, slice) {
        kernel_add_to_rows(
          $0, Int64(shared.value.output.stride), layer == 0 ? nil : shared.value.sides[side].factors.after.base, weight,
          $1, $2, shared.value.target[side].slice(slice), Int64(shared.value.target[side].rowStride))
      }
    }
  }

  private func mask(_ targets: [NodeRows], _ dropout: EgoDropout, _ pool: ThreadPool) {
    let stride = stride
    for (side, target) in zip(sides, targets) {
      let (target, firstNode) = (Shared(target.base), side.firstNode)
      pool.run(count: side.nodes.count, grain: Self.rowsOfTask) { rows in
        dropout.withMasks(of: rows, firstNode: firstNode, stride: stride) { masks in
          let gradients = target.value + rows.lowerBound * stride
          for place in 0..<rows.count * stride { gradients[place] *= masks[place] }
        }
      }
    }
  }
}

/// Dropout of elements of the rows before they are propagated: a pure function of the stream, so that forward and backward agree.
struct EgoDropout: Sendable {
  let stream: RandomStream
  /// In (0, 1).
  let rate: Float

  /// What a request asks for; `nil` for nothing.
  init?(_ request: EncodingRequest) {
    guard request.dropout > 0, let stream = request.stream else { return nil }
    (self.stream, rate) = (stream, request.dropout)
  }

  /// Factors for some rows of a side, `[rows, stride]`: 0 or `1 / (1 - rate)`.
  func withMasks(of rows: Range<Int>, firstNode: Int, stride: Int, _ body: (UnsafePointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * stride) { masks in
      let base = masks.baseAddress!
      for (place, row) in rows.enumerated() {
        kernel_dropout_mask(stream.key, UInt64((firstNode + row) * stride), rate, stride, base + place * stride)
      }
      body(base)
    }
  }
}
