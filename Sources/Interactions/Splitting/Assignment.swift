import Tensors

extension Dataset {
  /// Calls `body` with each user and the parts of the user's interactions, all `train` at first.
  func assignEachUser(_ body: (Int, inout UnsafeMutableBufferPointer<Part>) -> Void) -> [Part] {
    [Part](unsafeUninitializedCapacity: interactions.count) { buffer, initialized in
      initialized = interactions.count
      buffer.update(repeating: .train)
      for user in 0..<userCount {
        let range = interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1]
        if range.isEmpty { continue }
        var row = UnsafeMutableBufferPointer(rebasing: buffer[range])
        body(user, &row)
      }
    }
  }

  /// Gives each part its count of randomly drawn interactions of a row.
  func draw(_ row: inout UnsafeMutableBufferPointer<Part>, _ wanted: [(part: Part, count: Int)], _ stream: RandomStream)
  {
    let total = wanted.reduce(0) { $0 + $1.count }
    give(&row, shuffledPrefix(total, of: row.count, stream), wanted)
  }

  /// Gives each part its count of the places of a row, in order.
  func give(
    _ row: inout UnsafeMutableBufferPointer<Part>, _ places: [Int], _ wanted: [(part: Part, count: Int)]
  ) {
    var places = places[...]
    for (part, count) in wanted {
      for place in places.prefix(count) { row[place] = part }
      places = places.dropFirst(count)
    }
  }

  /// The places of a user's row, the latest first; the stream decides between equally late ones.
  func latestFirst(_ user: Int, _ times: [Int64], _ stream: RandomStream) -> [Int] {
    let row = interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1]
    return (0..<row.count).sorted { one, other in
      let (a, b) = (times[row.lowerBound + one], times[row.lowerBound + other])
      if a != b { return a > b }
      let (c, d) = (stream.bits(at: UInt64(one)), stream.bits(at: UInt64(other)))
      return c != d ? c > d : one < other
    }
  }

  /// Moves a share of each user's train part to valid, leaving at least one interaction.
  func takeValidation(_ share: Double, _ stream: RandomStream, _ assigned: inout [Part]) {
    for user in 0..<userCount {
      let row = interactions.rowOffsets[user]..<interactions.rowOffsets[user + 1]
      let trained = row.filter { assigned[$0] == .train }
      if trained.isEmpty { continue }
      let kept = max(1, Int(((1 - share) * Double(trained.count)).rounded(.toNearestOrEven)))
      for index in shuffledPrefix(trained.count - kept, of: trained.count, stream.substream(user)) {
        assigned[trained[index]] = .valid
      }
    }
  }

  func check(share: Double, _ name: String) throws(DataError) {
    guard share >= 0, share < 1 else {
      throw .impossible(what: "split: \(name) is \(share)", remedy: "give a share of at least 0 and below 1")
    }
  }

  func check(test: Double, valid: Double) throws(DataError) {
    try check(share: test, "test")
    try check(share: valid, "valid")
    guard test + valid < 1 else {
      throw .impossible(
        what: "split: test = \(test) and valid = \(valid) leave nothing to train on",
        remedy: "give shares whose sum is below 1")
    }
  }
}

/// The first `prefix` places of a random permutation of `0..<count` (Fisher and Yates).
func shuffledPrefix(_ prefix: Int, of count: Int, _ stream: RandomStream) -> [Int] {
  if prefix <= 0 { return [] }
  var places = Array(0..<count)
  for place in 0..<min(prefix, count) {
    places.swapAt(place, place + stream.integer(below: count - place, at: UInt64(place)))
  }
  return Array(places.prefix(prefix))
}

extension InteractionMatrix {
  /// The pairs of one part; `parts` is aligned with `items`. Rows of `dropped` users are empty.
  func selecting(_ parts: [Part], _ part: Part, without dropped: Set<Int> = []) -> InteractionMatrix {
    var offsets = [Int](repeating: 0, count: userCount + 1)
    var kept: [Int32] = []
    kept.reserveCapacity(parts.count { $0 == part })
    for user in 0..<userCount {
      if dropped.isEmpty || !dropped.contains(user) {
        for position in rowOffsets[user]..<rowOffsets[user + 1] where parts[position] == part {
          kept.append(items[position])
        }
      }
      offsets[user + 1] = kept.count
    }
    return InteractionMatrix(userCount: userCount, itemCount: itemCount, rowOffsets: offsets, items: kept)
  }
}
