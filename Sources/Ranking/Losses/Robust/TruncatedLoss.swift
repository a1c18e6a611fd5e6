import Platform
import Kernels
import Tensors

/// Truncated losses: the largest of a batch's terms are left out, as they may be noise.
///
/// Wang et al., "Denoising Implicit Feedback for Recommendation", WSDM 2021, Eq. 3 (T-CE), as its official code computes it:
///
///     tce:      of the B (1 + N) samples' cross-entropies keep the ⌊(1 - r) B (1 + N)⌋ with the smallest label · loss;  L = their mean
///     tce_bpr:  of the B N pairs' softplus(s_bj - s_b) keep the ⌊(1 - r) B N⌋ smallest;  L = their mean
///               (a baseline of TIL, CIKM 2022, which prints no formula)
///
/// Weights of positives or triplets do not change what is left out. At least one is kept, however small the batch: an epoch's last may have a single pair. Negatives of `tce` have label 0, so that
/// positives go first. Samples are in the order of the plane: a row's positive, then its negatives; of equal ones those that come
/// first are kept. `reduction = sum` leaves out the division.
public final class TruncatedLoss: Loss {
  public let name: String
  public let isRowwise = false
  // Which samples are left out has no derivative: each row's part is its own.
  public let weighing = LossWeighing.scaleRows
  public let isPairwise: Bool
  @LossNumber("drop_rate", in: .share, "The share that is left out, in the end.") public var dropRate: Schedule = 0.2
  @LossCount(
    "gradual_steps", unit: "steps",
    "Batches over which the share grows: before batch t + 1 it is t / (gradual_steps - 1) * drop_rate ^ exponent. 0: none."
  )
  public var gradualSteps = 30000
  @LossNumber("exponent", in: .growth, "Of the growing share; 1 unless the end is to be a jump.")
  public var exponent: Schedule = 1
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$dropRate, $gradualSteps, $exponent, $reduction] }
  private var currentRate = 0.0

  /// - Parameter isPairwise: `tce_bpr` instead of `tce`.
  public init(isPairwise: Bool = false, dropRate: Schedule = 0.2, gradualSteps: Int = 30000, exponent: Schedule = 1) {
    self.isPairwise = isPairwise
    self.dropRate = dropRate
    self.gradualSteps = gradualSteps
    self.exponent = exponent
    name = isPairwise ? "tce_bpr" : "tce"
  }

  public func tripletFactor(negativeCount: Int) -> Float? { isPairwise ? 1 : nil }

  public func prepare(for batch: LossBatch) throws {
    try readSettings(at: batch.position)
    currentRate = shareLeftOut(at: batch.position)
    guard SettingRange.share.contains(currentRate) else {
      throw TrainingError.setting(
        "\(name): drop rate grows to \(currentRate) at epoch \(batch.position.epoch), step \(batch.position.step); want "
          + "\(SettingRange.share.text): take an exponent of 1")
    }
  }

  /// The share of a batch that is left out, as it grows over the first batches: the official T_CE's `drop_rate_schedule`. With t the
  /// number of batches before this one,
  ///
  ///     r(t) = t / (gradualSteps - 1) · dropRate^exponent  for t < gradualSteps,   dropRate afterwards
  ///
  /// which jumps at the end where the exponent is not 1.
  func shareLeftOut(at position: TrainingPosition) -> Double {
    let before = position.step - 1
    guard before < gradualSteps else { return $dropRate.value }
    return gradualSteps == 1 ? 0 : Double(before) / Double(gradualSteps - 1) * pow($dropRate.value, $exponent.value)
  }

  private func sampleCount(_ plane: ScorePlane) -> Int {
    plane.rowCount * (isPairwise ? plane.negativeCount : plane.width)
  }
  private func keptCount(_ plane: ScorePlane) -> Int { max(1, Int((1 - currentRate) * Double(sampleCount(plane)))) }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let kept = keptCount(plane)
    let scale = reduction == .mean ? 1 / Float(kept) : 1
    if isPairwise {
      evaluatePairs(plane, kept: kept, scale: scale)
    } else {
      evaluateSamples(plane, kept: kept, scale: scale)
    }
  }

  // MARK: Pairs

  private func evaluatePairs(_ plane: ScorePlane, kept: Int, scale: Float) {
    let count = plane.negativeCount
    let weights = AlignedBuffer<Float>(count: plane.rowCount * count, repeating: 1)
    if kept < weights.count {
      let costs = AlignedBuffer<Float>(count: weights.count, repeating: 0)
      if count == 1 {
        kernel_loss_pairwise_logistic_single(plane.scores, plane.rowCount, 1, plane.gradients, plane.values)
        for row in 0..<plane.rowCount { costs[row] = Float(plane.values[row]) }
      } else {
        for row in 0..<plane.rowCount {
          kernel_pairwise_logistic_costs(plane.positive(row), plane.negatives(row), count, costs.base + row * count)
        }
      }
      for index in OrderStatistics.largest(weights.count - kept, of: costs.base, count: costs.count) {
        weights[index] = 0
      }
    }
    if count == 1 {
      kernel_loss_pairwise_weighted_single(
        plane.scores, plane.rowCount, weights.base, scale, plane.gradients, plane.values)
      return
    }
    for row in 0..<plane.rowCount {
      plane.values[row] = kernel_loss_pairwise_weighted(
        plane.positive(row), plane.negatives(row), count, weights.base + row * count, scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }

  // MARK: Samples

  private func evaluateSamples(_ plane: ScorePlane, kept: Int, scale: Float) {
    // A positive's label · loss is its loss, a negative's is 0.
    let keys = AlignedBuffer<Float>(count: plane.rowCount, repeating: 0)
    for row in 0..<plane.rowCount {
      let score = Double(plane.positive(row))
      keys[row] = Float(max(-score, 0) + log1p(exp(-abs(score))))
    }
    let dropped = plane.rowCount * plane.width - kept
    let above = (0..<plane.rowCount).count { !(keys[$0] <= 0) }
    var dropsPositive = [Bool](repeating: false, count: plane.rowCount)
    for row in OrderStatistics.largest(min(dropped, above), of: keys.base, count: keys.count) {
      dropsPositive[row] = true
    }
    var keptNegatives = [Int](repeating: plane.negativeCount, count: plane.rowCount)
    // Where all positives that cost anything are gone the samples of key 0 follow, the last first.
    var left = dropped - min(dropped, above)
    for row in (0..<plane.rowCount).reversed() where left > 0 {
      let gone = min(left, plane.negativeCount)
      keptNegatives[row] -= gone
      left -= gone
      if left > 0, !dropsPositive[row] {
        dropsPositive[row] = true
        left -= 1
      }
    }
    let isSingle = plane.negativeCount == 1
    if isSingle {
      kernel_loss_cross_entropy_single(plane.scores, plane.rowCount, scale, plane.gradients, plane.values)
    }
    for row in 0..<plane.rowCount
    where !isSingle || dropsPositive[row] || keptNegatives[row] < plane.negativeCount {
      evaluateRow(plane, row, keptNegatives[row], dropsPositive: dropsPositive[row], scale)
    }
  }

  private func evaluateRow(
    _ plane: ScorePlane, _ row: Int, _ keptNegatives: Int, dropsPositive: Bool, _ scale: Float
  ) {
    let gradients = plane.negativeGradients(row)
    plane.values[row] = kernel_loss_cross_entropy(
      plane.positive(row), plane.negatives(row), keptNegatives, dropsPositive ? 0 : scale, scale,
      plane.positiveGradient(row), gradients)
    for slot in keptNegatives..<plane.negativeCount {
      gradients[slot] = 0
      // Nothing, or NaN where the score is, so that it is noticed.
      plane.values[row] += Double(plane.negatives(row)[slot] - plane.negatives(row)[slot])
    }
  }
}

extension SettingRange {
  /// An exponent that shrinks or grows.
  fileprivate static let growth = SettingRange(1e-6...1e6)
}
