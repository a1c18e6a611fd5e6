import Interactions
import Tensors

/// Draws the negatives of a batch.
///
/// A trainer calls, once a batch and in this order: `prepare`, `refresh`, and `draw` for pieces of the batch on any thread. What a
/// sampler reads of the model it reads in `refresh`, through the context, which brings the rows up to date first.
public protocol Sampler: AnyObject {
  /// The name that scripts use.
  var name: String { get }

  /// Negatives for each positive of a batch of `rowCount` positives; the trainer checks that it is a whole number from 1.
  func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double

  /// What it says of its draws besides the items. May differ from sampler to sampler, not from batch to batch.
  var gives: SamplerChannels { get }

  /// The samplers that this one draws from.
  var parts: [any Sampler] { get }

  /// Prepares what drawing needs to know of the train part. Called when a trainer is made and before each batch, as trainers of
  /// other data may share the sampler: the same matrix again must cost nothing.
  func prepare(_ train: InteractionMatrix) throws

  /// Dense users of the train part for whom no negative can be drawn, ascending: a trainer leaves their interactions out, and never
  /// asks for a draw.
  var usersWithoutNegatives: [Int32] { get }

  /// Why there are none for them, behind "user x has" or "3 users have".
  var reasonWithoutNegatives: String { get }

  /// Looks at the batch, and at the model as it stands before the batch. Called on the thread that trains; nothing has moved when it
  /// throws.
  func refresh(_ context: SamplingContext) throws

  /// Draws the negatives of some rows of the batch.
  ///
  /// A pure function of the stream, of each row's place in the epoch and of what `refresh` left, so that rows may be drawn on any
  /// thread, in any pieces.
  func draw(_ draw: NegativeDraw, rows: Range<Int>)
}

extension Sampler {
  public var gives: SamplerChannels { [] }
  public var parts: [any Sampler] { [] }
  public var usersWithoutNegatives: [Int32] { [] }
  public var reasonWithoutNegatives: String { "every item" }
  public func refresh(_ context: SamplingContext) throws {}
}

/// What a sampler says of its draws besides the items.
public struct SamplerChannels: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The logarithm of the proposal of each negative, up to a constant of the user's own.
  public static let logProposal = SamplerChannels(rawValue: 1)
  /// The same of each positive.
  public static let positiveLogProposal = SamplerChannels(rawValue: 2)
  public static let logProposals: SamplerChannels = [.logProposal, .positiveLogProposal]
  /// Both where they are 0 for every item: nothing is written.
  public static let zeroLogProposals = SamplerChannels(rawValue: 8)
  /// How many items were drawn until a row's negative was found.
  public static let trials = SamplerChannels(rawValue: 4)

  /// Whether a loss can read the proposal of negatives, of positives.
  public var hasLogProposal: Bool { !isDisjoint(with: [.logProposal, .zeroLogProposals]) }
  public var hasPositiveLogProposal: Bool { !isDisjoint(with: [.positiveLogProposal, .zeroLogProposals]) }
}

/// Where the negatives of a batch go, and all that decides them besides what a sampler prepared.
public struct NegativeDraw {
  /// Positives in the batch, B.
  public var rowCount: Int
  /// Negatives to draw for each row.
  public var count: Int
  /// Dense user of each row, `[B]`.
  public var users: UnsafePointer<Int32>
  /// `[B, width]`: the positive of row b stands at `b * width`; its draws go to `b * width + firstSlot` and on.
  public var items: UnsafeMutablePointer<Int32>
  public var width: Int
  public var firstSlot = 1
  /// The epoch's stream.
  public var stream: RandomStream
  /// The place in the epoch of the batch's row 0.
  public var firstPlace: Int
  /// ln q of each draw, `[B, width - 1]`; `nil` where nobody reads it.
  public var logProposal: UnsafeMutablePointer<Float>?
  /// ln q of each positive, `[B]`; `nil` where nobody reads it.
  public var positiveLogProposal: UnsafeMutablePointer<Float>?
  /// Items drawn until the negative was found, `[B]`, 0 for a row without one; `nil` where the sampler gives none.
  public var trials: UnsafeMutablePointer<Float>?

  public init(
    rowCount: Int, count: Int, users: UnsafePointer<Int32>, items: UnsafeMutablePointer<Int32>, width: Int,
    stream: RandomStream, firstPlace: Int
  ) {
    self.rowCount = rowCount
    self.count = count
    self.users = users
    self.items = items
    self.width = width
    self.stream = stream
    self.firstPlace = firstPlace
  }

  public func user(_ row: Int) -> Int { Int(users[row]) }
  public func positive(_ row: Int) -> Int32 { items[row * width] }
  /// Where the draws of a row go.
  public func negatives(_ row: Int) -> UnsafeMutablePointer<Int32> { items + row * width + firstSlot }

  /// Where the numbers of a row begin in the stream: room for a million positions each, so that a count which changes from batch to
  /// batch never draws the same numbers twice.
  public func position(_ row: Int) -> UInt64 { Self.position(row: row, firstPlace: firstPlace) }

  static func position(row: Int, firstPlace: Int) -> UInt64 { UInt64(firstPlace + row) << 20 }
}

/// A sampler that can say of any item how likely it is to draw it.
public protocol ProposalSampler: Sampler {
  /// Whether no item of the user's train part is drawn.
  var excludesPositives: Bool { get }

  /// The logarithm of the unnormalized proposal of some items for a user, `-inf` for an item that is never drawn. Items that the
  /// sampler excludes for the user have the value that they would have without.
  ///
  /// - Parameter row: The row of the batch, for samplers whose proposal is of the batch that `refresh` saw.
  func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>)

  /// The logarithm of the sum of the unnormalized proposal over all items that the user can be given.
  func logProposalTotal(row: Int, user: Int) -> Double
}

extension ProposalSampler {
  /// Writes what the draw of some rows asks for, once the items are there.
  func writeProposals(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      if let proposal = draw.logProposal {
        logProposal(
          draw.negatives(row), count: draw.count, row: row, user: draw.user(row),
          into: proposal + row * (draw.width - 1) + draw.firstSlot - 1)
      }
      if let proposal = draw.positiveLogProposal {
        logProposal(draw.items + row * draw.width, count: 1, row: row, user: draw.user(row), into: proposal + row)
      }
    }
  }
}

extension InteractionMatrix {
  /// Whether this is a copy of `other` that shares its memory: the cheap way to know the same matrix again.
  public func sharesStorage(with other: InteractionMatrix) -> Bool {
    func isSame<Number>(_ one: [Number], _ other: [Number]) -> Bool {
      one.withUnsafeBufferPointer { one in
        other.withUnsafeBufferPointer { one.baseAddress == $0.baseAddress && one.count == $0.count }
      }
    }
    return userCount == other.userCount && itemCount == other.itemCount && isSame(items, other.items)
      && isSame(rowOffsets, other.rowOffsets)
  }

  /// Users who have every item, ascending.
  var usersWithEverything: [Int32] {
    (0..<Int32(userCount)).filter { items(of: Int($0)).count >= itemCount }
  }
}
