import Interactions
import Kernels
import Platform
import Tensors

/// Negatives uniform over the catalog, with replacement.
///
/// With `excludesPositives` an item of the user's train part is drawn again until it is not one (UIB, PRIS, LightGCN), and there
/// are no negatives for a user who has every item; without, every item can come, positives included (SimpleX, MML, BSL). The
/// logarithm of its unnormalized proposal is 0 for every item (PRIS, sampler U).
public final class UniformSampler: ProposalSampler {
  public let name = "uniform"
  public var count: Schedule
  public let excludesPositives: Bool
  public let gives = SamplerChannels.zeroLogProposals
  /// How many items were drawn for how many negatives.
  public let counter = DrawCounter()
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?
  private var own: OwnItems?
  /// Rows of a batch between asking for what a user has and the draw.
  private static let ahead = 8

  public init(count: Schedule, excludesPositives: Bool = false) {
    self.count = count
    self.excludesPositives = excludesPositives
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

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let train = train!
    let bound = UInt32(train.itemCount)
    guard let own else {
      for row in rows {
        kernel_sample_uniform(draw.stream.key, draw.position(row), bound, draw.negatives(row), draw.count)
      }
      counter.add(kept: rows.count * draw.count)
      return
    }
    var rejected = 0
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: train.itemCount / 8 + 1) { scratch in
      own.withAll { own in
        for row in rows {
          if row + Self.ahead < rows.upperBound { own.prefetch(draw.user(row + Self.ahead)) }
          var items = own[draw.user(row)]
          rejected += kernel_sample_uniform_excluding(
            draw.stream.key, draw.position(row), bound, &items, scratch.baseAddress!, draw.negatives(row), draw.count)
        }
      }
    }
    counter.add(kept: rows.count * draw.count, rejected: rejected)
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    result.update(repeating: 0, count: count)
  }

  public func logProposalTotal(row: Int, user: Int) -> Double {
    let train = train!
    return log(Double(train.itemCount - (excludesPositives ? train.items(of: user).count : 0)))
  }
}
