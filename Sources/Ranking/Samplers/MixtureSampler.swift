import Interactions
import Platform
import Tensors

/// Negatives of several samplers, each with its share of a row's `count`.
///
/// Each part has on average exactly its share, and in a row the next whole number below or above it: the slots of a row are cut at the
/// sums of the shares, moved by one random number a row, and a part fills the slots between two cuts. The mixture knows its proposal
/// where all parts know theirs: ln Σ_k share_k q_k, q_k normalized.
public final class MixtureSampler: ProposalSampler {
  public let name = "mixture"
  public var count: Schedule
  public let parts: [any Sampler]
  /// Of each part; they add up to 1.
  public let shares: [Double]
  public let gives: SamplerChannels
  /// What the parts were made from, kept for as long as they are.
  public var source: Any?
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?
  /// Where each part's slots end in a row of the batch under way, before they are moved.
  private var cuts: [Double] = []

  /// - Parameter shares: Of each part, in any unit.
  /// - Throws: `TrainingError` for shares that are none, no parts, a part that comes twice or gives trials.
  public init(count: Schedule, parts: [any Sampler], shares: [Double]) throws {
    guard !parts.isEmpty, parts.count == shares.count else {
      throw TrainingError.setting(
        "sampler 'mixture': \(parts.count) samplers and \(shares.count) shares; want a share for each")
    }
    let total = shares.reduce(0, +)
    guard shares.allSatisfy({ $0 > 0 }), total.isFinite else {
      throw TrainingError.setting("sampler 'mixture': the shares are \(shares.map(shortNumber)); want numbers above 0")
    }
    guard Set(parts.map { ObjectIdentifier($0) }).count == parts.count else {
      throw TrainingError.setting(
        "sampler 'mixture': one sampler comes twice; make a second one, or add up their shares")
    }
    if let part = parts.first(where: { $0.gives.contains(.trials) }) {
      throw TrainingError.setting(
        "sampler 'mixture': '\(part.name)' gives the trials of a row with one negative; it cannot share a row with others"
      )
    }
    self.count = count
    self.parts = parts
    self.shares = shares.map { $0 / total }
    gives = parts.allSatisfy { $0 is any ProposalSampler && $0.gives.hasLogProposal } ? .logProposals : []
  }

  public var reasonWithoutNegatives: String {
    parts.first { !$0.usersWithoutNegatives.isEmpty }?.reasonWithoutNegatives ?? ""
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws {
    for part in parts { try part.prepare(train) }
    self.train = train
    usersWithoutNegatives = Set(parts.flatMap(\.usersWithoutNegatives)).sorted()
  }

  public func refresh(_ context: SamplingContext) throws {
    var sum = 0.0
    // Multiples of 2⁻²⁴, as what moves them: their sums are exact, and a part's slots never more than its share rounded up.
    cuts =
      [0]
      + shares.dropLast().map {
        sum += $0
        return (sum * Double(context.count) * 0x1p24).rounded() * 0x1p-24
      }
    cuts.append(Double(context.count))
    for (index, part) in parts.enumerated() {
      let most = min(context.count, Int((cuts[index + 1] - cuts[index]).rounded(.up)))
      try part.refresh(context.part(index, count: max(1, most)))
    }
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      let shift = Double(draw.stream.uniform(at: draw.position(row)))
      var first = 0
      for (index, part) in parts.enumerated() {
        let end = index == parts.count - 1 ? draw.count : Int(cuts[index + 1] + shift)
        defer { first = end }
        guard end > first else { continue }
        var piece = draw
        piece.firstSlot = draw.firstSlot + first
        piece.count = end - first
        piece.stream = SamplingContext.stream(ofPart: index, draw.stream)
        (piece.logProposal, piece.positiveLogProposal) = (nil, nil)
        part.draw(piece, rows: row..<row + 1)
      }
    }
    if gives.hasLogProposal { writeProposals(draw, rows: rows) }
  }

  public var excludesPositives: Bool { proposals.allSatisfy(\.excludesPositives) }
  private var proposals: [any ProposalSampler] { parts.compactMap { $0 as? any ProposalSampler } }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    var sums = [Double](repeating: 0, count: count)
    let known = excludesPositives ? nil : train
    for (part, share) in zip(proposals, shares) {
      part.logProposal(items, count: count, row: row, user: user, into: result)
      let scale = log(share) - part.logProposalTotal(row: row, user: user)
      for place in 0..<count {
        // What one part excludes comes from the others alone.
        if part.excludesPositives, known?.contains(user: user, item: items[place]) == true { continue }
        sums[place] += exp(Double(result[place]) + scale)
      }
    }
    for place in 0..<count { result[place] = Float(log(sums[place])) }
  }

  public func logProposalTotal(row: Int, user: Int) -> Double { 0 }
}
