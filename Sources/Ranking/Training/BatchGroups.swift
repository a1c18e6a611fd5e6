/// Which rows of a batch belong to which user, in the order of the batch.
struct BatchGroups {
  /// Distinct users in order of first appearance.
  private(set) var users: [Int32] = []
  /// Rows of user i: `members[offsets[i]..<offsets[i + 1]]`, ascending.
  private(set) var offsets: [Int32] = [0]
  private(set) var members: [Int32] = []
  private var slotOfUser: [Int32]
  private var slots: [Int32] = []

  init(userCount: Int) { slotOfUser = [Int32](repeating: -1, count: userCount) }

  mutating func group(_ batch: UnsafePointer<Int32>, count: Int) {
    users.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
    for row in 0..<count {
      let user = Int(batch[row])
      if slotOfUser[user] < 0 {
        slotOfUser[user] = Int32(users.count)
        users.append(Int32(user))
      }
      slots.append(slotOfUser[user])
    }
    offsets = [Int32](repeating: 0, count: users.count + 1)
    for slot in slots { offsets[Int(slot) + 1] += 1 }
    for slot in 0..<users.count { offsets[slot + 1] += offsets[slot] }
    var cursor = offsets
    members = [Int32](repeating: 0, count: count)
    for (row, slot) in slots.enumerated() {
      members[Int(cursor[Int(slot)])] = Int32(row)
      cursor[Int(slot)] += 1
    }
    for user in users { slotOfUser[Int(user)] = -1 }
  }
}
