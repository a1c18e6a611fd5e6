import Kernels

/// Cosine contrastive loss.
///
/// Mao et al., "SimpleX: A Simple and Strong Baseline for Collaborative Filtering", CIKM 2021, Eq. 1:
///
///     L = 1/B Σ_b ( [1 - s_b]+ + w 1/N Σ_j [s_bj - m]+ )
///
/// Meant for cosine scores. Where negatives are summed w and 1/N are left out.
public final class CosineContrastiveLoss: Loss {
  /// How the terms of a positive's negatives become one.
  public enum Negatives: String, Sendable, CaseIterable { case mean, sum }

  public let name = "ccl"
  public let isRowwise = true
  @LossNumber("margin", in: .margin, "m: negatives below it cost nothing.") public var margin: Schedule = 0.9
  @LossNumber("negative_weight", in: .weight, "w; `negatives = \"sum\"` leaves it and 1/N out.")
  public var negativeWeight: Schedule = 150
  @LossChoice("negatives", "Weighted mean over the negatives, or their plain sum.") public var negatives = Negatives
    .mean
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$margin, $negativeWeight, $negatives, $reduction] }

  /// - Parameter negativeWeight: The negatives are summed where it is `nil`.
  public init(margin: Schedule = 0.9, negativeWeight: Schedule? = 150) {
    self.margin = margin
    if let negativeWeight { self.negativeWeight = negativeWeight } else { negatives = .sum }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane)
    let weight = negatives == .mean ? $negativeWeight.current / Float(plane.negativeCount) : 1
    plane.evaluateMargins(rows, [$margin.current], [1], isBanded: false, positive: scale, negative: scale * weight)
  }
}

/// Multi-margin loss: the cosine contrastive loss with several margins.
///
/// Ozsoy, "Multi-Margin Loss", arXiv 2405.04614, Eq. 7:
///
///     L = 1/B Σ_b ( w⁺ [1 - s_b]+ + w⁻ 1/N Σ_j Σ_k w_k [s_bj - m_k]+ )
///
/// Meant for cosine scores. One margin of weight 1 is CCL.
public final class MultiMarginLoss: Loss {
  /// What a negative above several margins costs.
  public enum Form: String, Sendable, CaseIterable {
    /// Every margin below it adds its term: continuous, the paper's formula as printed.
    case additive
    /// Only the largest margin below it counts.
    case banded
  }

  public let name = "mml"
  public let isRowwise = true
  @LossNumbers("margins", in: .margin, "m_k, ascending.") public var margins: [Schedule] = [0.7, 0.8, 0.9]
  @LossNumbers("weights", in: .weight, "w_k, one for each margin.") public var weights: [Schedule] = [0.1, 0.15, 0.75]
  @LossNumber("positive_weight", in: .weight, "w+") public var positiveWeight: Schedule = 1
  @LossNumber("negative_weight", in: .weight, "w-") public var negativeWeight: Schedule = 700
  @LossChoice("form", "Whether all margins below a score count, or the largest.") public var form = Form.additive
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] {
    [$margins, $weights, $positiveWeight, $negativeWeight, $form, $reduction]
  }

  /// With the settings of the paper on Gowalla.
  public init() {}

  public init(margins: [Schedule], weights: [Schedule], positiveWeight: Schedule = 1, negativeWeight: Schedule) throws {
    self.margins = margins
    self.weights = weights
    self.positiveWeight = positiveWeight
    self.negativeWeight = negativeWeight
    try checkCounts()
  }

  public func checkCounts() throws {
    guard !margins.isEmpty, margins.count == weights.count else {
      throw TrainingError.setting(
        "\(name): \(margins.count) margins and \(weights.count) weights; want as many of both, at least one")
    }
  }

  public func prepare(for batch: LossBatch) throws {
    try checkCounts()
    try readSettings(at: batch.position)
    for (lower, upper) in zip($margins.current, $margins.current.dropFirst()) where lower >= upper {
      throw TrainingError.setting("\(name): margins must ascend; \(lower) comes before \(upper)")
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane)
    plane.evaluateMargins(
      rows, $margins.current, $weights.current, isBanded: form == .banded, positive: scale * $positiveWeight.current,
      negative: scale * ($negativeWeight.current / Float(plane.negativeCount)))
  }
}

extension ScorePlane {
  /// positive · [1 - s_b]+ + negative · Σ_j Σ_k w_k [s_bj - m_k]+ in each row.
  fileprivate func evaluateMargins(
    _ rows: Range<Int>, _ margins: [Float], _ weights: [Float], isBanded: Bool, positive positiveScale: Float,
    negative negativeScale: Float
  ) {
    margins.withUnsafeBufferPointer { margins in
      weights.withUnsafeBufferPointer { weights in
        for row in rows {
          values[row] = kernel_loss_margins(
            positive(row), negatives(row), negativeCount, margins.baseAddress, weights.baseAddress, margins.count,
            isBanded ? 1 : 0, positiveScale, negativeScale, positiveGradient(row), negativeGradients(row))
        }
      }
    }
  }
}
