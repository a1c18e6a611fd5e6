import Interactions
import Kernels
import Platform
import Tensors
import Testing

@testable import Ranking

/// What samplers leave out, held to the matrix itself and to draws that look an item up one by one.
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

  /// Each slot's numbers until one is not the user's: what `kernel_sample_uniform_excluding` draws, one by one.
  private func slowDraws(_ matrix: InteractionMatrix, user: Int, _ stream: RandomStream, _ first: UInt64, _ count: Int)
    -> [Int32]
  {
    let items = UInt64(matrix.itemCount)
    if matrix.items(of: user).count * 8 > matrix.itemCount * 7 {
      let rest = (0..<Int32(matrix.itemCount)).filter { !matrix.contains(user: user, item: $0) }
      return (0..<count).map { slot in
        rest[Int(half(stream.bits(at: first + UInt64(slot / 2)), slot, UInt64(rest.count)))]
      }
    }
    return (0..<count).map { slot in
      let position = first + UInt64(slot / 2)
      var item = Int32(half(stream.bits(at: position), slot, items))
      var attempt: UInt64 = 1
      while matrix.contains(user: user, item: item) {
        let key = stream.key ^ RandomStream(key: attempt).bits(at: 0)
        item = Int32(half(RandomStream(key: key).bits(at: position), slot, items))
        attempt += 1
      }
      return item
    }
  }

  private func half(_ bits: UInt64, _ slot: Int, _ bound: UInt64) -> UInt64 {
    ((slot % 2 == 0 ? bits >> 32 : bits & 0xFFFF_FFFF) * bound) >> 32
  }

  @Test(arguments: sizes.dropFirst(2), [1, 2, 31, 64, 65, 200]) func uniformDrawsAreThoseOfASlowSearch(
    _ items: Int, _ count: Int
  ) throws {
    let matrix = train(items: items, seed: 3)
    let sampler = UniformSampler(count: Schedule(Double(count)), excludesPositives: true)
    try sampler.prepare(matrix)
    let users = (0..<40).map { Int32($0 * 7 % 10) }
    var drawn = [Int32](repeating: -1, count: users.count * (count + 1))
    let stream = RandomStream(key: 5)
    drawn.withUnsafeMutableBufferPointer { drawn in
      users.withUnsafeBufferPointer { users in
        let draw = NegativeDraw(
          rowCount: users.count, count: count, users: users.baseAddress!, items: drawn.baseAddress!, width: count + 1,
          stream: stream, firstPlace: 3)
        sampler.draw(draw, rows: 0..<users.count)
      }
    }
    for (row, user) in users.enumerated() {
      let first = NegativeDraw.position(row: row, firstPlace: 3)
      let slow = slowDraws(matrix, user: Int(user), stream, first, count)
      #expect(Array(drawn[row * (count + 1) + 1..<(row + 1) * (count + 1)]) == slow)
    }
  }
}
