import Foundation
import Tensors
import Testing

@testable import Ranking

/// A loss with an obvious second implementation in float64.
struct LossCase: Sendable, CustomTestStringConvertible {
  let name: String
  let make: @Sendable () throws -> Loss
  /// From positives `[B]`, negatives `[B][N]` and users `[B]` to the loss of the batch.
  let reference: @Sendable (_ positives: [Double], _ negatives: [[Double]], _ users: [Int32]) -> Double
  var testDescription: String { name }
}

func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

func logSumExp(_ x: [Double]) -> Double {
  let top = x.max()!
  return top + log(x.reduce(0) { $0 + exp($1 - top) })
}

private func relu(_ x: Double) -> Double { max(x, 0) }

private func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }

extension LossCase {
  /// Sum or mean over the batch of a term of each row.
  private static func rowwise(
    _ reduction: Reduction, _ term: @escaping @Sendable (Double, [Double]) -> Double
  ) -> @Sendable ([Double], [[Double]], [Int32]) -> Double {
    { positives, negatives, _ in
      let terms = zip(positives, negatives).map { term($0, $1) }
      return reduction == .mean ? mean(terms) : terms.reduce(0, +)
    }
  }

  /// Every loss, mode and reduction.
  static let all: [LossCase] = Reduction.allCases.flatMap { pairwise($0) + pointwise($0) + margins($0) + softmaxes($0) }

  private static func pairwise(_ reduction: Reduction) -> [LossCase] {
    [
      LossCase(
        name: "bpr \(reduction)",
        make: {
          let loss = BPRLoss()
          loss.reduction = reduction
          return loss
        }, reference: rowwise(reduction) { p, n in mean(n.map { softplus($0 - p) }) }),
      LossCase(
        name: "hinge \(reduction)",
        make: {
          let loss = HingeLoss()
          loss.margin = 0.9
          loss.reduction = reduction
          return loss
        }, reference: rowwise(reduction) { p, n in mean(n.map { relu(Double(Float(0.9)) + $0 - p) }) }),
    ]
  }

  private static func pointwise(_ reduction: Reduction) -> [LossCase] {
    [
      LossCase(
        name: "bce \(reduction)",
        make: {
          let loss = BinaryCrossEntropyLoss()
          loss.reduction = reduction
          return loss
        },
        reference: { positives, negatives, _ in
          let terms = positives.map { softplus(-$0) } + negatives.flatMap { $0 }.map(softplus)
          return reduction == .mean ? mean(terms) : terms.reduce(0, +)
        }),
      LossCase(
        name: "mse \(reduction)",
        make: {
          let loss = SquaredLoss()
          loss.reduction = reduction
          return loss
        }, reference: rowwise(reduction) { p, n in (p - 1) * (p - 1) / 2 + n.reduce(0) { $0 + $1 * $1 / 2 } }),
    ]
  }

  private static func margins(_ reduction: Reduction) -> [LossCase] {
    let margins = [0.7, 0.8, 0.9]
    let weights = [0.1, 0.15, 0.75]
    @Sendable func slopes(_ s: Double, banded: Bool) -> Double {
      let terms = zip(margins, weights).map { m, w in Double(Float(w)) * relu(s - Double(Float(m))) }
      return banded ? terms.last { $0 > 0 } ?? 0 : terms.reduce(0, +)
    }
    let several = MultiMarginLoss.Form.allCases.map { form in
      LossCase(
        name: "mml \(form) \(reduction)",
        make: {
          let loss = try MultiMarginLoss(
            margins: margins.map { Schedule($0) }, weights: weights.map { Schedule($0) }, positiveWeight: 2,
            negativeWeight: 700)
          loss.form = form
          loss.reduction = reduction
          return loss
        },
        reference: rowwise(reduction) { p, n in
          2 * relu(1 - p) + 700 * mean(n.map { slopes($0, banded: form == .banded) })
        })
    }
    let one = [Double?.none, 150].map { weight in
      LossCase(
        name: "ccl \(weight.map { "weight \($0)" } ?? "sum") \(reduction)",
        make: {
          let loss = CosineContrastiveLoss(margin: 0.5, negativeWeight: weight.map { Schedule($0) })
          loss.reduction = reduction
          return loss
        },
        reference: rowwise(reduction) { p, n in
          let over = n.map { relu($0 - 0.5) }
          return relu(1 - p) + (weight.map { $0 * mean(over) } ?? over.reduce(0, +))
        })
    }
    return several + one
  }

  private static func softmaxes(_ reduction: Reduction) -> [LossCase] {
    let t = Double(Float(0.2))
    let e = Double(Float(1.1))
    let softmax = LossCase(
      name: "softmax \(reduction)",
      make: {
        let loss = SoftmaxLoss()
        loss.temperature = 0.2
        loss.reduction = reduction
        return loss
      }, reference: rowwise(reduction) { p, n in logSumExp(([p] + n).map { $0 / t }) - p / t })
    let bsl = BSLLoss.Mode.allCases.map { mode in
      LossCase(
        name: "bsl \(mode) \(reduction)",
        make: {
          let loss = BSLLoss(mode: mode, temperature: 0.2, negativeExponent: 1.1, positiveTemperature: 0.3)
          loss.reduction = reduction
          return loss
        },
        reference: { positives, negatives, users in
          let terms = positives.indices.map { row in
            let count = mode == .reweight ? 1 : Double(negatives[row].count)
            let factor = [.multi: e, .reweight: e, .single: 1, .paper: t][mode]!
            let negative = factor * (logSumExp(negatives[row].map { $0 / t }) - log(count))
            guard mode == .multi || mode == .paper else { return negative - positives[row] / t }
            let positiveT = mode == .paper ? Double(Float(0.3)) : t
            let own = positives.indices.filter { users[$0] == users[row] }.map { positives[$0] / positiveT }
            return negative - (mode == .paper ? positiveT : 1) * (logSumExp(own) - log(Double(own.count)))
          }
          return reduction == .mean ? mean(terms) : terms.reduce(0, +)
        })
    }
    return [softmax] + bsl
  }
}

/// Random scores that keep every hinge at least 0.0025 away from its kink: positives at odd multiples of 0.005, negatives 0.0025
/// off, all margins being multiples of 0.01.
struct LatticeScores {
  let positives: [Float]
  let negatives: [[Float]]
  let users: [Int32]

  init(rows: Int, negatives count: Int, users userCount: Int, seed: UInt64) {
    var generator = RandomStream(seed: seed, purpose: "scores").generator()
    func score(_ offset: Double) -> Float {
      Float(Double(Int.random(in: -120..<120, using: &generator)) * 0.01 + offset)
    }
    positives = (0..<rows).map { _ in score(0.005) }
    negatives = (0..<rows).map { _ in (0..<count).map { _ in score(0.0075) } }
    users = (0..<rows).map { _ in Int32.random(in: 0..<Int32(userCount), using: &generator) }
  }
}
