import Interactions
import TestSupport
import Testing

@testable import Ranking

/// Users by item, and places of the items of some users, held to filters.
@Suite struct ItemUsersTests {
  @Test(arguments: [(1, 1, 0), (1, 1, 1), (40, 60, 500), (30, 200, 60), (50, 4, 200)], 1...3)
  func placesAreThoseOfTheUsersWhoHaveOne(_ shape: (users: Int, items: Int, pairs: Int), _ seed: UInt64) {
    let train = randomInteractions(users: shape.users, items: shape.items, pairs: shape.pairs, seed: seed)
    let turned = ItemUsers(train).turned
    for every in [1, 2, 7, .max] {
      // Some users, in an order of their own; the last time none.
      let batch = Array((0..<shape.users).filter { every < .max && ($0 + Int(seed)) % every == 0 }.reversed())
      var places = [Int32](repeating: -1, count: shape.users)
      for (place, user) in batch.enumerated() { places[user] = Int32(place) }
      for range in [0..<shape.items, 0..<0, shape.items..<shape.items, shape.items / 3..<shape.items / 2] {
        let wanted = range.map { item in
          (0..<shape.users).filter { places[$0] >= 0 && train.contains(user: $0, item: Int32(item)) }.map { places[$0] }
        }
        #expect(lists(turned, range, places) == wanted)
      }
    }
  }

  @Test func anItemIsItsOwnPlaceWhereThereAreNoPlaces() {
    let train = randomInteractions(users: 20, items: 30, pairs: 90, seed: 5)
    // In any order, and again.
    let users: [Int32] = [7, 3, 19, 3, 0]
    #expect(lists(train, users, nil) == users.map { Array(train.items(of: Int($0))) })
    #expect(lists(train, [Int32](), nil).isEmpty)
  }

  private func lists(
    _ matrix: InteractionMatrix, _ users: some Collection<some BinaryInteger>, _ places: [Int32]?
  ) -> [[Int32]] {
    matrix.withPlaces(ofItemsOf: users, places) { list, starts in
      (0..<users.count).map { number in (Int(starts[number])..<Int(starts[number + 1])).map { list[$0] } }
    }
  }
}
