import Interactions
import Tensors

/// The lists of the users who are evaluated, and where in them stands what is looked for.
struct JudgedLists: Sendable {
  let lists: RankedLists
  /// For each list the places, from 0, of what is looked for; nil where membership tells.
  private let places: [[Int]]?

  /// Lists in which every item that is looked for is a hit.
  init(_ lists: RankedLists) {
    self.lists = lists
    places = nil
  }

  /// Merges for each user what is looked for with what it is ranked among.
  ///
  /// - Parameter keys: Those of the user at a position, called on any thread.
  init(
    users: [Int32], _ placement: HitPlacement, _ pool: ThreadPool,
    keys: @Sendable (_ position: Int) -> HitPlacement.Keys
  ) throws {
    let k = placement.k
    try RankedLists.checkMemory(users: users.count, k: k)
    var places = [[Int]](repeating: [], count: users.count)
    lists = places.withUnsafeMutableBufferPointer { places in
      let places = Shared(places)
      return RankedLists(users: users, k: k) { lists in
        pool.run(count: users.count, grain: 64) { positions in
          for position in positions {
            let merged = placement.merge(
              keys(position), items: lists.value.items + position * k, scores: lists.value.scores + position * k)
            lists.value.counts[position] = Int32(merged.count)
            places.value[position] = merged.hits
          }
        }
      }
    }
    self.places = places
  }

  /// Places of the list at `position`, from 0, that hold what is looked for.
  ///
  /// - Parameter relevant: All that is looked for, or some of it.
  func hits(at position: Int, relevant: InteractionMatrix) -> [Int] {
    let (items, user) = (lists.items(at: position), Int(lists.users[position]))
    guard let places else { return MetricValues.hits(in: items, relevant: relevant, user: user) }
    return places[position].filter { relevant.contains(user: user, item: items[items.startIndex + $0]) }
  }
}

/// Merges what is looked for with what it is ranked among, both sorted, and notes where it comes to stand.
struct HitPlacement: Sendable {
  let ties: TieRule
  /// Places of a list.
  let k: Int

  /// What is looked for, and what it is ranked among, both descending.
  typealias Keys = (relevant: [RankingKey], others: [RankingKey])

  /// Writes a list, best first, of up to `k` items.
  ///
  /// - Returns: The list's length, and the places of what is looked for.
  func merge(
    _ keys: Keys, items: UnsafeMutablePointer<Int32>, scores: UnsafeMutablePointer<Float>
  ) -> (count: Int, hits: [Int]) {
    let (relevant, others) = keys
    var (r, o, place) = (0, 0, 0)
    var hits: [Int] = []
    while place < k, r < relevant.count || o < others.count {
      let isHit = o == others.count || (r < relevant.count && stands(relevant[r], before: others[o]))
      let key = isHit ? relevant[r] : others[o]
      if isHit { hits.append(place) }
      if isHit { r += 1 } else { o += 1 }
      items[place] = key.item
      scores[place] = key.score
      place += 1
    }
    return (place, hits)
  }

  private func stands(_ relevant: RankingKey, before other: RankingKey) -> Bool {
    switch ties {
    case .order: relevant >= other
    case .against: relevant.exceeds(other)
    }
  }
}
