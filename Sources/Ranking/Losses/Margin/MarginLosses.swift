import Kernels

/// Cosine contrastive loss and its extension to several margins.
///
/// CCL: Mao et al., "SimpleX: A Simple and Strong Baseline for Collaborative Filtering", CIKM 2021, Eq. 1; MML: Ozsoy,
/// "Multi-Margin Loss", arXiv 2405.04614, Eq. 7:
///
///     L = 1/B Σ_b ( w⁺ [1 - s_b]+ + w⁻ 1/N Σ_j Σ_k w_k [s_bj - m_k]+ )
///
/// CCL is one margin of weight 1. Meant for cosine scores. With `negativeWeight` nil the negatives are summed with weight 1.
public final class MarginLoss: Loss {
  /// What a negative above several margins costs.
  public enum Form: String, Sendable, CaseIterable {
    /// Every margin below it adds its term: continuous, the paper's formula as printed.
    case additive
    /// Only the largest margin below it counts.
    case banded
  }

  public let name: String
  public let isRowwise = true
  /// Ascending, at least one.
  public var margins: [Schedule]
  /// One for each margin.
  public var weights: [Schedule]
  public var positiveWeight: Schedule = 1
  public var negativeWeight: Schedule?
  public var form = Form.additive
  public var reduction = Reduction.mean
  private var currentMargins: [Float] = []
  private var currentWeights: [Float] = []
  private var currentPositive: Float = 1
  private var currentNegative: Float?

  /// CCL.
  public init(margin: Schedule, negativeWeight: Schedule?) {
    name = "ccl"
    margins = [margin]
    weights = [1]
    self.negativeWeight = negativeWeight
  }

  /// MML.
  public init(margins: [Schedule], weights: [Schedule], positiveWeight: Schedule = 1, negativeWeight: Schedule) throws {
    name = "mml"
    guard !margins.isEmpty, margins.count == weights.count else {
      throw TrainingError.setting(
        "mml: \(margins.count) margins and \(weights.count) weights; want as many of both, at least one")
    }
    self.margins = margins
    self.weights = weights
    self.positiveWeight = positiveWeight
    self.negativeWeight = negativeWeight
  }

  public func prepare(at position: TrainingPosition, negativeCount: Int) throws {
    guard !margins.isEmpty, margins.count == weights.count else {
      throw TrainingError.setting(
        "\(name): \(margins.count) margins and \(weights.count) weights; want as many of both, at least one")
    }
    currentMargins = try margins.map { try read($0, "margin", at: position, in: -1e6...1e6) }
    currentWeights = try weights.map { try read($0, "weight", at: position, in: 0...1e9) }
    currentPositive = try read(positiveWeight, "positive weight", at: position, in: 0...1e9)
    currentNegative = try negativeWeight.map { try read($0, "negative weight", at: position, in: 0...1e9) }
    for (lower, upper) in zip(currentMargins, currentMargins.dropFirst()) where lower >= upper {
      throw TrainingError.setting("\(name): margins must ascend; \(lower) comes before \(upper)")
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane)
    let negativeScale = scale * (currentNegative.map { $0 / Float(plane.negativeCount) } ?? 1)
    currentMargins.withUnsafeBufferPointer { margins in
      currentWeights.withUnsafeBufferPointer { weights in
        for row in rows {
          plane.values[row] = kernel_loss_margins(
            plane.positive(row), plane.negatives(row), plane.negativeCount, margins.baseAddress, weights.baseAddress,
            margins.count, form == .banded ? 1 : 0, scale * currentPositive, negativeScale, plane.positiveGradient(row),
            plane.negativeGradients(row))
        }
      }
    }
  }
}
