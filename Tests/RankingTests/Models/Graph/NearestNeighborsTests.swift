import Interactions
import Tensors
import Testing

@testable import Ranking

@Suite struct NearestNeighborsTests {
  /// All cosines, sorted.
  private func slow(_ count: Int, _ rows: [Set<Int32>]) -> [[Int32]] {
    rows.indices.map { node in
      let close = rows.indices.filter { $0 != node && !rows[$0].isDisjoint(with: rows[node]) }.map { other in
        (
          closeness: Double(rows[node].intersection(rows[other]).count * rows[node].intersection(rows[other]).count)
            / Double(rows[other].count), node: Int32(other)
        )
      }
      return close.sorted { $0.closeness != $1.closeness ? $0.closeness > $1.closeness : $0.node < $1.node }
        .prefix(count).map(\.node)
    }
  }

  @Test(arguments: [1, 3, 10, 500], 1...4) func agreesWithAllCosines(_ count: Int, _ seed: Int) {
    let train = randomInteractions(users: 90, items: 40, pairs: seed == 4 ? 60 : 500, seed: UInt64(seed))
    let turned = train.transposed()
    let users = NodeLists(offsets: train.rowOffsets, members: train.items)
    let items = NodeLists(offsets: turned.rowOffsets, members: turned.items)
    let expected = slow(count, (0..<90).map { Set(train.items(of: $0)) })
    #expect(seed != 4 || expected.contains { $0.isEmpty }, "some have nothing in common with anybody")
    for threads in [1, 2] {
      let found = NodeLists.nearest(count, partners: users, owners: items, pool: ThreadPool(threadCount: threads))
      #expect((0..<90).map { Array(found.list(Int32($0))) } == expected)
    }
  }
}
