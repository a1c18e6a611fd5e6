import Interactions
import Kernels
import Platform
import Tensors
import Testing

@testable import Ranking

/// What samplers leave out, held to the matrix itself; `SlowDrawTests` holds draws to loops.
@Suite struct OwnItemsTests {
  /// Users with nothing, one item, a few, most and all, items in clusters and anywhere.
  private func train(items: Int, seed: UInt64) -> InteractionMatrix {
    let stream = RandomStream(key: seed)
    var (users, owned) = ([Int32](), [Int32]())
    for user in 0..<12 {
      let share = [0, 0, 0.003, 0.02, 0.05, 0.1, 0.3, 0.5, 0.8, 0.9, 1, 1][user]
      for item in 0..<items {
        let uniform = stream.uniformDouble(at: UInt64(user * items + item))
        let isOwn =
          user == 1 ? item == items / 2 : user % 2 == 0 ? Double(item) < share * Double(items) : uniform < share
        if isOwn {
          users.append(Int32(user))
          owned.append(Int32(item))
        }
      }
    }
    return InteractionMatrix(userCount: 12, itemCount: items, users: users, items: owned)
  }

  private static let sizes = [1, 2, 31, 32, 33, 64, 65, 200, 1000, 5000]

  @Test(arguments: sizes) func everyItemIsToldFromTheOthers(_ items: Int) {
    let matrix = train(items: items, seed: UInt64(items))
    let own = OwnItems(matrix)
    var (clear, searched) = (0, 0)
    own.withAll { users in
      for user in 0..<matrix.userCount {
        let mine = users[user]
        #expect(mine.count == matrix.items(of: user).count && (mine.mask + 1).nonzeroBitCount == 1 && mine.mask >= 31)
        for item in 0..<items {
          let place = UInt32(item) & mine.mask
          let bit = mine.bits[Int(place / 32)] >> (place & 31) & 1 == 1
          let has = matrix.contains(user: user, item: Int32(item))
          if mine.exact != 0 { #expect(bit == has) } else { #expect(bit || !has) }
          if mine.exact == 0, !has { if bit { searched += 1 } else { clear += 1 } }
        }
      }
    }
    // Among users whose items are not counted one by one, at most one in sixteen.
    #expect(searched * 16 <= searched + clear)
  }
}
