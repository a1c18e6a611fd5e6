import Foundation
import Tensors

@testable import Ranking

/// `ncf`, `gmf` and `neumf` written for reading, in float64, a pair at a time.
struct PlainNetwork {
  /// Rows by the parameter's name.
  var parameters: [String: [[Double]]]
  private let dropsBetweenLayers: Bool

  init(_ model: any NeuralModel, dropsBetweenLayers: Bool = false) {
    parameters = Dictionary(
      uniqueKeysWithValues: model.trainedParameters.map { parameter in
        let values = parameter.currentValues.map(Double.init)
        return (
          parameter.name,
          (0..<parameter.rowCount).map { Array(values[$0 * parameter.columnCount..<($0 + 1) * parameter.columnCount]) }
        )
      })
    self.dropsBetweenLayers = dropsBetweenLayers
  }

  /// Factors of dropout for an element of a part (0: product, or the only one; 1: tower of a sum) and a place of it; `nil` where
  /// nothing is dropped.
  typealias Factor = (_ part: Int, _ place: Int, _ element: Int) -> Double

  /// A row of a batch and a score of it: what dropout draws for.
  struct Spot {
    /// The row of the batch, and the score's number among all of the batch.
    var row = 0
    var pair = 0
    var factor: Factor = { _, _, _ in 1 }
  }

  private func embedding(_ name: String, _ index: Int, _ part: Int, _ place: Int, _ number: Int, _ spot: Spot)
    -> [Double]
  {
    let row = parameters[name]![index]
    return row.indices.map { row[$0] * spot.factor(part, place, number * row.count + $0) }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  private func product(_ weights: String, _ user: Int, _ item: Int, _ spot: Spot) -> Double {
    let p = embedding("user", user, 0, 0, spot.row, spot)
    let q = embedding("item", item, 0, 1, spot.pair, spot)
    return p.indices.reduce(0) { $0 + parameters[weights]![0][$1] * p[$1] * q[$1] }
  }

  private func tower(_ prefix: String, _ user: Int, _ item: Int, _ part: Int, _ spot: Spot) -> Double {
    var z = embedding(prefix + "user", user, part, 0, spot.row, spot)
    z += embedding(prefix + "item", item, part, 1, spot.pair, spot)
    var layer = 1
    while let weights = parameters["layer\(layer)_weight"] {
      let bias = parameters["layer\(layer)_bias"]![0]
      let inputs = z
      z = weights.indices.map { max(0, dot(weights[$0], inputs) + bias[$0]) }
      if dropsBetweenLayers {
        z = z.indices.map { z[$0] * spot.factor(part, 1 + layer, spot.pair * z.count + $0) }
      }
      layer += 1
    }
    return dot(parameters["output_weight"]![0], z)
  }

  func score(_ user: Int, _ item: Int, _ spot: Spot = Spot()) -> Double {
    let bias = parameters["output_bias"]?[0][0] ?? 0
    if parameters["mlp_user"] != nil {
      return product("gmf_output_weight", user, item, spot) + tower("mlp_", user, item, 1, spot) + bias
    }
    if parameters["layer1_weight"] != nil { return tower("", user, item, 0, spot) + bias }
    return product("output_weight", user, item, spot) + bias
  }

  /// A user's boundary; 0 where there is none.
  func boundary(_ user: Int, _ spot: Spot) -> Double {
    guard let rows = parameters["boundary"] else { return 0 }
    if rows.count > 1 { return rows[user][0] }
    let p = embedding("user", user, 0, 0, spot.row, spot)
    return dot(Array(rows[0][..<p.count]), p) + (rows[0].count > p.count ? rows[0][p.count] : 0)
  }

  /// `Σ softplus(b - s_p) + alpha Σ softplus(s_n - b)`: a cross-entropy where there is no boundary and alpha is 1.
  func loss(_ batch: GivenBatch, alpha: Double, _ factor: @escaping Factor) -> Double {
    func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    var total = 0.0
    for row in batch.users.indices {
      let items = [batch.positives[row]] + batch.negatives[row]
      for (slot, item) in items.enumerated() {
        let spot = Spot(row: row, pair: row * items.count + slot, factor: factor)
        let score = score(Int(batch.users[row]), Int(item), spot)
        let boundary = boundary(Int(batch.users[row]), spot)
        total += slot == 0 ? softplus(boundary - score) : alpha * softplus(score - boundary)
      }
    }
    return total
  }

  /// By central differences.
  func gradients(_ loss: (PlainNetwork) -> Double) -> [String: [Double]] {
    var moved = self
    let width = 1e-6
    return parameters.reduce(into: [:]) { result, entry in
      var gradient: [Double] = []
      for row in entry.value.indices {
        for column in entry.value[row].indices {
          let value = entry.value[row][column]
          moved.parameters[entry.key]![row][column] = value + width
          let above = loss(moved)
          moved.parameters[entry.key]![row][column] = value - width
          gradient.append((above - loss(moved)) / (2 * width))
          moved.parameters[entry.key]![row][column] = value
        }
      }
      result[entry.key] = gradient
    }
  }
}
