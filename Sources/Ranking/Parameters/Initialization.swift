import Tensors

/// How parameters start.
public enum Initialization: Sendable, Equatable {
  case normal(standardDeviation: Double)
  /// Uniform in ±bound.
  case uniform(bound: Double)
  /// Glorot uniform over the whole table: bound sqrt(6 / (rows + dim)), as PyTorch's `xavier_uniform_` of an embedding.
  case xavierUniform
  /// Glorot normal over the whole table: deviation sqrt(2 / (rows + dim)).
  case xavierNormal

  /// What suits a score. A cosine does not see the length of a row, and turns a short one with small steps: deviation 1e-4, as
  /// SimpleX and MML. Elsewhere the gradient of a row is as long as the rows it meets, and short rows would never move: 0.1.
  public static func standard(for score: ScoreFunction) -> Initialization {
    .normal(standardDeviation: standardDeviation(for: score))
  }

  public static func standardDeviation(for score: ScoreFunction) -> Double { score == .cosine ? 1e-4 : 0.1 }

  /// Draws the first `columns` numbers of each row; a pure function of the stream.
  func fill(_ table: EmbeddingTable, columns: Int, _ stream: RandomStream) {
    let draw = distribution(rows: table.rowCount, columns: columns, stream)
    let (values, stride, constant) = (table.values, table.stride, table.constantColumn)
    ThreadPool.shared.run(count: table.rowCount, grain: 512) { rows in
      for row in rows {
        for column in 0..<columns { values.base[row * stride + column] = Float(draw(UInt64(row * columns + column))) }
        if let constant { values.base[row * stride + constant] = 1 }
      }
    }
    table.refreshScale()
  }

  /// A number for each position of a table of this shape.
  func distribution(rows: Int, columns: Int, _ stream: RandomStream) -> @Sendable (UInt64) -> Double {
    let fan = Double(rows) + Double(columns)
    return switch self {
    case .normal(let deviation): { stream.normal(at: $0) * deviation }
    case .uniform(let bound): { (stream.uniformDouble(at: $0) * 2 - 1) * bound }
    case .xavierUniform: { (stream.uniformDouble(at: $0) * 2 - 1) * (6 / fan).squareRoot() }
    case .xavierNormal: { stream.normal(at: $0) * (2 / fan).squareRoot() }
    }
  }
}
