/// Interactions in the order of their files, on their way to a `Dataset`.
///
/// Memory while it grows: 8 bytes an interaction, 4 more with ratings, 8 more with times; `finish` adds 8 at its peak.
struct InteractionBuilder {
  var users = IdentifierBuilder()
  var items = IdentifierBuilder()
  private(set) var userNumbers: [Int32] = []
  private(set) var itemNumbers: [Int32] = []
  var ratings: [Float] = []
  var timestamps: [Int64] = []
  /// The files read so far, each with its part (nil where the set is not cut) and the row behind its last.
  private var files: [(file: String, part: Part?, end: Int)] = []

  var count: Int { userNumbers.count }

  @inline(__always)
  mutating func append(user: Int32, item: Int32) {
    userNumbers.append(user)
    itemNumbers.append(item)
  }

  mutating func reserve(_ count: Int) {
    userNumbers.reserveCapacity(count)
    itemNumbers.reserveCapacity(count)
  }

  mutating func endFile(_ file: String, part: Part?) { files.append((file, part, count)) }

  /// Sorts into rows, treats duplicates, and gives identifiers their final order.
  mutating func finish(_ options: OpenOptions, catalogue: OpenOptions.Catalogue) throws(DataError) -> SortedInteractions
  {
    guard count <= Int(Int32.max) else {
      throw .impossible(
        what: "\(count) interactions are more than 2147483647", remedy: "cut the data into several sets")
    }
    let (userMap, itemMap) = try finishIdentifiers(catalogue)
    let order = rowOrder(userCount: userMap.count, itemCount: itemMap.count)
    return try gather(order, userMap, itemMap, options)
  }

  private mutating func finishIdentifiers(
    _ catalogue: OpenOptions.Catalogue
  ) throws(DataError) -> (IdentifierMap, IdentifierMap) {
    let wholeRange = catalogue == .range
    for highest in [users.highestValue, items.highestValue] where wholeRange && highest >= Int64(Int32.max) {
      throw .impossible(
        what: "catalogue = \"range\" needs identifiers below 2147483647, found \(highest)",
        remedy: "use catalogue = \"seen\"")
    }
    let (userMap, userRenumbering) = users.finish(wholeRange: wholeRange)
    let (itemMap, itemRenumbering) = items.finish(wholeRange: wholeRange)
    users = IdentifierBuilder()
    items = IdentifierBuilder()
    if let userRenumbering {
      for row in userNumbers.indices { userNumbers[row] = userRenumbering[Int(userNumbers[row])] }
    }
    if let itemRenumbering {
      for row in itemNumbers.indices { itemNumbers[row] = itemRenumbering[Int(itemNumbers[row])] }
    }
    itemRenumberingDone = itemRenumbering
    userRenumberingDone = userRenumbering
    return (userMap, itemMap)
  }

  /// For rows outside the interactions (candidates) that were numbered by `users` and `items` before `finish`.
  private(set) var userRenumberingDone: [Int32]?
  private(set) var itemRenumberingDone: [Int32]?

  /// The rows by user, then item, then position: two stable counting passes.
  private func rowOrder(userCount: Int, itemCount: Int) -> [Int32] {
    var cursor = [Int32](repeating: 0, count: max(userCount, itemCount) + 1)
    for item in itemNumbers { cursor[Int(item) + 1] += 1 }
    for item in 0..<itemCount { cursor[item + 1] += cursor[item] }
    let byItem = Self.permutation(count: count) { order in
      for row in 0..<count {
        let item = Int(itemNumbers[row])
        order[Int(cursor[item])] = Int32(row)
        cursor[item] += 1
      }
    }
    for index in cursor.indices { cursor[index] = 0 }
    for user in userNumbers { cursor[Int(user) + 1] += 1 }
    for user in 0..<userCount { cursor[user + 1] += cursor[user] }
    return Self.permutation(count: count) { order in
      for row in byItem {
        let user = Int(userNumbers[Int(row)])
        order[Int(cursor[user])] = row
        cursor[user] += 1
      }
    }
  }

  private static func permutation(count: Int, _ fill: (UnsafeMutableBufferPointer<Int32>) -> Void) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
      initialized = count
    }
  }

  private func part(of row: Int32) -> Part {
    for file in files where row < file.end { return file.part ?? .train }
    return .train
  }

  /// Walks the ordered rows, keeps one of each run of duplicates and writes the matrix.
  private mutating func gather(
    _ order: [Int32], _ userMap: IdentifierMap, _ itemMap: IdentifierMap, _ options: OpenOptions
  ) throws(DataError) -> SortedInteractions {
    let hasRatings = ratings.count == count && count > 0
    let hasTimes = timestamps.count == count && count > 0
    let isCut = files.contains { $0.part != nil }
    var sorted = SortedInteractions(users: userMap, items: itemMap)
    sorted.rowOffsets = [Int](repeating: 0, count: userMap.count + 1)
    sorted.columns.reserveCapacity(count)
    if hasRatings { sorted.ratings = [] }
    if hasTimes { sorted.timestamps = [] }
    if isCut { sorted.parts = [] }
    var position = 0
    while position < order.count {
      let row = Int(order[position])
      let user = userNumbers[row]
      let item = itemNumbers[row]
      var end = position + 1
      while end < order.count, userNumbers[Int(order[end])] == user, itemNumbers[Int(order[end])] == item { end += 1 }
      var kept = row
      if end > position + 1 {
        kept = try resolve(order[position..<end], options, sorted)
        sorted.duplicates += end - position - 1
      }
      sorted.columns.append(item)
      sorted.rowOffsets[Int(user) + 1] += 1
      if hasRatings { sorted.ratings!.append(ratings[kept]) }
      if hasTimes { sorted.timestamps!.append(timestamps[kept]) }
      if isCut { sorted.parts!.append(part(of: Int32(kept))) }
      position = end
    }
    for user in 0..<userMap.count { sorted.rowOffsets[user + 1] += sorted.rowOffsets[user] }
    return sorted
  }

  private func resolve(
    _ rows: ArraySlice<Int32>, _ options: OpenOptions, _ sorted: SortedInteractions
  ) throws(DataError) -> Int {
    let first = rows.first!
    let user = sorted.users.identifier(at: Int(userNumbers[Int(first)]))
    let item = sorted.items.identifier(at: Int(itemNumbers[Int(first)]))
    var candidates = rows
    let earliest = part(of: first)
    let latest = part(of: rows.last!)
    if earliest != latest {
      if options.overlap == .error {
        throw .impossible(
          what: "user \"\(user)\" has item \"\(item)\" in \(file(of: first)) and again in \(file(of: rows.last!))",
          remedy: "correct the split or pass overlap = \"earlier\" to keep it in the first of them only")
      }
      candidates = rows.prefix { part(of: $0) == earliest }
    }
    switch options.duplicates {
    case .first: return Int(candidates.first!)
    case .last: return Int(candidates.last!)
    case .error:
      if candidates.count == 1 { return Int(first) }
      throw .impossible(
        what: "\(file(of: first)): user \"\(user)\" has item \"\(item)\" \(candidates.count) times",
        remedy: "correct the file or pass duplicates = \"first\", \"last\" or \"max\"")
    case .max:
      guard ratings.count == count else { return Int(candidates.first!) }
      var best = Int(candidates.first!)
      for row in candidates where ratings[Int(row)] > ratings[best] { best = Int(row) }
      return best
    }
  }

  private func file(of row: Int32) -> String {
    for file in files where row < file.end { return file.file }
    return "the data"
  }
}

/// Interactions in rows by user, each row ascending by item and without duplicates.
struct SortedInteractions {
  let users: IdentifierMap
  let items: IdentifierMap
  var rowOffsets: [Int] = []
  var columns: [Int32] = []
  var ratings: [Float]?
  var timestamps: [Int64]?
  var parts: [Part]?
  var duplicates = 0

  init(users: IdentifierMap, items: IdentifierMap) {
    self.users = users
    self.items = items
  }
}
