import Kernels

/// The pairwise logistic loss with negatives weighted by how much they matter and how likely they were to be drawn.
///
/// Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, Eq. 6, with q the sampler's unnormalized proposal:
///
///     w_b = softmax_j( s_bj / t - ln q(bj) ),   L = 1/B Σ_b Σ_j w_bj softplus(s_bj - s_b)
///
/// ln q is a constant, 0 where the sampler gives none (the paper's uniform sampler). Gradients flow through the weights unless
/// `differentiatesWeights` is false. Self-adversarial weighting (section 5.4; Sun et al., "RotatE", ICLR 2019, Eq. 5 has t) is the
/// same with constant weights and without ln q. With one negative both are BPR.
public final class ImportanceLoss: Loss {
  public let name: String
  public let isRowwise = true
  @LossFlag("gradient_through_weights", "Whether weights are differentiated.") public var differentiatesWeights = true
  public let readsProposal: Bool
  @LossNumber("temperature", in: .temperature, "t, what scores are divided by in the weights.")
  public var temperature: Schedule = 1
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] {
    readsProposal ? [$differentiatesWeights, $temperature, $reduction] : [$temperature, $reduction]
  }

  /// PRIS.
  public init(differentiatesWeights: Bool = true) {
    name = "pris"
    self.differentiatesWeights = differentiatesWeights
    readsProposal = true
  }

  public static func selfAdversarial() -> ImportanceLoss { ImportanceLoss(selfAdversarial: ()) }

  private init(selfAdversarial: Void) {
    name = "self_adversarial"
    differentiatesWeights = false
    readsProposal = false
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, temperature) = (reduction.scale(plane), $temperature.current)
    let through: Int32 = differentiatesWeights ? 1 : 0
    let count = plane.negativeCount
    if count == 1 {
      // One weight, of 1.
      let start = rows.lowerBound
      kernel_loss_pairwise_logistic_single(
        plane.scores + 2 * start, rows.count, scale, plane.gradients + 2 * start, plane.values + start)
      return
    }
    let proposal = readsProposal ? plane.logProposal : nil
    let (first, width) = (rows.lowerBound, count + 1)
    kernel_loss_importance(
      plane.scores + first * width, rows.count, count, proposal.map { $0 + first * count }, temperature, through, scale,
      plane.gradients + first * width, plane.values + first)
  }
}
