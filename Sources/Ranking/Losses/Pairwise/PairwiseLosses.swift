import Kernels

/// Pairwise logistic loss.
///
/// Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009, section 4.1, with N negatives:
///
///     L = 1/B Σ_b 1/N Σ_j softplus(s_bj - s_b)
///
/// `reduction = sum` leaves out 1/B. Finite for every finite score.
public final class BPRLoss: Loss {
  public let name = "bpr"
  public let isRowwise = true
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$reduction] }

  public init() {}
  public func tripletFactor(negativeCount: Int) -> Float? { reduction.tripletFactor(negativeCount) }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane) / Float(plane.negativeCount)
    if plane.negativeCount == 1 {
      let start = rows.lowerBound
      kernel_loss_pairwise_logistic_single(
        plane.scores + 2 * start, rows.count, scale, plane.gradients + 2 * start, plane.values + start)
      return
    }
    for row in rows {
      plane.values[row] = kernel_loss_pairwise_logistic(
        plane.positive(row), plane.negatives(row), plane.negativeCount, scale, plane.positiveGradient(row),
        plane.negativeGradients(row))
    }
  }
}

/// Pairwise hinge loss, RecBox's `PairwiseMarginLoss`:
///
///     L = 1/B Σ_b 1/N Σ_j [margin + s_bj - s_b]+
public final class HingeLoss: Loss {
  public let name = "hinge"
  public let isRowwise = true
  @LossNumber("margin", in: .margin, "By how much a positive should win.") public var margin: Schedule = 1
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $reduction] }

  public init() {}

  public func tripletFactor(negativeCount: Int) -> Float? { reduction.tripletFactor(negativeCount) }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    plane.evaluateHinge(
      rows, margin: $margin.current, scale: reduction.scale(plane) / Float(plane.negativeCount))
  }
}

extension ScorePlane {
  /// scale · Σ_j [margin + s_bj - s_b]+ in each row.
  func evaluateHinge(_ rows: Range<Int>, margin: Float, scale: Float) {
    if negativeCount == 1 {
      let start = rows.lowerBound
      kernel_loss_pairwise_hinge_single(
        scores + 2 * start, rows.count, margin, scale, gradients + 2 * start, values + start)
      return
    }
    for row in rows {
      values[row] = kernel_loss_pairwise_hinge(
        positive(row), negatives(row), negativeCount, margin, scale, positiveGradient(row), negativeGradients(row))
    }
  }
}
