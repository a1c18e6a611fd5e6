import Interactions
import TestSupport
import Testing

@testable import Ranking

/// Users by item, and the items of some users, held to filters.
@Suite struct ItemUsersTests {
  @Test(arguments: [(1, 1, 0), (1, 1, 1), (40, 60, 500), (30, 200, 60), (150, 4, 300)], 1...3)
  func usersOfItemsAreThoseThatAreMarked(_ shape: (users: Int, items: Int, pairs: Int), _ seed: UInt64) {
    let train = randomInteractions(users: shape.users, items: shape.items, pairs: shape.pairs, seed: seed)
    let turned = ItemUsers(train).turned
    for every in [1, 2, 7, .max] {
      // Some users, in an order of their own; the last time none.
      let batch = (0..<shape.users).filter { every < .max && ($0 + Int(seed)) % every == 0 }.reversed().map(Int32.init)
      let marks = InteractionMatrix.marks(of: batch, among: shape.users)
      for range in [0..<shape.items, 0..<0, shape.items..<shape.items, shape.items / 3..<shape.items / 2] {
        let wanted = range.map { item in
          (0..<Int32(shape.users)).filter { batch.contains($0) && train.contains(user: Int($0), item: Int32(item)) }
        }
        #expect(lists(turned, range, marks) == wanted)
      }
    }
  }

  @Test func withoutMarksNothingIsLeftOut() {
    let train = randomInteractions(users: 20, items: 30, pairs: 90, seed: 5)
    // In any order, and again.
    let users: [Int32] = [7, 3, 19, 3, 0]
    #expect(lists(train, users, nil) == users.map { Array(train.items(of: Int($0))) })
    #expect(lists(train, [Int32](), nil).isEmpty)
  }

  private func lists(
    _ matrix: InteractionMatrix, _ users: some Collection<some BinaryInteger>, _ marks: [UInt64]?
  ) -> [[Int32]] {
    matrix.withItems(of: users, marked: marks) { list, starts in
      (0..<users.count).map { number in (Int(starts[number])..<Int(starts[number + 1])).map { list[$0] } }
    }
  }
}
