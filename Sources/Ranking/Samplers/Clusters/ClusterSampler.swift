import Interactions
import Platform
import Tensors

/// Negatives near those that the model takes for best: a cluster of items by the user's score of its center, then an item of the cluster.
///
/// PRIS' samplers CU and CP (Lian et al., "Personalized Ranking with Importance Sampling", WWW 2020, sections 4.2.3 and 4.2.4):
///
///     q(j | u) ∝ exp(<p_u, c_{y_j}>) f_j,   j not among the user's items,   f_j = 1 or the item's popularity
///
/// A cluster is drawn in proportion to exp(<p_u, c_k>) times the weights of what the user does not have of it (Theorems 4.4, 4.5), and
/// an item within it again until the user does not have it; where less than an eighth of a cluster is left, what is left is listed. The
/// logarithm of the unnormalized proposal is <p_u, c_{y_j}> + ln f_j. The paper's line 10 of Algorithm 3 draws from too few
/// members; here all of them can come.
///
/// A user of the batch costs O(clusters · width + the user's items), a draw O(log clusters).
public final class ClusterSampler: ProposalSampler {
  /// How an item is drawn within its cluster.
  public enum Members: String, Sendable, CaseIterable {
    /// All alike: CU.
    case uniform
    /// By popularity: CP.
    case popularity
  }

  public let name = "cluster"
  public var count: Schedule
  public let clustering: any ItemClustering
  public let members: Members
  /// Of the popularity.
  public let exponent: Double
  public let transform: PopularityWeights.Transform
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  /// How many items were drawn for how many negatives; one draw of a cluster is one negative.
  public let counter = DrawCounter()
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?
  private var own: OwnItems?
  private var popularity: PopularityWeights?
  private(set) var law: ClusterLaw?

  public init(
    count: Schedule, clustering: any ItemClustering, members: Members = .uniform, exponent: Double = 1,
    transform: PopularityWeights.Transform = .logarithm, excludesPositives: Bool = true
  ) {
    (self.count, self.clustering, self.members) = (count, clustering, members)
    (self.exponent, self.transform, self.excludesPositives) = (exponent, transform, excludesPositives)
  }

  public var reasonWithoutNegatives: String { members == .uniform ? "every item" : "every item that anybody has" }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  /// - Throws: `TrainingError` where the exponent makes weights that are no numbers.
  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    if members == .popularity {
      popularity = try PopularityWeights(train, exponent: exponent, transform: transform, for: name)
    }
    self.train = train
    own = excludesPositives ? OwnItems(train) : nil
    law = nil
    usersWithoutNegatives =
      excludesPositives ? popularity?.usersWithAllSeen(train) ?? train.usersWithEverything : []
  }

  /// - Throws: What the clustering throws; `TrainingError` for scores that are no numbers.
  public func refresh(_ context: SamplingContext) throws {
    let clusters = try clustering.clusters(for: self, in: context)
    let users = try context.userRows(for: self)
    if law?.groups.labels !== clusters.labels {
      law = try ClusterLaw(
        clusters.labels, count: clustering.count, width: users.rows.width, weights: popularity?.values,
        without: own, pool: context.threads)
    }
    let wrong = try law!.load(clusters, users, pool: context.threads)
    guard let wrong else { return }
    throw TrainingError(
      .notFinite,
      "sampler '\(name)': the scores of user number \(wrong + 1) for the clusters are no numbers at epoch \(context.position.epoch), step "
        + "\(context.position.step); nothing was changed by this batch. Try a lower rate, or gradient clipping (clip = 10)"
    )
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let law = law!
    var rejected = 0
    own.withAll { own in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: draw.count) { clusters in
        for row in rows {
          rejected += law.draw(
            slot: Int(law.users!.slots[row]), draw.stream, at: draw.position(row), without: own,
            clusters: clusters.baseAddress!, into: draw.negatives(row), count: draw.count)
        }
      }
    }
    counter.add(kept: rows.count * draw.count, rejected: rejected)
    writeProposals(draw, rows: rows)
  }

  // MARK: Proposals

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    let law = law!
    let slot = Int(law.users!.slots[row])
    law.writeScores(slot: slot, items, count: count, into: result)
    guard let popularity else { return }
    popularity.logarithms.withUnsafeBufferPointer {
      for place in 0..<count { result[place] += $0[Int(items[place])] }
    }
  }

  public func logProposalTotal(row: Int, user: Int) -> Double { law!.logTotal(Int(law!.users!.slots[row])) }
}
