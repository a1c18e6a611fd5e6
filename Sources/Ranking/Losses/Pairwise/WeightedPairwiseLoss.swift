import Kernels
import Tensors

/// The pairwise logistic loss with a given weight for each triplet of user, positive and negative.
///
/// The inner objective of TIL (Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation",
/// CIKM 2022, Eq. 2):
///
///     L = 1/(B N) Σ_b Σ_j w_bj softplus(s_bj - s_b)
///
/// Weights are constants here: they have no derivative. `reduction = sum` leaves out 1/(B N); with all weights 1 the mean is `BPRLoss`.
public final class WeightedPairwiseLoss: Loss {
  /// Gives the weights of a batch: one for all, `[B]` or `[B, N]` of them, row by row. Called once a batch, on the thread that
  /// trains, before the batch is scored.
  public typealias Weighting = (_ batch: Triplets) throws -> [Float]

  /// The triplets of a batch as a weighting sees them, by dense row.
  public struct Triplets {
    public let users: UnsafeBufferPointer<Int32>
    /// `[B, 1 + N]`: the positive, then its negatives.
    public let items: UnsafeBufferPointer<Int32>
    public let negativeCount: Int
    public let position: TrainingPosition
  }

  public let name = "weighted_bpr"
  public let isRowwise = true
  public var weighting: Weighting
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] { [$reduction] }
  private var position = TrainingPosition(epoch: 1, step: 1)
  /// `[B, N]`
  private var weights = AlignedBuffer<Float>(count: 1, repeating: 1)

  public init(weighting: @escaping Weighting) { self.weighting = weighting }

  public func tripletFactor(negativeCount: Int) -> Float? { 1 }

  public func prepare(for batch: LossBatch) throws { position = batch.position }

  public func begin(_ plane: ScorePlane) throws {
    let count = plane.negativeCount
    let given = try weighting(
      Triplets(
        users: UnsafeBufferPointer(start: plane.users, count: plane.rowCount),
        items: UnsafeBufferPointer(start: plane.items, count: plane.items == nil ? 0 : plane.rowCount * plane.width),
        negativeCount: count, position: position))
    let total = plane.rowCount * count
    guard given.count == 1 || given.count == plane.rowCount || given.count == total else {
      // Where there is one positive, or one negative, some of these are the same.
      let wanted = Set([1, plane.rowCount, total]).sorted().map(String.init)
      let list = wanted.dropLast().joined(separator: ", ")
      throw TrainingError.setting(
        "\(name): \(given.count) weights for \(plane.rowCount) positives of \(count) negatives each; want "
          + (list.isEmpty ? "" : list + " or ") + wanted.last!)
    }
    if weights.count < total { weights = AlignedBuffer(count: total, repeating: 1) }
    let repeats = total / given.count
    for index in 0..<total { weights[index] = given[index / repeats] }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let scale = reduction.scale(plane, termsInRow: plane.negativeCount)
    if plane.negativeCount == 1 {
      let start = rows.lowerBound
      kernel_loss_pairwise_weighted_single(
        plane.scores + 2 * start, rows.count, weights.base + start, scale, plane.gradients + 2 * start,
        plane.values + start)
      return
    }
    for row in rows {
      plane.values[row] = kernel_loss_pairwise_weighted(
        plane.positive(row), plane.negatives(row), plane.negativeCount, weights.base + row * plane.negativeCount, scale,
        plane.positiveGradient(row), plane.negativeGradients(row))
    }
  }
}
