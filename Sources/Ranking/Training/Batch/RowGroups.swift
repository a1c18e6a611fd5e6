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
    resize(&slots, to: count)
    resize(&members, to: count)
    findRows(list, count)
    // A slot's places are counted two entries on, so that the one after it serves as its cursor.
    resize(&offsets, to: rows.count + 2)
    offsets.withUnsafeMutableBufferPointer { offsets in
      offsets.update(repeating: 0)
      slots.withUnsafeBufferPointer { slots in
        for slot in slots { offsets[Int(slot) + 2] += 1 }
        for slot in 2..<max(2, offsets.count) { offsets[slot] += offsets[slot - 1] }
        members.withUnsafeMutableBufferPointer { members in
          for place in 0..<count {
            let cursor = Int(slots[place]) + 1
            members[Int(offsets[cursor])] = Int32(place)
            offsets[cursor] += 1
          }
        }
      }
    }
    offsets.removeLast()
  }

  /// Gives each distinct row a slot, in order of first appearance.
  private mutating func findRows(_ list: UnsafePointer<Int32>, _ count: Int) {
    resize(&rows, to: count)
    var found = 0
    rows.withUnsafeMutableBufferPointer { rows in
      slots.withUnsafeMutableBufferPointer { slots in
        slotOfRow.withUnsafeMutableBufferPointer { slotOfRow in
          for place in 0..<count {
            let row = list[place]
            var slot = slotOfRow[Int(row)]
            if slot < 0 {
              slot = Int32(found)
              slotOfRow[Int(row)] = slot
              rows[found] = row
              found += 1
            }
            slots[place] = slot
          }
          for place in 0..<found { slotOfRow[Int(rows[place])] = -1 }
        }
      }
    }
    rows.removeLast(count - found)
  }

  private func resize(_ array: inout [Int32], to count: Int) {
    if array.count > count {
      array.removeLast(array.count - count)
    } else {
      array.append(contentsOf: repeatElement(0, count: count - array.count))
    }
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
