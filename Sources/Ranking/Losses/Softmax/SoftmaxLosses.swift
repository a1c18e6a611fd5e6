import Kernels

/// Softmax cross-entropy over the positive and its sampled negatives:
///
///     L = 1/B Σ_b ( ln( exp(s_b/t) + Σ_j exp(s_bj/t) ) - s_b/t )
///
/// RecBox's has no temperature (t = 1, the default). With one it is InfoNCE (van den Oord et al., 2018, Eq. 4; MML Eq. 4), which
/// has a name of its own.
public final class SoftmaxLoss: Loss {
  public let name: String
  public let isRowwise = true
  @LossNumber("temperature", in: .temperature, "What scores are divided by.") public var temperature: Schedule = 1
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$temperature, $reduction] }

  public init() { name = "softmax" }

  /// The loss under the name of InfoNCE.
  public static func infoNCE(temperature: Schedule) -> SoftmaxLoss { SoftmaxLoss(name: "infonce", temperature) }

  private init(name: String, _ temperature: Schedule) {
    self.name = name
    self.temperature = temperature
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, temperature) = (reduction.scale(plane), $temperature.current)
    if plane.negativeCount == 1 {
      let start = rows.lowerBound
      kernel_loss_softmax_single(
        plane.scores + 2 * start, rows.count, temperature, scale, plane.gradients + 2 * start,
        plane.values + start)
      return
    }
    for row in rows {
      plane.values[row] = kernel_loss_log_sum_exp(
        plane.positive(row), plane.negatives(row), plane.negativeCount, temperature, 1, scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}

/// Softmax cross-entropy over the positive and its sampled negatives, corrected for how likely each was to be sampled:
///
///     x_b = s_b/t - ln q(b),  x_bj = s_bj/t - ln q(bj),   L = 1/B Σ_b ( ln( exp(x_b) + Σ_j exp(x_bj) ) - x_b )
///
/// Bengio and Senécal, "Adaptive Importance Sampling to Accelerate Training of a Neural Probabilistic Language Model", IEEE TNN
/// 2008; Wu et al., "On the Effectiveness of Sampled Softmax Loss for Item Recommendation", 2022. A factor common to all q cancels,
/// so that the proposal need not be normalized, except where only negatives are corrected.
public final class SampledSoftmaxLoss: Loss {
  public enum Correction: String, Sendable, CaseIterable {
    /// As above.
    case both
    /// ln q is left out of the positive.
    case negatives
    /// ln q is left out everywhere: InfoNCE.
    case none
  }

  public let name = "sampled_softmax"
  public let isRowwise = true
  public var needs: Set<Channel> { correction == .both ? [.positiveLogProposal] : [] }
  @LossNumber("temperature", in: .temperature, "What scores are divided by.") public var temperature: Schedule = 1
  @LossChoice("correction", "Which scores are corrected.") public var correction = Correction.both
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$temperature, $correction, $reduction] }

  public init(correction: Correction = .both) { self.correction = correction }

  public func begin(_ plane: ScorePlane) throws {
    guard correction != .none else { return }
    guard plane.logProposal != nil, correction == .negatives || plane.positiveLogProposal != nil else {
      throw TrainingError.setting(
        "\(name): the sampler does not say how likely its negatives are; take one that gives log_proposal, or set "
          + "correction = \"none\"")
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, temperature, correction) = (reduction.scale(plane), $temperature.current, self.correction)
    let count = plane.negativeCount
    let (proposal, positiveProposal) = (plane.logProposal, plane.positiveLogProposal)
    for row in rows {
      guard correction != .none else {
        plane.values[row] = kernel_loss_log_sum_exp(
          plane.positive(row), plane.negatives(row), count, temperature, 1, scale, plane.positiveGradient(row),
          plane.negativeGradients(row))
        continue
      }
      plane.values[row] = kernel_loss_sampled_softmax(
        plane.positive(row), plane.negatives(row), count, temperature,
        correction == .both ? positiveProposal![row] : 0, proposal! + row * count, scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}
