import Kernels

/// Binary cross-entropy of scores as logits, label 1 for the positive and 0 for the negatives:
///
///     L = 1/(B (1 + N)) Σ_b ( softplus(-s_b) + Σ_j softplus(s_bj) )
///
/// RecBox's `SigmoidCrossEntropyLoss` sums over everything: `reduction = sum`.
public final class BinaryCrossEntropyLoss: Loss {
  public let name = "bce"
  public let isRowwise = true
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$reduction] }

  public init() {}

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane, termsInRow: plane.width)
    if plane.negativeCount == 1 {
      let start = rows.lowerBound
      kernel_loss_cross_entropy_single(
        plane.scores + 2 * start, rows.count, scale, plane.gradients + 2 * start, plane.values + start)
      return
    }
    for row in rows {
      plane.values[row] = kernel_loss_cross_entropy(
        plane.positive(row), plane.negatives(row), plane.negativeCount, scale, scale, plane.positiveGradient(row),
        plane.negativeGradients(row))
    }
  }
}

/// Squared error to 1 for the positive and to 0 for the negatives, summed over the negatives:
///
///     L = 1/B Σ_b ( (s_b - 1)²/2 + Σ_j s_bj²/2 )
public final class SquaredLoss: Loss {
  public let name = "mse"
  public let isRowwise = true
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$reduction] }

  public init() {}

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane)
    for row in rows {
      plane.values[row] = kernel_loss_squared(
        plane.positive(row), plane.negatives(row), plane.negativeCount, scale, scale, plane.positiveGradient(row),
        plane.negativeGradients(row))
    }
  }
}
