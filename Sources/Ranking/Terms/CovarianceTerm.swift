import Tensors

/// What the dimensions of embeddings have in common: keeps them from telling the same twice.
///
/// Hsieh et al., "Collaborative Metric Learning", WWW 2017, 3.4. With x_n the users and items of the batch, each once, mu their mean
/// and C = 1/n Σ_n (x_n - mu)(x_n - mu)':
///
///     squares: weight Σ_{i≠j} C_ij²        sum: weight Σ_{i≠j} C_ij
///
/// The paper penalizes the norm of C but for its diagonal, over a batch (squares; its further 1/n is part of the weight here). The code
/// that its authors published (CML.py, `covariance_loss`) sums the covariances with their signs, over all users and items (sum, with
/// rows = all); that sum has no lower bound, and dimensions that oppose each other lower it.
public final class CovarianceTerm: Term {
  public enum Form: String, Sendable, CaseIterable {
    case squares, sum
  }

  public enum Rows: String, Sendable, CaseIterable {
    /// The distinct users and items of the batch: as they score, computed rows included.
    case batch
    /// All users and items, where rows of tables score.
    case all
  }

  public let name: String
  public var weight: Schedule
  public let form: Form
  public let rows: Rows

  public init(name: String = "covariance", weight: Schedule, form: Form = .squares, rows: Rows = .batch) {
    (self.name, self.weight, self.form, self.rows) = (name, weight, form, rows)
  }

  public var numbers: [AssignableNumber] { [.init("weight", of: self, \.weight)] }
  public var text: String { "\(name): covariance(\(numbersText), form = \(form.rawValue), rows = \(rows.rawValue))" }

  public func check(_ model: any RankingModel) throws {
    guard model.scoring.function != nil else {
      throw TrainingError.setting(
        "term '\(name)': \(TermError.hasNoRows(model).description); write a custom term of its parameters")
    }
    guard rows == .batch || model.userTable != nil && model.itemTable != nil else {
      throw TrainingError.setting(
        "term '\(name)': model '\(model.name)' computes its rows, and would have to compute those of all users and items in every batch; "
          + "use rows = \"batch\"")
    }
  }

  /// - Complexity: O(n d²).
  public func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
    let weight = try number(weight, "weight", in: 0...1e9, batch)
    guard weight > 0 else { return 0 }
    let sides =
      rows == .all
      ? try [batch.model.userTable!, batch.model.itemTable!].map(batch.allRows)
      : [try batch.userRows(), try batch.itemRows()]
    let all = try Tensor.concatenate(sides.map(\.values))
    let centered = try all - all.mean(axes: [0], keepingAxes: true)
    let count = Float(all.shape[0])
    let covariance = try centered.transposed().matrixProduct(centered) / count
    let (value, slopes) = try differentiate(covariance, weight)
    // What the mean takes away again is 0: each column of the centered rows adds up to 0.
    let gradient = try centered.matrixProduct(slopes) * (2 / count)
    var first = 0
    for side in sides {
      let end = first + side.values.shape[0]
      try side.addGradients(gradient.narrowed(axis: 0, to: first..<end).contiguous(), to: gradients)
      first = end
    }
    return value
  }

  /// The value, and the derivative with respect to each covariance.
  private func differentiate(_ covariance: Tensor, _ weight: Double) throws -> (value: Double, slopes: Tensor) {
    var slopes = try covariance.elements()
    let dim = covariance.shape[0]
    var value = 0.0
    for place in slopes.indices {
      let number = place / dim == place % dim ? 0 : Double(slopes[place])
      switch form {
      case .squares:
        value += weight * number * number
        slopes[place] = Float(2 * weight * number)
      case .sum:
        value += weight * number
        slopes[place] = place / dim == place % dim ? 0 : Float(weight)
      }
    }
    return (value, try Tensor(slopes, shape: covariance.shape))
  }
}
