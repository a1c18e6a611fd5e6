/// The rows of a batch that have the same user.
struct UserGroups {
  /// Of each row; groups are numbered in the order of their first row.
  private var groupOfRow: [Int32] = []
  private var groupCount = 0
  /// Open addressing by user: the user's first row, or -1.
  private var slots: [Int32] = []
  /// Of each group its sum, count or largest number, while it is found.
  private var perGroup: [Double] = []

  /// The group of each row.
  var segments: [Int] { groupOfRow.map(Int.init) }
  var count: Int { groupCount }

  mutating func find(_ users: UnsafePointer<Int32>, count: Int) {
    var capacity = 16
    while capacity < 2 * count { capacity *= 2 }
    slots.removeAll(keepingCapacity: true)
    slots.append(contentsOf: repeatElement(-1, count: capacity))
    groupOfRow.removeAll(keepingCapacity: true)
    groupCount = 0
    for row in 0..<count {
      var slot = Int(UInt32(bitPattern: users[row]) &* 2_654_435_769) & (capacity - 1)
      while slots[slot] >= 0, users[Int(slots[slot])] != users[row] { slot = (slot + 1) & (capacity - 1) }
      if slots[slot] < 0 {
        slots[slot] = Int32(row)
        groupOfRow.append(Int32(groupCount))
        groupCount += 1
      } else {
        groupOfRow.append(groupOfRow[Int(slots[slot])])
      }
    }
  }

  /// For each row the sum over its group, in the order of rows.
  mutating func sums(of rows: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    perGroup.removeAll(keepingCapacity: true)
    perGroup.append(contentsOf: repeatElement(0, count: groupCount))
    for (row, group) in groupOfRow.enumerated() { perGroup[Int(group)] += Double(rows[row]) }
    for (row, group) in groupOfRow.enumerated() { result[row] = Float(perGroup[Int(group)]) }
  }

  /// For each row the largest number of its group; NaN where one of them is.
  mutating func maxima(of rows: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    perGroup.removeAll(keepingCapacity: true)
    perGroup.append(contentsOf: repeatElement(-.infinity, count: groupCount))
    for (row, group) in groupOfRow.enumerated() {
      let number = Double(rows[row])
      if number > perGroup[Int(group)] || number.isNaN { perGroup[Int(group)] = number }
    }
    for (row, group) in groupOfRow.enumerated() { result[row] = Float(perGroup[Int(group)]) }
  }

  mutating func counts(into result: UnsafeMutablePointer<Float>) {
    perGroup.removeAll(keepingCapacity: true)
    perGroup.append(contentsOf: repeatElement(0, count: groupCount))
    for group in groupOfRow { perGroup[Int(group)] += 1 }
    for (row, group) in groupOfRow.enumerated() { result[row] = Float(perGroup[Int(group)]) }
  }
}

/// Position of each number in ascending order, from 1; of equal ones the first comes first, NaN comes last.
func writeRanks(of values: UnsafeBufferPointer<Float>, to ranks: UnsafeMutablePointer<Float>) {
  let order = values.indices.sorted {
    let (a, b) = (values[$0], values[$1])
    if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? $0 < $1 : b.isNaN }
    return a == b ? $0 < $1 : a < b
  }
  for (position, index) in order.enumerated() { ranks[index] = Float(position + 1) }
}
