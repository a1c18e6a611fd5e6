import Interactions
import Platform
import Tensors

/// Negatives in proportion to how often items occur in the train part, with replacement: f = count^exponent.
///
/// An item that was never seen is never drawn. Exponent 1 is WBPR (Gantner et al., "Personalized Ranking for Non-Uniformly Sampled
/// Items", KDD Cup 2011), 0.75 word2vec's; `logarithm` is ln(1 + count), PRIS' P (Lian et al., WWW 2020, section 5.3). The logarithm
/// of the unnormalized proposal is ln f. A draw takes constant time.
public final class PopularitySampler: ProposalSampler {
  /// What of a count is raised to the exponent.
  public enum Transform: String, Sendable, CaseIterable {
    case count
    /// ln(1 + count)
    case logarithm
  }

  public let name = "popularity"
  public var count: Schedule
  public let exponent: Double
  public let transform: Transform
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  public private(set) var usersWithoutNegatives: [Int32] = []
  public let reasonWithoutNegatives = "every item that anybody has"
  private var train: InteractionMatrix?
  /// f of each item, its logarithm, and a table that draws by it.
  private var weights: [Double] = []
  private var logWeights: [Float] = []
  private var table: AliasTable?

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
    let counts = train.itemCounts()
    let weights = counts.map { $0 == 0 ? 0 : pow(transform == .count ? Double($0) : log(1 + Double($0)), exponent) }
    let total = weights.reduce(0, +)
    guard total > 0, total.isFinite, zip(counts, weights).allSatisfy({ $0 == 0 || ($1 > 0 && $1.isFinite) }) else {
      throw TrainingError.setting(
        "sampler '\(name)': counts up to \(counts.max() ?? 0) to the power of \(exponent) cannot be told apart from 0 or are too large; "
          + "take an exponent nearer to 0")
    }
    self.train = train
    self.weights = weights
    logWeights = weights.map { Float(log($0)) }
    table = AliasTable(weights: weights)
    usersWithoutNegatives = excludesPositives ? Self.usersWithAllSeen(train, counts) : []
  }

  /// Decided by counting: a difference of sums could leave 1e-17 and a draw that never ends.
  private static func usersWithAllSeen(_ train: InteractionMatrix, _ counts: [Int]) -> [Int32] {
    let seen = counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
    return (0..<Int32(train.userCount)).filter { train.items(of: Int($0)).count >= seen }
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let table = table!
    for row in rows {
      let (user, negatives, first) = (draw.user(row), draw.negatives(row), draw.position(row))
      // Where little is left, what is left is listed.
      let rest = excludesPositives && shareOfPositives(user) > 7.0 / 8 ? rest(user) : nil
      for slot in 0..<draw.count {
        negatives[slot] =
          rest.map { itemFromRest($0, draw.stream.uniformDouble(at: first + UInt64(slot))) }
          ?? item(table, user, draw.stream, first + UInt64(slot))
      }
    }
    writeProposals(draw, rows: rows)
  }

  /// One item for a user, by the numbers at one place of a stream.
  func drawOne(user: Int, _ stream: RandomStream, at position: UInt64) -> Int32 {
    if excludesPositives, shareOfPositives(user) > 7.0 / 8 {
      return itemFromRest(rest(user), stream.uniformDouble(at: position))
    }
    return item(table!, user, stream, position)
  }

  func hasInTrain(_ item: Int32, user: Int) -> Bool { train!.contains(user: user, item: item) }

  /// Drawn again while the user has it, where that is excluded. An attempt has a stream of its own, so that the number of attempts of
  /// one slot does not move the next.
  private func item(_ table: AliasTable, _ user: Int, _ stream: RandomStream, _ position: UInt64) -> Int32 {
    var item = table.item(stream.bits(at: position))
    guard excludesPositives else { return item }
    var attempt = 0
    while hasInTrain(item, user: user) {
      attempt += 1
      item = table.item(stream.substream(attempt).bits(at: position))
    }
    return item
  }

  private func shareOfPositives(_ user: Int) -> Double {
    train!.items(of: user).reduce(0) { $0 + weights[Int($1)] } / table!.total
  }

  /// By inversion over the items that the user does not have. O(items).
  private func itemFromRest(_ rest: (items: [Int32], sums: [Double]), _ uniform: Double) -> Int32 {
    let goal = uniform * rest.sums.last!
    return rest.items[rest.sums.firstIndex { $0 > goal } ?? rest.items.count - 1]
  }

  /// What the user does not have of all that is drawn, and the sums of its weights.
  private func rest(_ user: Int) -> (items: [Int32], sums: [Double]) {
    var items: [Int32] = []
    var sums: [Double] = []
    let positives = train!.items(of: user)
    var next = positives.startIndex
    for item in weights.indices {
      if next < positives.endIndex, positives[next] == Int32(item) {
        next += 1
      } else if weights[item] > 0 {
        items.append(Int32(item))
        sums.append((sums.last ?? 0) + weights[item])
      }
    }
    return (items, sums)
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    logWeights.withUnsafeBufferPointer { for place in 0..<count { result[place] = $0[Int(items[place])] } }
  }

  public func logProposalTotal(user: Int) -> Double {
    guard excludesPositives else { return log(table!.total) }
    let share = shareOfPositives(user)
    return share > 7.0 / 8 ? log(rest(user).sums.last!) : log(table!.total * (1 - share))
  }
}
