import Platform
import Interactions
import Kernels

/// Weighted approximate-rank pairwise loss, as lightfm computes it.
///
/// Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011. A row's negatives are candidates in the
/// order in which they were drawn from all items. The first with s_bj > s_b - margin that the user does not know from the train
/// part counts, and how many were tried until then, known ones included, tells how far down the positive ranks:
///
///     w_b = min( maximum, ln max(1, ⌊(items - 1) / trials⌋) ),   L = 1/B Σ_b w_b (margin - s_b + s_bj)
///
/// Rows without such a candidate cost nothing. Weights are constants. The paper's weight is Σ_{k ≤ rank} 1/k, which lightfm replaces
/// by the logarithm: `weight` is either. Take `WARPSampler`, which looks for the candidate itself and gives it alone, with its trials:
/// the loss takes both as they are, with no second look at the margin, and a row of 0 trials costs nothing. Any other sampler's
/// negatives are looked through, all of them scored: take a uniform one that does not exclude positives, whose count is the largest
/// number of trials (50 in lightfm).
public final class WARPLoss: Loss {
  public enum Weight: String, Sendable, CaseIterable {
    /// ln of the estimated rank, lightfm's.
    case logarithm
    /// Σ_{k ≤ rank} 1/k, the paper's.
    case harmonic
  }

  public let name = "warp"
  public let isRowwise = true
  @LossNumber("margin", in: .margin, "How near a candidate must come.") public var margin: Schedule = 1
  @LossNumber("maximum_weight", in: .weight, "Bound of the weight.") public var maximumWeight: Schedule = 10
  @LossChoice("weight", "How the estimated rank becomes a weight.") public var weight = Weight.logarithm
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $maximumWeight, $weight, $reduction] }
  private var train: InteractionMatrix?

  public init() {}

  public func attach(to train: InteractionMatrix) throws { self.train = train }

  public func begin(_ plane: ScorePlane) throws {
    guard train != nil, plane.items != nil else {
      throw TrainingError.setting("\(name): the loss does not know the train part; give losses.evaluate data = split")
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = Double(reduction.scale(plane))
    for row in rows {
      let positive = plane.positive(row)
      let negatives = plane.negatives(row)
      let gradients = plane.negativeGradients(row)
      gradients.update(repeating: 0, count: plane.negativeCount)
      // 0, or NaN where any score is: it should be noticed also where no candidate counts.
      var check = positive - positive
      for slot in 0..<plane.negativeCount { check += negatives[slot] - negatives[slot] }
      plane.positiveGradient(row).pointee = check
      plane.values[row] = Double(check)
      guard let (slot, trials) = violator(plane, row) else { continue }
      let slope = scale * weight(ofTrials: trials)
      plane.values[row] += slope * (Double(negatives[slot]) - Double(positive) + Double($margin.current))
      gradients[slot] = Float(slope)
      plane.positiveGradient(row).pointee -= Float(slope)
    }
  }

  /// Where it stands and how many were tried until then: what the sampler says, or what the scores say.
  private func violator(_ plane: ScorePlane, _ row: Int) -> (slot: Int, trials: Int)? {
    if let trials = plane.trials { return trials[row] > 0 ? (0, Int(trials[row])) : nil }
    return firstViolator(plane, row).map { ($0, $0 + 1) }
  }

  private func firstViolator(_ plane: ScorePlane, _ row: Int) -> Int? {
    let limit = plane.positive(row) - $margin.current
    let negatives = plane.negatives(row)
    let candidates = plane.items! + row * plane.width + 1
    return (0..<plane.negativeCount).first {
      negatives[$0] > limit && !train!.contains(user: Int(plane.users[row]), item: candidates[$0])
    }
  }

  private func weight(ofTrials trials: Int) -> Double {
    let rank = max(1, (train!.itemCount - 1) / trials)
    switch weight {
    case .logarithm: return min(Double($maximumWeight.current), log(Double(rank)))
    case .harmonic:
      // Exact where the sum is short, and to 1e-10 by its expansion elsewhere.
      let sum =
        rank <= 64
        ? (1...rank).reduce(0) { $0 + 1 / Double($1) }
        : log(Double(rank)) + 0.5772156649015329 + 0.5 / Double(rank) - 1 / (12 * Double(rank) * Double(rank))
      return min(Double($maximumWeight.current), sum)
    }
  }
}

/// The loss of collaborative metric learning: the hardest of the negatives, weighted by an estimate of the positive's rank.
///
/// Hsieh et al., "Collaborative Metric Learning", WWW 2017, Eq. 2 and 3, as its official code computes it, with distances d = -s:
///
///     L = 1/B Σ_b ln(rank_b + 1) [d_b - min_j d_bj + margin]+,   rank_b = items · share of j with d_b - d_bj + margin > 0
///
/// The rank is a constant. Meant for euclidean scores; the covariance term of Eq. 4 is not part of it. Of equally hard negatives the
/// first has the gradient.
public final class CMLLoss: Loss {
  public let name = "cml"
  public let isRowwise = true
  @LossNumber("margin", in: .margin, "How much farther negatives should be.") public var margin: Schedule = 1.9
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $reduction] }
  private var itemCount: Int?

  public init() {}

  public func attach(to train: InteractionMatrix) throws { itemCount = train.itemCount }

  public func begin(_ plane: ScorePlane) throws {
    guard itemCount != nil else {
      throw TrainingError.setting(
        "\(name): the loss does not know how many items there are; give losses.evaluate data = split")
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, margin) = (reduction.scale(plane), $margin.current)
    for row in rows {
      plane.values[row] = kernel_loss_hardest(
        plane.positive(row), plane.negatives(row), plane.negativeCount, margin, Double(itemCount!), scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}
