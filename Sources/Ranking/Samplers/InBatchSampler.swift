import Interactions
import Tensors

/// The positives of the batch's other rows as negatives.
///
/// All others, or as many as `count` says, drawn among them with replacement. They come as often as items occur in the train part: the
/// logarithm of the proposal is ln count (Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item
/// Recommendations", RecSys 2019). With `excludesPositives` another row's positive that the user has in the train part is drawn again.
/// Where no other row has anything to offer, as in a batch of one, the draw is from the train part's pairs: by the same law.
public final class InBatchSampler: ProposalSampler {
  public let name = "in_batch"
  /// Negatives for each positive; `nil` for all other rows.
  public var count: Schedule?
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  /// Of the train part's pairs.
  private let pairs: PopularitySampler

  public init(count: Schedule? = nil, excludesPositives: Bool = false) {
    self.count = count
    self.excludesPositives = excludesPositives
    pairs = PopularitySampler(count: 1, excludesPositives: excludesPositives)
  }

  public var usersWithoutNegatives: [Int32] { pairs.usersWithoutNegatives }
  public var reasonWithoutNegatives: String { pairs.reasonWithoutNegatives }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count?.value(at: position) ?? Double(max(1, rowCount - 1))
  }

  public func prepare(_ train: InteractionMatrix) throws { try pairs.prepare(train) }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows { self.draw(draw, row) }
    writeProposals(draw, rows: rows)
  }

  private func draw(_ draw: NegativeDraw, _ row: Int) {
    let negatives = draw.negatives(row)
    let others = draw.rowCount - 1
    let takesAll = count == nil && draw.count == others
    var acceptable: [Int32]?
    for slot in 0..<draw.count {
      if others > 0 {
        let drawn =
          takesAll ? slot : draw.stream.integer(below: others, at: draw.position(row) + UInt64(slot))
        negatives[slot] = other(draw, row, drawn)
        if isAcceptable(negatives[slot], draw, row) { continue }
      }
      let offered = acceptable ?? offers(draw, row)
      acceptable = offered
      negatives[slot] = drawAgain(draw, row, slot, offered)
    }
  }

  /// The positive of the n-th row after this one, around the batch.
  private func other(_ draw: NegativeDraw, _ row: Int, _ n: Int) -> Int32 {
    draw.positive((row + 1 + n) % draw.rowCount)
  }

  private func isAcceptable(_ item: Int32, _ draw: NegativeDraw, _ row: Int) -> Bool {
    !excludesPositives || !pairs.hasInTrain(item, user: draw.user(row))
  }

  /// What the other rows have for this one. O(B log).
  private func offers(_ draw: NegativeDraw, _ row: Int) -> [Int32] {
    (0..<draw.rowCount - 1).map { other(draw, row, $0) }.filter { isAcceptable($0, draw, row) }
  }

  private func drawAgain(_ draw: NegativeDraw, _ row: Int, _ slot: Int, _ offered: [Int32]) -> Int32 {
    let again = draw.stream.substream(1)
    if !offered.isEmpty {
      return offered[again.integer(below: offered.count, at: draw.position(row) + UInt64(slot))]
    }
    return pairs.drawOne(user: draw.user(row), again, at: draw.position(row) + UInt64(slot))
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    pairs.logProposal(items, count: count, row: row, user: user, into: result)
  }

  public func logProposalTotal(row: Int, user: Int) -> Double { pairs.logProposalTotal(row: row, user: user) }
}
