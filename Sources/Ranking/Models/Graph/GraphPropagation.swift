import Kernels
import Tensors

/// A weighted sum of the layers of a graph, and its derivative by hand:
///
///     out = Σ_k w_k A^k E,   k = 0...K,   A = after · (B + own) · before
///
/// (`GraphNormalization`). Rows are read where they stand, tables too; the last layer is computed for the wanted rows alone, and the
/// first layer of the derivative starts from the rows that have one.
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
  let addsOwn: Bool
  /// Users, then items.
  let sides: [Side]
  /// Layers, `[nodes, stride]`, users first. Each is made when a pass first needs it.
  private var buffers: [AlignedBuffer<Float>] = []

  struct Side {
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

  var layers: Int { weights.count - 1 }

  /// Bytes held, the graph's included.
  var byteCount: Int {
    graph.byteCount + sides.reduce(0) { $0 + $1.factors.byteCount } + buffers.reduce(0) { $0 + 4 * $1.count }
  }

  /// Rows of one side that are read.
  typealias Rows = (rows: UnsafePointer<Float>, stride: Int)

  /// Rows of both sides that are written, `stride` floats apart.
  typealias Targets = [UnsafeMutablePointer<Float>]

  func buffer(_ number: Int) throws -> Targets {
    while buffers.count <= number {
      let nodes = graph.users.count + graph.items.count
      buffers.append(
        try AlignedBuffer(
          count: nodes * stride, repeating: 0, for: "a layer of \(nodes) nodes' rows of \(dim) numbers"))
    }
    return sides.map { buffers[number].base + $0.firstNode * stride }
  }

  func reading(_ targets: Targets) -> [Rows] { targets.map { (UnsafePointer($0), stride) } }

  /// Rows that a task takes, of those that are sums of others, and of those that are looked at once.
  static let (rowsOfTask, copiedRowsOfTask) = (64, 256)

  // MARK: Products

  /// `target = factors · (B + own) · sent · source` of all nodes, or of those of a list, times `weight` and added to what is there.
  struct Product {
    let source: [Rows]
    /// What a node's row is multiplied by before its neighbors get it, of each side.
    let sent: [UnsafePointer<Float>]
    let factors: [UnsafePointer<Float>]
    var weight: Float = 1
    /// `nil`: all nodes, whose rows are written.
    var wanted: [[Int32]]?
  }

  func multiply(_ product: Product, into targets: [UnsafeMutablePointer<Float>?], _ pool: ThreadPool) {
    let (dim, stride, addsOwn) = (dim, stride, addsOwn)
    for (side, target) in targets.enumerated() {
      guard let target else { continue }
      let count = product.wanted?[side].count ?? sides[side].nodes.count
      let shared = Shared((product: product, edges: sides[side].nodes.edges, target: target))
      pool.run(count: count, grain: Self.rowsOfTask) { range in
        let product = shared.value.product
        func rows(_ side: Int) -> kernel_node_rows {
          kernel_node_rows(
            rows: product.source[side].rows, stride: Int64(product.source[side].stride), factors: product.sent[side])
        }
        func sum(_ list: UnsafePointer<Int32>?) {
          withUnsafePointer(to: rows(1 - side)) { others in
            withUnsafePointer(to: rows(side)) { own in
              withUnsafePointer(to: shared.value.edges) { edges in
                kernel_sum_neighbors(
                  edges, others, addsOwn ? own : nil, product.factors[side], product.weight, list,
                  Int64(range.lowerBound), Int64(range.upperBound), Int64(dim), list == nil ? 0 : 1,
                  shared.value.target,
                  Int64(stride))
              }
            }
          }
        }
        guard let wanted = product.wanted else { return sum(nil) }
        wanted[side].withUnsafeBufferPointer { sum($0.baseAddress) }
      }
    }
  }

  var before: [UnsafePointer<Float>] { sides.map { UnsafePointer($0.factors.before.base) } }
  var after: [UnsafePointer<Float>] { sides.map { UnsafePointer($0.factors.after.base) } }

  // MARK: Forward

  /// The rows of users and items after propagation, `[count, dim]` each.
  ///
  /// - Parameters:
  ///   - wanted: Distinct users and distinct items.
  ///   - tables: E: the users' and the items' rows; only `dim` numbers of each are read.
  func rows(_ wanted: [[Int32]], of tables: [Rows], dropout: EgoDropout?, pool: ThreadPool) throws -> [Tensor] {
    let outputs = try wanted.map { try Tensor.zeros([$0.count, stride]) }
    var (current, made) = (tables, 0)
    if let dropout {
      let masked = try buffer(made)
      for (side, table) in tables.enumerated() { mask(table, side, into: masked[side], dropout, pool) }
      (current, made) = (reading(masked), made + 1)
    }
    try outputs[0].withMutableElements { users in
      try outputs[1].withMutableElements { items in
        let sums = [users.baseAddress, items.baseAddress]
        add(weights[0], current, wanted, to: sums, pool)
        for layer in 1..<layers {
          let next = try buffer(made % 2)
          multiply(Product(source: current, sent: before, factors: after), into: next, pool)
          (current, made) = (reading(next), made + 1)
          add(weights[layer], current, wanted, to: sums, pool)
        }
        guard weights[layers] != 0 else { return }
        multiply(
          Product(source: current, sent: before, factors: after, weight: weights[layers], wanted: wanted), into: sums,
          pool)
      }
    }
    return try outputs.map { stride == dim ? $0 : try $0.narrowed(axis: 1, to: 0..<dim).copy() }
  }

  private func mask(
    _ table: Rows, _ side: Int, into target: UnsafeMutablePointer<Float>, _ dropout: EgoDropout, _ pool: ThreadPool
  ) {
    let (stride, dim, firstNode) = (stride, dim, sides[side].firstNode)
    let shared = Shared((table: table, target: target))
    pool.run(count: sides[side].nodes.count, grain: Self.copiedRowsOfTask) { rows in
      dropout.withMasks(of: rows, firstNode: firstNode, stride: stride) { masks in
        kernel_mask_rows(
          shared.value.table.rows, Int64(shared.value.table.stride), Int64(dim), masks, Int64(stride),
          Int64(rows.lowerBound), Int64(rows.upperBound), shared.value.target, Int64(stride))
      }
    }
  }

  /// Adds a layer's wanted rows.
  private func add(
    _ weight: Float, _ layer: [Rows], _ wanted: [[Int32]], to sums: [UnsafeMutablePointer<Float>?], _ pool: ThreadPool
  ) {
    guard weight != 0 else { return }
    let (dim, stride) = (dim, stride)
    for (side, target) in sums.enumerated() {
      guard let target else { continue }
      let shared = Shared((layer: layer[side], target: target))
      pool.run(count: wanted[side].count, grain: Self.copiedRowsOfTask) { range in
        let (layer, target) = shared.value
        wanted[side].withUnsafeBufferPointer { list in
          kernel_add_from_rows(
            layer.rows, Int64(layer.stride), weight, list.baseAddress!, Int64(range.lowerBound),
            Int64(range.upperBound), Int64(dim), target, Int64(stride))
        }
      }
    }
  }
}
