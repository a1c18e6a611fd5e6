/// Which places of a list name the same row: the rows of a batch by user, the rows that are gathered from a table.
struct RowGroups {
  /// Distinct rows in order of first appearance.
  private(set) var rows: [Int32] = []
  /// Places of row i: `members[offsets[i]..<offsets[i + 1]]`, ascending.
  private(set) var offsets: [Int32] = [0]
  private(set) var members: [Int32] = []
  private var slotOfRow: [Int32]
  /// For each place the number of its row among `rows`.
  private(set) var slots: [Int32] = []

  /// Bytes held.
  var byteCount: Int { 4 * (rows.capacity + offsets.capacity + members.count + slotOfRow.count + slots.capacity) }

  init(rowCount: Int) { slotOfRow = [Int32](repeating: -1, count: rowCount) }

  /// Called for every batch on one thread: nothing is allocated once the arrays have grown.
  mutating func group(_ list: UnsafePointer<Int32>, count: Int) {
    rows.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    // Two more than slots: a slot's rows are counted two places on, so that it can serve as cursor one place on.
    offsets.append(0)
    offsets.append(0)
    slotOfRow.withUnsafeMutableBufferPointer { slotOfRow in
      for place in 0..<count {
        let row = Int(list[place])
        var slot = slotOfRow[row]
        if slot < 0 {
          slot = Int32(rows.count)
          slotOfRow[row] = slot
          rows.append(Int32(row))
          offsets.append(0)
        }
        slots.append(slot)
        offsets[Int(slot) + 2] += 1
      }
      for row in rows { slotOfRow[Int(row)] = -1 }
    }
    for slot in 2..<offsets.count { offsets[slot] += offsets[slot - 1] }
    if members.count != count { members = [Int32](repeating: 0, count: count) }
    members.withUnsafeMutableBufferPointer { members in
      for place in 0..<count {
        let slot = Int(slots[place]) + 1
        members[Int(offsets[slot])] = Int32(place)
        offsets[slot] += 1
      }
    }
    offsets.removeLast()
  }
}

extension RowGroups {
  /// How many places each distinct row has.
  var counts: [Int] { rows.indices.map { Int(offsets[$0 + 1] - offsets[$0]) } }

  /// Every row of a range with its places, most with none.
  func membersByRow(in range: Range<Int>) -> (rows: [Int32], offsets: [Int32], members: [Int32]) {
    var slots = [Int](repeating: -1, count: range.count)
    for (slot, row) in rows.enumerated() where range.contains(Int(row)) {
      slots[Int(row) - range.lowerBound] = slot
    }
    var memberOffsets: [Int32] = [0]
    var places: [Int32] = []
    for slot in slots {
      if slot >= 0 { places += members[Int(offsets[slot])..<Int(offsets[slot + 1])] }
      memberOffsets.append(Int32(places.count))
    }
    return (range.map(Int32.init), memberOffsets, places)
  }
}
