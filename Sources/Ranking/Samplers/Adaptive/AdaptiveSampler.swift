import Interactions
import Platform
import Tensors

/// AOBPR: items that stand high in one of the factors that count for the user.
///
/// Rendle & Freudenthaler, "Improving Pairwise Learning for Item Recommendation from Implicit Feedback", WSDM 2014, the adaptive and
/// context-dependent sampler. A factor f is drawn in proportion to |p_uf| s_f, s_f how far its items' numbers spread, and a rank in
/// proportion to exp(-rank / λ), from 0; the item of that rank by v_f, the highest first where p_uf > 0 and the lowest first
/// otherwise, is the negative. One that the user has is drawn again, factor and rank. Orders and spreads are those of the items as they
/// stood at the last refresh. A user whose factors count nothing draws all of them alike.
///
/// A refresh costs O(factors · items · log items), a draw O(log factors).
public final class AdaptiveSampler: Sampler {
  /// How far the numbers of a factor spread over the items.
  public enum Deviation: String, Sendable, CaseIterable {
    /// Their standard deviation, as in the paper.
    case standard
    /// Their variance, as in LibRec.
    case variance
  }

  public let name = "adaptive"
  public var count: Schedule
  /// Ranks within which most draws are, λ.
  public let reach: Double
  public let deviation: Deviation
  /// Draws from one refresh to the next; `nil` for N ln N, N the number of items.
  public let interval: Int?
  public let excludesPositives: Bool
  /// How many items were drawn for how many negatives.
  public let counter = DrawCounter()
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?
  let clock = FactorClock()
  private var law: FactorLaw?

  /// - Parameter reach: λ, above 0.
  public init(
    count: Schedule, reach: Double = 500, deviation: Deviation = .standard, interval: Int? = nil,
    excludesPositives: Bool = true
  ) {
    precondition(reach > 0 && reach.isFinite && (interval ?? 1) >= 1)
    (self.count, self.reach, self.deviation) = (count, reach, deviation)
    (self.interval, self.excludesPositives) = (interval, excludesPositives)
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    self.train = train
    usersWithoutNegatives = excludesPositives ? train.usersWithEverything : []
  }

  /// - Throws: `TrainingError` for rows that are no numbers, and as `SamplingContext.itemRows`.
  public func refresh(_ context: SamplingContext) throws {
    let items = Double(context.itemCount)
    let interval = interval ?? max(1, Int(items * log(items)))
    let orders = try clock.orders(in: context, every: interval) {
      try FactorOrders(context.itemRows(for: self), threads: context.threads)
    }
    let users = try context.userRows(for: self)
    guard let orders, let law = try FactorLaw(orders, users, deviation, reach: reach) else {
      throw TrainingError(
        .notFinite,
        "sampler '\(name)': rows of users or items are no numbers at epoch \(context.position.epoch), step "
          + "\(context.position.step); nothing was changed by this batch. Try a lower rate, or gradient clipping (clip = 10)"
      )
    }
    self.law = law
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let (law, train) = (law!, train!)
    var rejected = 0
    for row in rows {
      let (slot, user, first) = (Int(law.users.slots[row]), draw.user(row), draw.position(row))
      for place in 0..<draw.count {
        let position = first + UInt64(place)
        draw.negatives(row)[place] = item(law, train, slot, user, draw.stream, position, &rejected)
      }
    }
    counter.add(kept: rows.count * draw.count, rejected: rejected)
  }

  /// Attempts before what is left is weighed: where a user has all that stands high, a draw would never end.
  private static let patience = 64

  private func item(
    _ law: FactorLaw, _ train: InteractionMatrix, _ slot: Int, _ user: Int, _ stream: RandomStream, _ position: UInt64,
    _ rejected: inout Int
  ) -> Int32 {
    for attempt in 0..<Self.patience {
      let factors = attempt == 0 ? stream : stream.substream(2 * attempt)
      let ranks = stream.substream(2 * attempt + 1)
      let item = law.item(slot, factors.uniformDouble(at: position), ranks.uniformDouble(at: position))
      if !excludesPositives || !train.contains(user: user, item: item) { return item }
      rejected += 1
    }
    // Draws are independent: what is drawn now of what is left has the same law.
    return law.rest(slot, of: user, train).item(stream.substream(2 * Self.patience).uniformDouble(at: position))
  }
}
