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

  /// Called for every batch on one thread: nothing is allocated once the arrays have grown.
  mutating func group(_ batch: UnsafePointer<Int32>, count: Int) {
    users.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    // Two more than slots: a slot's rows are counted two places on, so that it can serve as cursor one place on.
    offsets.append(0)
    offsets.append(0)
    slotOfUser.withUnsafeMutableBufferPointer { slotOfUser in
      for row in 0..<count {
        let user = Int(batch[row])
        var slot = slotOfUser[user]
        if slot < 0 {
          slot = Int32(users.count)
          slotOfUser[user] = slot
          users.append(Int32(user))
          offsets.append(0)
        }
        slots.append(slot)
        offsets[Int(slot) + 2] += 1
      }
      for user in users { slotOfUser[Int(user)] = -1 }
    }
    for slot in 2..<offsets.count { offsets[slot] += offsets[slot - 1] }
    if members.count != count { members = [Int32](repeating: 0, count: count) }
    members.withUnsafeMutableBufferPointer { members in
      for row in 0..<count {
        let slot = Int(slots[row]) + 1
        members[Int(offsets[slot])] = Int32(row)
        offsets[slot] += 1
      }
    }
    offsets.removeLast()
  }
}

extension BatchGroups {
  /// Every user of a range with its rows of the batch, most with none.
  func membersByUser(in range: Range<Int>) -> (users: [Int32], offsets: [Int32], members: [Int32]) {
    var slots = [Int](repeating: -1, count: range.count)
    for (slot, user) in users.enumerated() where range.contains(Int(user)) {
      slots[Int(user) - range.lowerBound] = slot
    }
    var rowOffsets: [Int32] = [0]
    var rows: [Int32] = []
    for slot in slots {
      if slot >= 0 { rows += members[Int(offsets[slot])..<Int(offsets[slot + 1])] }
      rowOffsets.append(Int32(rows.count))
    }
    return (range.map(Int32.init), rowOffsets, rows)
  }
}
