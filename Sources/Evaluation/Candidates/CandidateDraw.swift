import Interactions
import Platform
import Tensors

/// Draws candidates from the items that a user does not have: distinct, uniform, a pure function of the seed and of the user's items.
struct CandidateDraw {
  private let split: Split
  private let stream: RandomStream

  init(split: Split, seed: UInt64) {
    self.split = split
    stream = RandomStream(seed: seed, purpose: "candidates")
  }

  /// The lists of `users`, ascending; all others are empty.
  ///
  /// - Throws: `MemoryError`.
  /// - Complexity: O(users · (count · log count + items / 64))
  func lists(count: Int, users: [Int32], pool: ThreadPool) throws -> CandidateLists {
    let offsets = offsets(count: count, users: users)
    let total = try Memory.count(offsets[split.userCount], of: Int32.self, for: "\(count) candidates of each user")
    var items = [Int32](repeating: 0, count: total)
    items.withUnsafeMutableBufferPointer { items in
      let items = Shared(items)
      pool.run(count: users.count, grain: 64) { positions in
        var taken = [UInt64](repeating: 0, count: (split.itemCount + 63) / 64)
        for position in positions {
          let user = Int(users[position])
          let range = offsets[user]..<offsets[user + 1]
          draw(user, &taken, into: UnsafeMutableBufferPointer(rebasing: items.value[range]))
        }
      }
    }
    return CandidateLists(rowOffsets: offsets, items: items)
  }

  /// Where the users' lists begin: a user gets `count` candidates, or all that are left.
  private func offsets(count: Int, users: [Int32]) -> [Int] {
    var offsets = [Int](repeating: 0, count: split.userCount + 1)
    for user in users { offsets[Int(user) + 1] = min(count, split.itemCount - positives(of: Int(user)).count) }
    for user in 0..<split.userCount { offsets[user + 1] += offsets[user] }
    return offsets
  }

  /// Floyd's algorithm (Bentley and Floyd, "A Sample of Brilliance", CACM 1987) over the numbers of the items that are left, which
  /// become the items themselves by stepping over those that the user has.
  ///
  /// - Parameter taken: A bit for each item, all 0 before and after.
  private func draw(_ user: Int, _ taken: inout [UInt64], into list: UnsafeMutableBufferPointer<Int32>) {
    var list = list
    let stream = stream.substream(user)
    let positives = positives(of: user)
    let left = split.itemCount - positives.count
    for place in list.indices {
      let last = left - list.count + place
      let number = stream.integer(below: last + 1, at: UInt64(place))
      let isTaken = taken[number / 64] >> UInt64(number % 64) & 1 == 1
      let chosen = isTaken ? last : number
      taken[chosen / 64] |= 1 << UInt64(chosen % 64)
      list[place] = Int32(chosen)
    }
    for chosen in list { taken[Int(chosen) / 64] = 0 }
    list.sort()
    var passed = 0
    for place in list.indices {
      while passed < positives.count, Int(positives[passed]) - passed <= Int(list[place]) { passed += 1 }
      list[place] += Int32(passed)
    }
  }

  /// The user's items of all parts, ascending; no pair is in two parts of a split.
  private func positives(of user: Int) -> [Int32] {
    let parts = [split.train.items(of: user), split.valid?.items(of: user) ?? [], split.test.items(of: user)]
    var result: [Int32] = []
    result.reserveCapacity(parts[0].count + parts[1].count + parts[2].count)
    for part in parts { result.append(contentsOf: part) }
    result.sort()
    return result
  }
}
