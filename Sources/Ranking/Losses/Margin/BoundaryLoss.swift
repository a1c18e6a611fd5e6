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
  public var shape = Shape.logistic
  public var alpha: Schedule = 1
  /// Read by `margin`.
  public var margin: Schedule = 1
  public var negatives = Negatives.sum
  public var hasReleasedWeights = false
  public var reduction = Reduction.mean
  private var currentAlpha: Float = 1
  private var currentMargin: Float = 1

  public init() {}

  public func prepare(at position: TrainingPosition, negativeCount: Int) throws {
    currentAlpha = try read(alpha, "alpha", at: position, in: 0...(hasReleasedWeights ? 1 : 1e9))
    if shape == .margin { currentMargin = try read(margin, "margin", at: position, in: -1e6...1e6) }
  }

  public func begin(_ plane: ScorePlane) throws { try plane.requireBoundary(name) }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane)
    let positiveScale = hasReleasedWeights ? scale * (1 - currentAlpha) : scale
    let negativeScale = scale * currentAlpha / (negatives == .mean ? Float(plane.negativeCount) : 1)
    let (boundary, gradients) = (plane.boundary!, plane.boundaryGradients!)
    for row in rows {
      switch shape {
      case .logistic:
        plane.values[row] = kernel_loss_boundary_logistic(
          plane.positive(row), boundary[row], plane.negatives(row), plane.negativeCount, positiveScale, negativeScale,
          plane.positiveGradient(row), plane.negativeGradients(row), gradients + row)
      case .margin:
        plane.values[row] = kernel_loss_boundary_margin(
          plane.positive(row), boundary[row], plane.negatives(row), plane.negativeCount, currentMargin, positiveScale,
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
