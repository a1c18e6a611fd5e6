import Platform

/// Interactions in the order of their files, on their way to a `Dataset`.
///
/// Memory while it grows: 8 bytes an interaction, 4 more with ratings, 8 more with times; `finish` adds 5 at its peak.
struct InteractionBuilder {
  var users = IdentifierBuilder()
  var items = IdentifierBuilder()
  private(set) var userNumbers: [Int32] = []
  private(set) var itemNumbers: [Int32] = []
  var ratings: [Float] = []
  var timestamps: [Int64] = []
  /// The files read so far, each with its part (nil where the set is not cut) and the row behind its last.
  private var files: [(file: String, part: Part?, end: Int)] = []

  var count: Int { itemNumbers.count }

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

  /// Sorts into rows, treats duplicates, gives identifiers their final order, and lets the rows go.
  ///
  /// - Parameter isInterrupted: Is asked now and then; true ends the work with `DataError.interrupted`.
  mutating func finish(
    _ options: OpenOptions, isInterrupted: () -> Bool = { false }
  ) throws(DataError) -> SortedInteractions {
    guard count <= Int(Int32.max) else {
      throw .impossible(
        what: "\(count) interactions are more than 2147483647", remedy: "cut the data into several sets")
    }
    if isInterrupted() { throw .interrupted }
    let (userMap, itemMap) = try finishIdentifiers(options.catalog)
    let (order, rowOffsets) = rowOrder(userCount: userMap.count)
    if isInterrupted() { throw .interrupted }
    let total = count
    userNumbers = []
    let sorted = try gather(order, rowOffsets, total, userMap, itemMap, options)
    itemNumbers = []
    ratings = []
    timestamps = []
    return sorted
  }

  /// A time or a price in the column of users makes a catalog of a thousand million of them.
  private func checkRange(_ kind: String, highest: Int64) throws(DataError) {
    guard highest < Int64(Int32.max) else {
      throw .impossible(
        what: "catalog = \"range\" needs identifiers below 2147483647, found \(highest)",
        remedy: "use catalog = \"seen\"")
    }
    guard Catalog.isCredible(Int(highest) + 1, interactions: count) else {
      throw .impossible(
        what:
          "catalog = \"range\" makes \(highest + 1) \(kind) of \(count) interactions: the highest identifier is \(highest)",
        remedy: "use catalog = \"seen\", or say with columns which column holds the \(kind)")
    }
  }

  private mutating func finishIdentifiers(
    _ catalog: OpenOptions.Catalog
  ) throws(DataError) -> (IdentifierMap, IdentifierMap) {
    let wholeRange = catalog == .range
    for (kind, builder) in [("users", users), ("items", items)] where wholeRange && !builder.hasText {
      try checkRange(kind, highest: builder.highestValue)
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

  /// The rows by user, then item, then position, and where each user's begin.
  private func rowOrder(userCount: Int) -> (order: [Int32], rowOffsets: [Int]) {
    var offsets = [Int](repeating: 0, count: userCount + 1)
    for user in userNumbers { offsets[Int(user) + 1] += 1 }
    for user in 0..<userCount { offsets[user + 1] += offsets[user] }
    let order = [Int32](unsafeUninitializedCapacity: count) { order, initialized in
      var cursor = offsets
      for row in 0..<count {
        let user = Int(userNumbers[row])
        order[cursor[user]] = Int32(row)
        cursor[user] += 1
      }
      var keys: [UInt64] = []
      for user in 0..<userCount {
        sortRow(UnsafeMutableBufferPointer(rebasing: order[offsets[user]..<offsets[user + 1]]), &keys)
      }
      initialized = count
    }
    return (order, offsets)
  }

  /// Sorts one user's rows by item and position; they come in the order of position.
  private func sortRow(_ row: UnsafeMutableBufferPointer<Int32>, _ keys: inout [UInt64]) {
    var isSorted = true
    for place in 1..<max(1, row.count) where itemNumbers[Int(row[place - 1])] > itemNumbers[Int(row[place])] {
      isSorted = false
      break
    }
    if isSorted { return }
    keys.removeAll(keepingCapacity: true)
    for position in row { keys.append(UInt64(itemNumbers[Int(position)]) << 32 | UInt64(position)) }
    keys.sort()
    for (place, key) in keys.enumerated() { row[place] = Int32(truncatingIfNeeded: key) }
  }

  private func part(of row: Int32) -> Part {
    for file in files where row < file.end { return file.part ?? .train }
    return .train
  }

  /// Walks the ordered rows, keeps one of each run of duplicates and writes the matrix.
  private func gather(
    _ order: [Int32], _ offsets: [Int], _ total: Int, _ userMap: IdentifierMap, _ itemMap: IdentifierMap,
    _ options: OpenOptions
  ) throws(DataError) -> SortedInteractions {
    let hasRatings = ratings.count == total && total > 0
    let hasTimes = timestamps.count == total && total > 0
    let isCut = files.contains { $0.part != nil }
    var sorted = SortedInteractions(users: userMap, items: itemMap)
    sorted.rowOffsets = [Int](repeating: 0, count: userMap.count + 1)
    sorted.columns.reserveCapacity(total)
    if hasRatings { sorted.ratings = [] }
    if hasTimes { sorted.timestamps = [] }
    if isCut { sorted.parts = [] }
    for user in 0..<userMap.count {
      var position = offsets[user]
      while position < offsets[user + 1] {
        var kept = Int(order[position])
        let item = itemNumbers[kept]
        var end = position + 1
        while end < offsets[user + 1], itemNumbers[Int(order[end])] == item { end += 1 }
        if end > position + 1 {
          kept = try resolve(order[position..<end], options, user: user, sorted)
          sorted.duplicates += end - position - 1
        }
        sorted.columns.append(item)
        if hasRatings { sorted.ratings!.append(ratings[kept]) }
        if hasTimes { sorted.timestamps!.append(timestamps[kept]) }
        if isCut { sorted.parts!.append(part(of: Int32(kept))) }
        position = end
      }
      sorted.rowOffsets[user + 1] = sorted.columns.count
    }
    return sorted
  }

  private func resolve(
    _ rows: ArraySlice<Int32>, _ options: OpenOptions, user: Int, _ sorted: SortedInteractions
  ) throws(DataError) -> Int {
    let first = rows.first!
    func pair() -> String {
      let item = Int(itemNumbers[Int(first)])
      return "user \(quoted(sorted.users.bytes(at: user))) has item \(quoted(sorted.items.bytes(at: item)))"
    }
    var candidates = rows
    let earliest = part(of: first)
    let latest = part(of: rows.last!)
    if earliest != latest {
      if options.overlap == .error {
        throw .impossible(
          what: "\(pair()) in \(file(of: first)) and again in \(file(of: rows.last!))",
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
        what: "\(file(of: first)): \(pair()) \(candidates.count) times",
        remedy: "correct the file or pass duplicates = \"first\", \"last\" or \"max\"")
    case .max:
      guard ratings.count == itemNumbers.count else { return Int(candidates.first!) }
      var best = Int(candidates.first!)
      for row in candidates where ratings[Int(row)] > ratings[best] { best = Int(row) }
      return best
    }
  }

  private func file(of row: Int32) -> String {
    for file in files where row < file.end { return shownPath(file.file) }
    return "the data"
  }
}

/// How many users or items there may be of which nothing but the highest number is known.
enum Catalog {
  /// More than 32 for each interaction, beyond the first millions, are a mistake or damage: no set is like that, and the memory for
  /// them is not decided by the size of the file.
  static func isCredible(_ count: Int, interactions: Int) -> Bool {
    count <= 1 << 22 || count / 32 <= interactions
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
