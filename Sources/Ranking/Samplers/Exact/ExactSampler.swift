import Interactions
import Kernels
import Platform
import Tensors

/// Negatives by the model's own softmax over all items that the user does not have: what the cluster samplers approximate.
///
/// PRIS' reference sampler (Lian et al., WWW 2020, Eq. 2): p(j | u) ∝ exp(<p_u, v_j>), j not among the user's items. The logarithm of the
/// unnormalized proposal is the score, so that weights of the PRIS loss are 1/L.
///
/// Few scores are computed: an item comes from a law that bounds the softmax from above (`ItemBounds`) and is kept with the probability
/// by which that law is too high, which is the softmax exactly. The better clusters describe the items, the fewer are drawn in vain.
/// Where a user's bounds say that all items would cost less, all are scored. A batch costs O(items · width), a draw some tens of scores
/// on a trained model, and never more than some O(items · width).
public final class ExactSampler: ProposalSampler {
  public let name = "exact"
  public var count: Schedule
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  /// Clusters of items that bound scores, at most one for 16 items; 0 where all items are scored for every user.
  public let clusters: Int
  /// How many items were scored for how many negatives, where bounds were used.
  public let counter = DrawCounter()
  public private(set) var usersWithoutNegatives: [Int32] = []
  /// Where the clusters come from: `nil` where there are none.
  let clustering: KMeansClustering?
  private var train: InteractionMatrix?
  private var own: OwnItems?
  private var bounds: ItemBounds?
  private var batch: ExactBatch?

  /// The clusters that training on tens of thousands of items wants: more make bounds tighter, and a user's share dearer.
  public static let defaultClusters = 512

  public init(count: Schedule, excludesPositives: Bool = true, clusters: Int = ExactSampler.defaultClusters) {
    precondition(clusters >= 0)
    (self.count, self.excludesPositives, self.clusters) = (count, excludesPositives, clusters)
    clustering = clusters > 0 ? KMeansClustering(most: clusters, itemsOfEach: 16, iterations: 10) : nil
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    self.train = train
    own = excludesPositives ? OwnItems(train) : nil
    usersWithoutNegatives = excludesPositives ? train.usersWithEverything : []
  }

  /// Draws.
  ///
  /// - Throws: `TrainingError` for scores that are no numbers, and as `SamplingContext.itemRows`.
  public func refresh(_ context: SamplingContext) throws {
    // What the last batch holds of the items' rows can be used again.
    batch = nil
    let items = try context.itemRows(for: self)
    let batch = try ExactBatch(
      items, context.userRows(for: self), count: context.count, without: own,
      context.stream, firstPlace: context.firstPlace)
    var rest = Array(0..<batch.users.rows.rowCount)
    if !context.wantsTotals, let bounds = try bounds(of: items, context) {
      let draws = BoundedDraws(batch, bounds)
      rest = draws.draw(pool: context.threads)
      counter.add(kept: draws.kept, rejected: draws.scored - draws.kept)
    }
    if let wrong = try batch.drawByAllScores(rest, pool: context.threads) {
      throw TrainingError(
        .notFinite,
        "sampler '\(name)': the scores of user number \(wrong + 1) are no numbers at epoch \(context.position.epoch), step "
          + "\(context.position.step); nothing was changed by this batch. Try a lower rate, or gradient clipping (clip = 10)"
      )
    }
    self.batch = batch
  }

  /// The items' bounds as they stand now; `nil` where there are too few items for them, or rows that are no numbers.
  private func bounds(of items: RowBlock, _ context: SamplingContext) throws -> ItemBounds? {
    guard let clustering, clustering.count(of: items.rowCount) > 1 else { return nil }
    let clusters = try clustering.clusters(for: self, in: context)
    if bounds?.clusters !== clusters { bounds = try ItemBounds(clusters, width: items.width) }
    return bounds!.load(items, pool: context.threads) ? bounds : nil
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let batch = batch!
    for row in rows {
      for slot in 0..<draw.count { draw.negatives(row)[slot] = batch.drawn[row * batch.count + slot] }
    }
    writeProposals(draw, rows: rows)
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    let batch = batch!
    kernel_score_rows(
      ScoreFunction.dot.kernelCode, batch.users.rows[Int(batch.users.slots[row])], 0, batch.items.base, nil, items,
      count,
      batch.items.stride, result)
  }

  /// Known where the context wanted totals.
  public func logProposalTotal(row: Int, user: Int) -> Double { batch!.logTotals[Int(batch!.users.slots[row])] }
}
