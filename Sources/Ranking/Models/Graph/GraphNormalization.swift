import Tensors

/// What one propagation over a graph multiplies by, B being its 0/1 matrix and D the diagonal matrix of degrees.
public enum GraphNormalization: String, Sendable, CaseIterable {
  /// `D^-1/2 B D^-1/2`, as LightGCN has it. A node without edges gets 0.
  case symmetric
  /// `D^-1 (B + I)`, where D counts the self-loop: the released code of TIL. Not symmetric.
  case row

  /// Whether a node counts among its own neighbors.
  var addsOwn: Bool { self == .row }

  /// For a degree the factor of a node's row before it is sent to its neighbors, and of what has come to a node. Without edges
  /// nothing comes, and nothing must be divided by 0.
  func factors(degree: Int) -> (before: Float, after: Float) {
    switch self {
    case .symmetric:
      let factor = degree == 0 ? 1 : Float(1 / Double(degree).squareRoot())
      return (factor, factor)
    case .row: return (1, Float(1 / Double(degree + 1)))
    }
  }
}

/// The factors of a side's nodes, so that a product is a plain sum over edges: `after · (B + own) · before`.
final class NodeFactors {
  let before: AlignedBuffer<Float>
  let after: AlignedBuffer<Float>
  /// `after · before`: what stands between two products.
  let between: AlignedBuffer<Float>
  /// 1 / `before`: back to a layer's rows from what is sent to neighbors.
  let undoingBefore: AlignedBuffer<Float>

  init(_ side: GraphSide, _ normalization: GraphNormalization) throws {
    func buffer() throws -> AlignedBuffer<Float> {
      try AlignedBuffer(count: side.count, repeating: 1, for: "factors of \(side.count) nodes")
    }
    before = try buffer()
    after = try buffer()
    between = try buffer()
    undoingBefore = try buffer()
    for node in 0..<side.count {
      let factors = normalization.factors(degree: side.degree(node))
      before[node] = factors.before
      after[node] = factors.after
      between[node] = factors.after * factors.before
      undoingBefore[node] = 1 / factors.before
    }
  }

  var byteCount: Int { 16 * before.count }
}
