import Interactions
import Kernels
import Platform
import Tensors

/// Negatives in proportion to how often items occur in the train part, with replacement: f = count^exponent.
///
/// An item that was never seen is never drawn. Exponent 1 is WBPR (Gantner et al., "Personalized Ranking for Non-Uniformly Sampled
/// Items", KDD Cup 2011), 0.75 word2vec's; `logarithm` is ln(1 + count), PRIS' P (Lian et al., WWW 2020, section 5.3). The logarithm
/// of the unnormalized proposal is ln f. A draw takes constant time.
public final class PopularitySampler: ProposalSampler {
  public typealias Transform = PopularityWeights.Transform
  public let name = "popularity"
  public var count: Schedule
  public let exponent: Double
  public let transform: Transform
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  public private(set) var usersWithoutNegatives: [Int32] = []
  public let reasonWithoutNegatives = "every item that anybody has"
  /// How many items were drawn for how many negatives.
  public let counter = DrawCounter()
  private var train: InteractionMatrix?
  private var own: OwnItems?
  private var popularity = PopularityWeights()
  private var table: AliasTable?
  /// By user: what share of all draws would be the user's own items.
  private var ownShares: [Double] = []

  public init(count: Schedule, exponent: Double = 1, transform: Transform = .count, excludesPositives: Bool = false) {
    self.count = count
    self.exponent = exponent
    self.transform = transform
    self.excludesPositives = excludesPositives
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  /// - Throws: `TrainingError` where the exponent makes weights that are no numbers.
  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    popularity = try PopularityWeights(train, exponent: exponent, transform: transform, for: name)
    self.train = train
    own = excludesPositives ? OwnItems(train) : nil
    let table = AliasTable(weights: popularity.values)
    self.table = table
    ownShares =
      excludesPositives
      ? (0..<train.userCount).map { user in
        train.items(of: user).reduce(0) { $0 + popularity.values[Int($1)] } / table.total
      } : []
    usersWithoutNegatives = excludesPositives ? popularity.usersWithAllSeen(train) : []
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    var rejected = 0
    withDrawing { drawing in
      for row in rows {
        rejected += drawing.draw(
          for: draw.user(row), draw.stream, at: draw.position(row), draw.count, draw.negatives(row))
      }
    }
    counter.add(kept: rows.count * draw.count, rejected: rejected)
    writeProposals(draw, rows: rows)
  }

  /// One item for a user, by the numbers at one place of a stream.
  func drawOne(user: Int, _ stream: RandomStream, at position: UInt64) -> Int32 {
    var item: Int32 = 0
    withDrawing { _ = $0.draw(for: user, stream, at: position, 1, &item) }
    return item
  }

  func hasInTrain(_ item: Int32, user: Int) -> Bool { train!.contains(user: user, item: item) }

  /// What the draws of many rows have in common, taken out of the objects that hold it once.
  private struct Drawing {
    let sampler: PopularitySampler
    let columns: UnsafeBufferPointer<AliasTable.Column>
    let own: OwnItems.OfUsers?
    let ownShares: UnsafeBufferPointer<Double>

    /// Returns how many items were drawn in vain.
    @inline(__always) func draw(
      for user: Int, _ stream: RandomStream, at position: UInt64, _ count: Int,
      _ negatives: UnsafeMutablePointer<Int32>
    ) -> Int {
      if !ownShares.isEmpty, ownShares[user] > 7.0 / 8 {
        // Where little is left, what is left is listed.
        let rest = sampler.rest(user)
        for slot in 0..<count { negatives[slot] = rest.item(stream.uniformDouble(at: position + UInt64(slot))) }
        return 0
      }
      return own.with(user) {
        kernel_sample_alias(
          stream.key, position, columns.baseAddress!, UInt32(columns.count), $0, negatives, count)
      }
    }
  }

  private func withDrawing(_ body: (Drawing) -> Void) {
    table!.columns.withUnsafeBufferPointer { columns in
      ownShares.withUnsafeBufferPointer { ownShares in
        own.withAll { body(Drawing(sampler: self, columns: columns, own: $0, ownShares: ownShares)) }
      }
    }
  }

  /// What the user does not have of all that is drawn. O(items)
  private func rest(_ user: Int) -> RemainingItems {
    var rest = RemainingItems()
    let positives = train!.items(of: user)
    let weights = popularity.values
    var next = positives.startIndex
    for item in weights.indices {
      if next < positives.endIndex, positives[next] == Int32(item) {
        next += 1
      } else if weights[item] > 0 {
        rest.add(Int32(item), weights[item])
      }
    }
    return rest
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    popularity.logarithms.withUnsafeBufferPointer { for place in 0..<count { result[place] = $0[Int(items[place])] } }
  }

  public func logProposalTotal(row: Int, user: Int) -> Double {
    guard excludesPositives else { return log(table!.total) }
    let share = ownShares[user]
    return share > 7.0 / 8 ? log(rest(user).total) : log(table!.total * (1 - share))
  }
}
