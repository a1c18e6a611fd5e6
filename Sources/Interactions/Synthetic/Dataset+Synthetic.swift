import Platform
import Tensors

/// What a synthetic data set is made of.
public struct SyntheticOptions: Sendable, Hashable {
  public var users = 1000
  public var items = 500
  /// Groups of items that serve one interest each.
  public var interests = 10
  /// How many interests a user has.
  public var interestsPerUser = 2
  /// Mean number of interactions of a user; users have from half to one and a half of it.
  public var interactionsPerUser = 30
  /// The share of interactions that have nothing to do with the user's interests, from 0 to 1.
  public var noise = 0.1
  /// How unequal items are: within an interest the item of rank r is chosen in proportion to 1 / r^skew; 0 makes all equal.
  public var skew = 0.8
  public var seed: UInt64 = 0

  public init() {}
}

extension Dataset {
  /// A data set with planted interests: the right answer is known (`planted`) and it is there without any file.
  ///
  /// Every item serves one interest, every user has some. A user's interaction takes one of the user's interests and one of its
  /// items, popular ones more often, or with probability `noise` any item in the same manner; no pair occurs twice. Titles name
  /// the interest, times are the order of the draws. The same options give the same set.
  ///
  /// - Parameter isInterrupted: Is asked now and then; true ends the making with `DataError.interrupted`.
  /// - Throws: `DataError.impossible` where an option is out of range or the set is larger than the machine's memory.
  /// - Complexity: O(interactions log items), expected.
  public static func synthetic(
    _ options: SyntheticOptions = SyntheticOptions(), isInterrupted: () -> Bool = { false }
  ) throws(DataError) -> Dataset {
    try options.check()
    try options.checkMemory()
    let titles = try options.titles(isInterrupted)
    let interestOfItem = (0..<options.items).map { Int32($0 % options.interests) }
    let choices = try options.choices(isInterrupted)
    var interestsOfUser: [[Int32]] = []
    var offsets = [0]
    var columns: [Int32] = []
    var times: [Int64] = []
    for user in 0..<options.users {
      let interests = options.interests(of: user)
      interestsOfUser.append(interests)
      let row = try options.draw(user, interests.map { Int($0) }, choices, isInterrupted)
      for (item, time) in row.sorted(by: { $0.item < $1.item }) {
        columns.append(item)
        times.append(time)
      }
      offsets.append(columns.count)
    }
    return Dataset(
      name: "synthetic",
      interactions: InteractionMatrix(
        userCount: options.users, itemCount: options.items, rowOffsets: offsets, items: columns),
      timestamps: times, userIdentifiers: IdentifierMap(count: options.users),
      itemIdentifiers: IdentifierMap(count: options.items),
      titles: titles,
      planted: PlantedInterests(
        interestCount: options.interests, interestOfItem: interestOfItem, interestsOfUser: interestsOfUser),
      provenance: options.provenance)
  }
}

extension SyntheticOptions {
  fileprivate func check() throws(DataError) {
    func require(_ holds: Bool, _ what: String, _ wanted: String) throws(DataError) {
      if !holds { throw .impossible(what: "synthetic: \(what)", remedy: "give \(wanted)") }
    }
    try require((1...100_000_000).contains(users), "users is \(users)", "from 1 to 100000000")
    try require((1...100_000_000).contains(items), "items is \(items)", "from 1 to 100000000")
    try require((1...items).contains(interests), "interests is \(interests)", "from 1 to items = \(items)")
    try require(
      (1...interests).contains(interestsPerUser), "interests_per_user is \(interestsPerUser)",
      "from 1 to interests = \(interests)")
    try require(noise >= 0 && noise <= 1, "noise is \(noise)", "a share from 0 to 1")
    try require(skew >= 0 && skew <= 10, "skew is \(skew)", "a number from 0 to 10")
    let reachable = items / interests * interestsPerUser
    try require(
      interactionsPerUser >= 1 && interactionsPerUser <= reachable
        && interactionsPerUser + interactionsPerUser / 2 <= reachable,
      "interactions_per_user is \(interactionsPerUser), and a user's interests have \(reachable) items",
      "at most \(reachable * 2 / 3), or more items")
  }

  /// Holds what the set will take, roughly, against what there is. No product overflows: every factor is at most 10⁸.
  fileprivate func checkMemory() throws(DataError) {
    let interactions = users * interactionsPerUser
    // Numbers and times grow to twice their size on the way; a user's interests are an array of their own.
    let bytes = interactions * 24 + users * (64 + 4 * interestsPerUser) + items * 64
    let what = "synthetic: a set of \(users) users, \(items) items and \(interactions) interactions"
    do throws(MemoryError) { try Memory.require(bytes, of: UInt8.self, for: what) } catch {
      throw DataError(error, remedy: "give fewer")
    }
  }

  fileprivate func titles(_ isInterrupted: () -> Bool) throws(DataError) -> Titles {
    var offsets = [0]
    var bytes: [UInt8] = []
    for item in 0..<items {
      if item % 4096 == 0, isInterrupted() { throw .interrupted }
      bytes.append(contentsOf: "item \(item) of interest \(item % interests + 1)".utf8)
      offsets.append(bytes.count)
    }
    return Titles(TextTable(offsets: offsets, bytes: bytes))
  }

  fileprivate func choices(_ isInterrupted: () -> Bool) throws(DataError) -> [ItemChoice] {
    var choices: [ItemChoice] = []
    for interest in 0..<interests {
      if isInterrupted() { throw .interrupted }
      let own = stride(from: interest, to: items, by: interests).map { Int32($0) }
      choices.append(ItemChoice(items: own, skew: skew))
    }
    return choices
  }

  /// Different interests of a user, ascending.
  fileprivate func interests(of user: Int) -> [Int32] {
    let stream = RandomStream(seed: seed, purpose: "synthetic.interests").substream(user)
    return shuffledPrefix(interestsPerUser, of: interests, stream).sorted().map { Int32($0) }
  }

  /// A user's items, each once, with the place of its draw.
  fileprivate func draw(
    _ user: Int, _ own: [Int], _ choices: [ItemChoice], _ isInterrupted: () -> Bool
  ) throws(DataError) -> [(item: Int32, time: Int64)] {
    let stream = RandomStream(seed: seed, purpose: "synthetic.interactions").substream(user)
    let half = interactionsPerUser / 2
    let wanted = interactionsPerUser - half + stream.integer(below: 2 * half + 1, at: 0)
    var taken = Set<Int32>()
    var row: [(Int32, Int64)] = []
    for slot in 0..<wanted {
      if isInterrupted() { throw .interrupted }
      let draws = stream.substream(slot)
      let isNoise = draws.uniformDouble(at: 0) < noise
      var position: UInt64 = 1
      // Popular items are drawn again and again; after many vain draws the most popular free one is taken.
      while row.count == slot, position < 400 {
        let place = draws.integer(below: isNoise ? interests : own.count, at: position)
        let item = choices[isNoise ? place : own[place]].item(at: draws.uniformDouble(at: position + 1))
        position += 2
        if taken.insert(item).inserted { row.append((item, Int64(slot))) }
      }
      if row.count == slot, let free = own.flatMap({ choices[$0].items }).first(where: { !taken.contains($0) }) {
        taken.insert(free)
        row.append((free, Int64(slot)))
      }
    }
    return row
  }

  fileprivate var provenance: Provenance {
    var provenance = Provenance()
    provenance.format = "synthetic"
    var content = ContentHash()
    content.update("\(users) \(items) \(interests) \(interestsPerUser) \(interactionsPerUser) \(noise) \(skew) \(seed)")
    provenance.contentHash = content.value
    provenance.notes = ["synthetic, seed \(seed): planted interests, not people"]
    return provenance
  }
}

/// The items of one interest, the most popular first, drawn in proportion to 1 / rank^skew.
private struct ItemChoice {
  let items: [Int32]
  /// Ascending to 1: the share of the items up to and including each.
  private let cumulative: [Double]

  init(items: [Int32], skew: Double) {
    self.items = items
    var total = 0.0
    var sums: [Double] = []
    for rank in 1...items.count {
      total += 1 / pow(Double(rank), skew)
      sums.append(total)
    }
    cumulative = sums.map { $0 / total }
  }

  func item(at uniform: Double) -> Int32 {
    var low = 0
    var high = items.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] <= uniform { low = middle + 1 } else { high = middle }
    }
    return items[low]
  }
}
