import Interactions
import Kernels
import Tensors

/// Symmetric metric learning with margins that are learned.
///
/// Li et al., "Symmetric Metric Learning with Adaptive Margin for Recommendation", AAAI 2020, as Wang et al., WWW 2022, Eq. 8 to 10
/// print it. Scores are negative squared distances; t_bj = s(negative, positive) is the score that the two items have between them,
/// m_u a margin of each user, n_p one of each item, read at the positive:
///
///     L = Σ_b Σ_j ( [s_bj - s_b + m_u]+ + lambda [t_bj - s_b + n_p]+ ) - gamma (mean m + mean n)
///
/// With the user's boundary b (SML+UIB, Eq. 11) the first hinge becomes [s_bj - b_b + m_u]+, and each positive adds
/// alpha [b_b - s_b + m_u]+: alpha weighs the positive, unlike in Eq. 4.
///
/// Sums over the batch: a mean would leave the margins to gamma alone. The official code's means of margins run over the batch's
/// rows, those of the paper over all users and items. Margins begin at 1 and stay in 0...1; a model that keeps margins (`SymmetricMetric`)
/// lends its own.
public final class SymmetricMetricLoss: Loss {
  /// What the regularizer's means run over.
  public enum MarginMean: String, Sendable, CaseIterable { case batch, all }

  public let name: String
  public let isRowwise = true
  public let hasBoundary: Bool
  public var needs: Set<Channel> { hasBoundary ? [.itemScores, .distances, .boundary] : [.itemScores, .distances] }
  /// A weight multiplies a positive's hinges and leaves the means of the margins alone.
  public let weighing = LossWeighing.read([.weight])
  /// Read where there is a boundary.
  @LossNumber("alpha", in: .weight, "Weight of the positive part.") public var alpha: Schedule = 1
  @LossNumber("item_weight", in: .weight, "lambda, of the hinge between items.") public var itemWeight: Schedule = 0.3
  @LossNumber("margin_weight", in: .weight, "gamma, how strongly margins are to grow.")
  public var marginWeight: Schedule = 64
  @LossChoice(
    "margin_mean",
    "Whether margins are averaged over the batch's rows (the code) or over all users and items (the text).")
  public var marginMean = MarginMean.batch
  public var settings: [any LossSetting] {
    (hasBoundary ? [$alpha] : []) + [$itemWeight, $marginWeight, $marginMean]
  }
  /// Those of the model, where it keeps any.
  private var modelMargins: LearnedMargins?
  /// Made for the data that the loss is attached to, and kept where as many users and items come again.
  private var ownMargins: LearnedMargins?
  /// One number a user, and one an item.
  public var userMargin: Parameter? { (modelMargins ?? ownMargins)?.users }
  public var itemMargin: Parameter? { (modelMargins ?? ownMargins)?.items }
  public var parameters: [Parameter] { [userMargin, itemMargin].compactMap { $0 } }
  public var ownParameters: [Parameter] { ownMargins.map { [$0.users, $0.items] } ?? [] }
  /// The hinges' derivatives with respect to each row's margins, `[B, 2]`.
  private var slopes = AlignedBuffer<Float>(count: 2, repeating: 0)
  /// What the regularizer adds to each row.
  private var regularizer = 0.0

  public init(hasBoundary: Bool = false) {
    self.hasBoundary = hasBoundary
    name = hasBoundary ? "sml_uib" : "sml"
  }

  public func attach(to model: any RankingModel) { modelMargins = model.margins }

  public func attach(to train: InteractionMatrix) throws {
    guard modelMargins == nil else { return }
    if let ownMargins {
      guard ownMargins.users.rowCount == train.userCount, ownMargins.items.rowCount == train.itemCount else {
        throw TrainingError.setting(
          "\(name): the margins are those of \(ownMargins.users.rowCount) users and \(ownMargins.items.rowCount) items, and the data "
            + "has \(train.userCount) and \(train.itemCount); make a loss for each data set")
      }
      return
    }
    ownMargins = try LearnedMargins(userCount: train.userCount, itemCount: train.itemCount)
  }

  public func begin(_ plane: ScorePlane) throws {
    if hasBoundary { try plane.requireBoundary(name) }
    guard let userMargin, let itemMargin else {
      throw TrainingError.setting(
        "\(name): the loss has no margins yet; give it data, the split whose users and items have them")
    }
    guard plane.itemScores != nil, plane.itemScoreGradients != nil, let items = plane.items else {
      throw TrainingError.setting("\(name): the model gives no scores between items; take one with euclidean scores")
    }
    if slopes.count < 2 * plane.rowCount { slopes = AlignedBuffer(count: 2 * plane.rowCount, repeating: 0) }
    let means: Double
    switch marginMean {
    case .batch:
      let sum = (0..<plane.rowCount).reduce(0.0) {
        $0 + Double(userMargin.value(Int(plane.users[$1]))) + Double(itemMargin.value(Int(items[$1 * plane.width])))
      }
      means = sum / Double(plane.rowCount)
    case .all: means = userMargin.mean + itemMargin.mean
    }
    regularizer = -Double($marginWeight.current) * means / Double(plane.rowCount)
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (users, items, count) = (plane.users, plane.items!, plane.negativeCount)
    let (itemScores, itemScoreGradients) = (plane.itemScores!, plane.itemScoreGradients!)
    let (boundary, boundaryGradients) = (plane.boundary, plane.boundaryGradients)
    let weights = plane[.weight]
    let (itemWeight, alpha) = ($itemWeight.current, $alpha.current)
    for row in rows {
      var work = kernel_symmetric_row(
        positive: plane.positive(row), boundary: hasBoundary ? boundary! + row : nil,
        user_margin: userMargin!.value(Int(users[row])), item_margin: itemMargin!.value(Int(items[row * plane.width])),
        item_weight: itemWeight, positive_weight: alpha)
      var slope = kernel_symmetric_slopes()
      plane.values[row] =
        regularizer
        + kernel_loss_symmetric(
          &work, plane.negatives(row), itemScores + row * count, count, plane.negativeGradients(row),
          itemScoreGradients + row * count, &slope)
      plane.positiveGradient(row).pointee = slope.positive
      if hasBoundary { boundaryGradients![row] = slope.boundary }
      slopes[2 * row] = slope.user_margin
      slopes[2 * row + 1] = slope.item_margin
      if let weights { weigh(plane, row, weights[row]) }
    }
  }

  private func weigh(_ plane: ScorePlane, _ row: Int, _ weight: Float) {
    plane.values[row] -= regularizer
    plane.scale(row, by: weight)
    plane.values[row] += regularizer
    slopes[2 * row] *= weight
    slopes[2 * row + 1] *= weight
  }

  public func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet) {
    let userMargin = gradients.of(userMargin!)
    let itemMargin = gradients.of(itemMargin!)
    let share = marginMean == .batch ? $marginWeight.current / Float(plane.rowCount) : 0
    for row in 0..<plane.rowCount {
      userMargin.add(slopes[2 * row] - share, row: Int(plane.users[row]))
      itemMargin.add(slopes[2 * row + 1] - share, row: Int(plane.items![row * plane.width]))
    }
    guard marginMean == .all else { return }
    for margin in [userMargin, itemMargin] {
      let rowCount = margin.parameter.rowCount
      let share = -$marginWeight.current / Float(rowCount)
      for row in 0..<rowCount { margin.add(share, row: row) }
    }
  }
}

extension Parameter {
  fileprivate func value(_ row: Int) -> Float { values[row * rowStride] }
  fileprivate var mean: Double { (0..<rowCount).reduce(0) { $0 + Double(value($1)) } / Double(rowCount) }
}
