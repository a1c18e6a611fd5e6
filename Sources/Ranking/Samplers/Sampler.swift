import Interactions
import Tensors

/// Draws the negatives of a batch.
public protocol Sampler: AnyObject {
  /// The name that scripts use.
  var name: String { get }

  /// Negatives for each positive.
  var count: Schedule { get }

  /// Prepares what drawing needs. Called when a trainer is made and before each batch, as trainers of other data may share the sampler: the
  /// same matrix again must cost nothing.
  func attach(to train: InteractionMatrix) throws

  /// Dense users of the train part for whom no negative can be drawn, ascending: a trainer leaves their interactions out, and never
  /// asks for a draw.
  var usersWithoutNegatives: [Int32] { get }

  /// Draws `count` items for each row of `rows`.
  ///
  /// A pure function of the stream and of each row's place in the epoch, so that rows may be drawn on any thread.
  ///
  /// - Parameters:
  ///   - users: Dense user of each row of the batch.
  ///   - stream: This epoch's stream.
  ///   - firstPlace: The place in the epoch of the batch's row 0.
  ///   - items: Where row `b`'s draws go: `items[b * width + 1]` onwards.
  func draw(
    users: UnsafePointer<Int32>, rows: Range<Int>, count: Int, stream: RandomStream, firstPlace: Int,
    items: UnsafeMutablePointer<Int32>, width: Int)

  /// Whether the sampler knows the logarithm of its unnormalised proposal.
  var givesLogProposal: Bool { get }

  /// Writes the logarithm of the unnormalised proposal of each drawn negative, `[B, N]`: `proposal[b * (width - 1) + n]`.
  func logProposal(
    users: UnsafePointer<Int32>, items: UnsafePointer<Int32>, rows: Range<Int>, width: Int,
    into proposal: UnsafeMutablePointer<Float>)
}

extension Sampler {
  public var usersWithoutNegatives: [Int32] { [] }
  public var givesLogProposal: Bool { false }
  public func logProposal(
    users: UnsafePointer<Int32>, items: UnsafePointer<Int32>, rows: Range<Int>, width: Int,
    into proposal: UnsafeMutablePointer<Float>
  ) {
    preconditionFailure("sampler '\(name)' gives no proposal")
  }
}
