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

/// The factors of a side's nodes: a product is a sum over edges of rows times `before`, times `after`.
final class NodeFactors {
  let before: AlignedBuffer<Float>
  let after: AlignedBuffer<Float>
  /// `after · before`: what a node gets of itself where it counts among its own neighbors.
  let own: AlignedBuffer<Float>

  init(_ side: GraphSide, _ normalization: GraphNormalization) throws {
    func buffer() throws -> AlignedBuffer<Float> {
      try AlignedBuffer(count: side.count, repeating: 1, for: "factors of \(side.count) nodes")
    }
    before = try buffer()
    after = try buffer()
    own = try buffer()
    for node in 0..<side.count {
      (before[node], after[node]) = normalization.factors(degree: side.degree(node))
      own[node] = after[node] * before[node]
    }
  }

  var byteCount: Int { 12 * before.count }
}
