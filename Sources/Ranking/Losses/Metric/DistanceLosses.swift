import Kernels

/// How a score says how far an item is from a user.
public enum ScoreDistance: String, Sendable, CaseIterable {
  /// d = -s: the squared Euclidean distance where scores are `euclidean`.
  case negated
  /// d = √-s: the Euclidean distance where scores are `euclidean`, at least 1e-6. A score above 0 is no distance: NaN.
  case root
  /// d = 1 - s, for cosine scores.
  case cosine

  static let summary =
    "How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance itself; a "
    + "score above 0 has none. cosine: 1 - s."

  var kernelCode: Int32 {
    switch self {
    case .negated: Int32(KERNEL_DISTANCE_NEGATED)
    case .root: Int32(KERNEL_DISTANCE_ROOT)
    case .cosine: Int32(KERNEL_DISTANCE_COSINE)
    }
  }
}

/// Triplet loss: a positive should be nearer than each negative by a margin.
///
/// Schroff et al., "FaceNet", CVPR 2015, Eq. 3 (MML Eq. 3), a mean over all pairs of the batch:
///
///     L = 1/(B N) Σ_b Σ_j [d_b - d_bj + margin]+
///
/// With the distances -s and 1 - s it is the hinge loss of the scores.
public final class TripletLoss: Loss {
  public let name = "triplet"
  public let isRowwise = true
  @LossNumber("margin", in: .margin, "By how much.") public var margin: Schedule = 1
  @LossChoice("distance", ScoreDistance.summary) public var distance = ScoreDistance.negated
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $distance, $reduction] }

  public init() {}

  public func tripletFactor(negativeCount: Int) -> Float? { 1 }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, margin) = (reduction.scale(plane, termsInRow: plane.negativeCount), $margin.current)
    guard distance == .root else { return plane.evaluateHinge(rows, margin: margin, scale: scale) }
    for row in rows {
      plane.values[row] = kernel_loss_triplet_root(
        plane.positive(row), plane.negatives(row), plane.negativeCount, margin, scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}

/// Contrastive loss: positives should be near, negatives farther than a margin.
///
/// Hadsell et al., "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006, Eq. 4 without its halves (MML Eq. 1):
///
///     L = 1/(B (1 + N)) Σ_b ( d_b² + Σ_j [margin - d_bj]+² ),   without squares where the form is `linear`
///
/// `reduction = sum` leaves out the division by the B (1 + N) pairs, as the source has it.
public final class ContrastiveLoss: Loss {
  public let name = "contrastive"
  public let isRowwise = true
  /// Whether distances are squared.
  public enum Form: String, Sendable, CaseIterable { case squared, linear }

  @LossNumber("margin", in: .margin, "How far a negative should be.") public var margin: Schedule = 1
  @LossChoice("form", "Whether distances are squared.") public var form = Form.squared
  @LossChoice("distance", ScoreDistance.summary) public var distance = ScoreDistance.root
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $form, $distance, $reduction] }

  public init() {}

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, margin) = (reduction.scale(plane, termsInRow: plane.width), $margin.current)
    let (code, isSquared) = (distance.kernelCode, form == .squared ? Int32(1) : 0)
    for row in rows {
      plane.values[row] = kernel_loss_contrastive(
        plane.positive(row), plane.negatives(row), plane.negativeCount, code, isSquared,
        margin, scale, plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}
