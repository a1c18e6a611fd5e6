import Interactions
import TestSupport
import Testing

@testable import Ranking

/// Users by item, held to a filter.
@Suite struct ItemUsersTests {
  @Test(arguments: [(1, 1, 0), (1, 1, 1), (40, 60, 500), (30, 200, 60), (50, 4, 200)], 1...3)
  func placesAreThoseOfTheUsersWhoHaveOne(_ shape: (users: Int, items: Int, pairs: Int), _ seed: UInt64) {
    let train = randomInteractions(users: shape.users, items: shape.items, pairs: shape.pairs, seed: seed)
    let items = ItemUsers(train)
    for every in [1, 2, 7, .max] {
      // Some users, in an order of their own; the last time none.
      let batch = Array((0..<shape.users).filter { every < .max && ($0 + Int(seed)) % every == 0 }.reversed())
      var places = [Int32](repeating: -1, count: shape.users)
      for (place, user) in batch.enumerated() { places[user] = Int32(place) }
      for range in [0..<shape.items, 0..<0, shape.items..<shape.items, shape.items / 3..<shape.items / 2] {
        items.withPlaces(ofUsersOf: range, places) { list, starts in
          #expect(starts.count == range.count + 1 && starts[range.count] == list.count)
          for (number, item) in range.enumerated() {
            let wanted = (0..<shape.users).filter { places[$0] >= 0 && train.contains(user: $0, item: Int32(item)) }
            #expect(list[starts[number]..<starts[number + 1]].map { $0 } == wanted.map { places[$0] })
          }
        }
      }
    }
  }
}
