import Kernels
import Tensors

/// An L2 term of chosen parameters, or with a weight of its own: what `Regularization` is, as a term.
///
/// A trainer's `Regularization` is the faster way to the same gradients where there is one weight for all that represents users and
/// items: it is part of the steps of tables. Complexity: O(rows · columns) of the rows that the scope names.
public final class L2Term: Term {
  public let name: String
  public var weight: Schedule
  public let scope: Regularization.Scope
  /// `nil` for what represents users and items in the model.
  private let chosen: [Parameter]?

  /// - Parameter parameters: Any; what represents users and items in the model where `nil`.
  public init(
    name: String = "l2", weight: Schedule, scope: Regularization.Scope = .batchMean, parameters: [Parameter]? = nil
  ) {
    (self.name, self.weight, self.scope, chosen) = (name, weight, scope, parameters)
  }

  public var parameters: [Parameter] { chosen ?? [] }
  public var numbers: [AssignableNumber] { [.init("weight", of: self, \.weight)] }
  public var text: String {
    let what = chosen.map { " of \($0.map(\.name).joined(separator: ", "))" } ?? ""
    return "\(name): l2(\(numbersText), scope = \(scope.rawValue))\(what)"
  }

  public func check(_ model: any RankingModel) throws {
    guard let chosen else { return try scope.check(model, "term '\(name)':") }
    guard scope.countsRows, let shared = chosen.first(where: { $0.owner == .shared }) else { return }
    throw TrainingError.setting(
      "term '\(name)': scope '\(scope.rawValue)' counts rows of users and items that were looked up, and parameter '\(shared.name)' is "
        + "shared; use scope = \"tables\"")
  }

  public func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
    let weight = try number(weight, "weight", in: 0...1e9, batch)
    guard weight > 0 else { return 0 }
    if let perOccurrence = scope.weightPerOccurrence(weight, rowCount: batch.rowCount) {
      return try addCountedRows(perOccurrence, batch, gradients)
    }
    return (chosen ?? batch.embeddings).reduce(0) { sum, parameter in
      let rows = scope == .tables ? (0..<Int32(parameter.rowCount)).map { $0 } : batch.touchedRows(of: parameter)
      return sum + add(Float(weight), parameter, rows, [], batch, gradients)
    }
  }

  private func addCountedRows(_ weight: Float, _ batch: TermBatch, _ gradients: GradientSet) throws -> Double {
    guard let parameters = chosen ?? batch.countedParameters else {
      return try [batch.userRows(), batch.itemRows()].reduce(0) { try $0 + add(weight, $1, gradients) }
    }
    return parameters.reduce(0) { sum, parameter in
      let groups = parameter.owner == .user ? batch.userGroups : batch.itemGroups
      return sum + add(weight, parameter, groups.rows, groups.counts, batch, gradients)
    }
  }

  /// - Parameter counts: How often each row counts; once where there are none.
  /// - Returns: `weight/2 Σ count |row|²`
  private func add(
    _ weight: Float, _ parameter: Parameter, _ rows: [Int32], _ counts: [Int], _ batch: TermBatch,
    _ gradients: GradientSet
  ) -> Double {
    batch.reader().bringUpToDate(parameter, rows)
    let counts = counts.isEmpty ? [Float](repeating: 1, count: rows.count) : counts.map { Float($0) }
    gradients.of(parameter).addSquaredNorms(weights: counts.map { weight * $0 }, rows: rows, pool: batch.pool)
    let sum = zip(rows, counts).reduce(0.0) { $0 + Double($1.1) * parameter.squaredNorm(row: Int($1.0)) }
    return Double(weight) / 2 * sum
  }

  /// The same of rows that were computed.
  private func add(_ weight: Float, _ rows: TermRows, _ gradients: GradientSet) throws -> Double {
    let (values, columns) = (try rows.values.elements(), rows.values.shape[1])
    var (sum, gradient) = (0.0, values)
    for place in gradient.indices {
      let count = Float(rows.counts[place / columns])
      gradient[place] *= weight * count
      sum += Double(count) * Double(values[place]) * Double(values[place])
    }
    try rows.addGradients(Tensor(gradient, shape: rows.values.shape), to: gradients)
    return Double(weight) / 2 * sum
  }
}

extension Parameter {
  /// Without a column that is always 1.
  fileprivate func squaredNorm(row: Int) -> Double {
    kernel_sum_of_squares(values + row * rowStride, rowStride) - (table.constantColumn == nil ? 0 : 1)
  }
}
