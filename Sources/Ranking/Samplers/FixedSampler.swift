import Interactions
import Tensors

/// Negatives that were given beforehand, a list for each user or for each pair of the train part.
///
/// `given` takes the first of a list in their order, `random` draws from a list with replacement (TIL's code draws from 500 items a
/// user). Lists are taken as they are: repetitions and items of the user's train part too. A user whose list is empty is left out.
public final class FixedSampler: Sampler {
  public enum Order: String, Sendable, CaseIterable {
    case given
    case random
  }

  /// Whose the lists are.
  public enum Owner: Sendable {
    case user
    /// A pair of the train part, in its order: by user, then by item.
    case pair
  }

  public let name = "fixed"
  public var count: Schedule
  public let order: Order
  public let owner: Owner
  public let lists: CandidateLists
  public private(set) var usersWithoutNegatives: [Int32] = []
  public let reasonWithoutNegatives = "no list of negatives for what they have"
  private var train: InteractionMatrix?
  /// The shortest list that is not empty, and its user.
  private var shortest = (count: Int.max, user: 0)

  public init(count: Schedule, lists: CandidateLists, per owner: Owner = .user, order: Order = .given) {
    self.count = count
    self.lists = lists
    self.owner = owner
    self.order = order
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  /// - Throws: `TrainingError` where the lists are those of other data.
  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    let wanted = owner == .user ? train.userCount : train.count
    guard lists.userCount == wanted else {
      throw TrainingError.setting(
        "sampler '\(name)': \(lists.userCount) lists for \(wanted) \(owner == .user ? "users" : "pairs of the train part"); want one for each"
      )
    }
    if let item = lists.items.first(where: { !(0..<Int32(train.itemCount)).contains($0) }) {
      throw TrainingError.setting(
        "sampler '\(name)': item number \(Int(item) + 1) of \(train.itemCount) items in a list")
    }
    shortest = (.max, 0)
    var without: [Int32] = []
    for user in 0..<train.userCount where train.rowOffsets[user] < train.rowOffsets[user + 1] {
      let own = owner == .user ? user..<user + 1 : train.rowOffsets[user]..<train.rowOffsets[user + 1]
      let least = own.map { lists.items(of: $0).count }.min()!
      if least == 0 { without.append(Int32(user)) } else if least < shortest.count { shortest = (least, user) }
    }
    usersWithoutNegatives = without
    self.train = train
  }

  /// - Throws: `TrainingError` where a list is shorter than what is wanted of it.
  public func refresh(_ context: SamplingContext) throws {
    guard order == .random || shortest.count >= context.count else {
      throw TrainingError.setting(
        "sampler '\(name)': the list of user number \(shortest.user + 1) has \(shortest.count) negatives, and \(context.count) are "
          + "wanted; give longer lists or a smaller count, or say order = \"random\"")
    }
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let train = train!
    for row in rows {
      let user = draw.user(row)
      let list = lists.items(
        of: owner == .user ? user : train.position(user: user, item: draw.positive(row))!)
      for slot in 0..<draw.count {
        let place =
          order == .given
          ? slot : draw.stream.integer(below: list.count, at: draw.position(row) + UInt64(slot))
        draw.negatives(row)[slot] = list[list.startIndex + place]
      }
    }
  }
}
