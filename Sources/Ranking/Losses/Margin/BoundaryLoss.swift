import Kernels

/// The hybrid loss of the user interest boundary: positives should score above the user's boundary, negatives below.
///
/// Wang et al., "Learning Explicit User Interest Boundary for Recommendation", WWW 2022, Eq. 4, with b_b the boundary of row b's
/// user:
///
///     L = 1/B Σ_b ( φ(b_b - s_b) + alpha Σ_j φ(s_bj - b_b) ),   φ(x) = softplus(x)  or  [x + margin]+
///
/// The paper does not say whether its sum runs over a positive's negatives or averages them: `negatives` is either. Its released
/// code has weights 1 - alpha and alpha and one negative: `hasReleasedWeights`.
public final class BoundaryLoss: Loss {
  public enum Shape: String, Sendable, CaseIterable {
    /// φ(x) = softplus(x), Eq. 6.
    case logistic
    /// φ(x) = [x + margin]+, section 4.7.
    case margin
  }

  /// How the terms of a positive's negatives become one.
  public enum Negatives: String, Sendable, CaseIterable { case sum, mean }

  public let name = "uib"
  public let isRowwise = true
  public let needs: Set<Channel> = [.boundary]
  @LossNumber("alpha", in: .weight, "Weight of the negative part.") public var alpha: Schedule = 1
  @LossChoice("form", "phi: logistic is softplus, margin a hinge.") public var shape = Shape.logistic
  @LossNumber("margin", in: .margin, "Of the form `margin`.") public var margin: Schedule = 1
  @LossChoice("negatives", "How those of a positive count.") public var negatives = Negatives.sum
  @LossFlag("released_weights", "1 - alpha and alpha instead of 1 and alpha.") public var hasReleasedWeights = false
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] {
    [$alpha, $shape, $margin, $negatives, $hasReleasedWeights, $reduction]
  }

  public init() {}

  public func prepare(for batch: LossBatch) throws {
    try readSettings(at: batch.position)
    guard !hasReleasedWeights || $alpha.value <= 1 else {
      throw TrainingError.setting(
        "\(name): alpha is \($alpha.value) at epoch \(batch.position.epoch), step \(batch.position.step); want 0.0 to 1.0 with released "
          + "weights")
    }
  }

  public func begin(_ plane: ScorePlane) throws { try plane.requireBoundary(name) }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, alpha, margin, shape) = (reduction.scale(plane), $alpha.current, $margin.current, self.shape)
    let positiveScale = hasReleasedWeights ? scale * (1 - alpha) : scale
    let negativeScale = scale * alpha / (negatives == .mean ? Float(plane.negativeCount) : 1)
    let (boundary, gradients) = (plane.boundary!, plane.boundaryGradients!)
    for row in rows {
      switch shape {
      case .logistic:
        plane.values[row] = kernel_loss_boundary_logistic(
          plane.positive(row), boundary[row], plane.negatives(row), plane.negativeCount, positiveScale, negativeScale,
          plane.positiveGradient(row), plane.negativeGradients(row), gradients + row)
      case .margin:
        plane.values[row] = kernel_loss_boundary_margin(
          plane.positive(row), boundary[row], plane.negatives(row), plane.negativeCount, margin, positiveScale,
          negativeScale, plane.positiveGradient(row), plane.negativeGradients(row), gradients + row)
      }
    }
  }
}

extension ScorePlane {
  func requireBoundary(_ loss: String) throws {
    guard boundary != nil, boundaryGradients != nil else {
      throw TrainingError.setting(Channel.boundary.complaint("loss '\(loss)'"))
    }
  }
}
