import Kernels

/// Reweighted losses: what a model finds unlikely counts less, as it may be noise.
///
/// Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 4 (R-CE), over all B (1 + N) samples, with the
/// probability p = σ(s) of a positive and 1 - σ(s) of a negative:
///
///     rce:      L = mean( p^beta · -ln p )
///     rce_bpr:  the same over the B N pairs with p = σ(s_b - s_bj) (a baseline of TIL, CIKM 2022, which prints no formula)
///
/// The weight p^beta is a constant.
public final class ReweightedLoss: Loss {
  public let name: String
  public let isRowwise = true
  public let isPairwise: Bool
  @LossNumber("beta", in: .exponent, "0 trusts all alike.") public var beta: Schedule = 0.25
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$beta, $reduction] }

  /// - Parameter isPairwise: `rce_bpr` instead of `rce`.
  public init(isPairwise: Bool = false, beta: Schedule = 0.25) {
    self.isPairwise = isPairwise
    self.beta = beta
    name = isPairwise ? "rce_bpr" : "rce"
  }

  public func tripletFactor(negativeCount: Int) -> Float? { isPairwise ? 1 : nil }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (count, beta) = (plane.negativeCount, $beta.current)
    let scale = reduction.scale(plane, termsInRow: isPairwise ? count : plane.width)
    if count == 1 {
      let start = rows.lowerBound
      let kernel =
        isPairwise ? kernel_loss_pairwise_reweighted_single : kernel_loss_cross_entropy_reweighted_single
      kernel(
        plane.scores + 2 * start, rows.count, beta, scale, plane.gradients + 2 * start, plane.values + start)
      return
    }
    let kernel = isPairwise ? kernel_loss_pairwise_reweighted : kernel_loss_cross_entropy_reweighted
    for row in rows {
      plane.values[row] = kernel(
        plane.positive(row), plane.negatives(row), count, beta, scale, plane.positiveGradient(row),
        plane.negativeGradients(row))
    }
  }
}
