import Platform
import Synchronization

/// A split as a folder of text files, for other programs and to be opened again.
///
///     train.csv valid.csv test.csv       user,item[,rating][,timestamp], a pair a line in the order of the split
///     user_catalog.csv item_catalog.csv  all identifiers in their order, with titles where there are any
///     candidates.txt                     user item item ..., where the split has published lists
///     README.txt                         what it is
///
/// Read back, it is the same split to the bit: catalogs keep the order of users and items, and those that have no interactions.
enum SavedSplit {
  static let users = "user_catalog.csv"
  static let items = "item_catalog.csv"
  private static let candidates = "candidates.txt"
  private static let about = "README.txt"
  private static let names = Set(Part.allCases.map { file($0) } + [users, items, candidates, about])

  private static func file(_ part: Part) -> String { "\(part.name).csv" }

  /// Sets one process's drafts apart.
  private static let count = Atomic<Int>(0)

  /// Writes all files into a hidden folder beside the place, which then gets the name.
  static func write(_ split: Split, to place: String, isInterrupted: () -> Bool) throws(DataError) {
    var place = place
    while place.count > 1, place.hasSuffix("/") { place.removeLast() }
    try check(split)
    try check(place)
    try mend(place)
    let mark = ".tmp-\(getpid())-\(count.add(1, ordering: .relaxed).newValue)"
    let (draft, old) = (place + mark, "\(place).old\(mark)")
    defer { FileSystem.remove(draft) }
    try FileSystem.makeFolders(draft)
    try fill(draft, split, isInterrupted)
    let isReplacing = FileSystem.kind(place) != nil
    if isReplacing, rename(place, old) != 0 { throw DataError.system(place, "cannot be replaced") }
    guard rename(draft, place) == 0 else {
      let error = DataError.system(place, "cannot be made")
      if isReplacing { _ = rename(old, place) }
      throw error
    }
    if isReplacing { FileSystem.remove(old) }
  }

  /// Tidies up after processes that were ended while they saved here. One that ended between the two renamings left what was there
  /// under its other name.
  private static func mend(_ place: String) throws(DataError) {
    let name = baseName(place)
    let folder = String(place.dropLast(name.count))
    guard FileSystem.kind(folder.isEmpty ? "." : folder) == .folder else { return }
    for found in try FileSystem.list(folder.isEmpty ? "." : folder, hidden: true) {
      guard let mark = ["\(name).tmp-", "\(name).old.tmp-"].first(where: found.hasPrefix),
        let process = Int32(found.dropFirst(mark.count).prefix { $0 != "-" }), !isRunning(process)
      else { continue }
      if mark.hasSuffix(".old.tmp-"), FileSystem.kind(place) == nil, rename(folder + found, place) == 0 { continue }
      FileSystem.remove(folder + found)
    }
  }

  /// Refuses a place that holds anything but an earlier save.
  private static func check(_ place: String) throws(DataError) {
    if let obstacle = FileSystem.obstacle(place) { throw obstacle }
    guard let kind = FileSystem.kind(place) else { return }
    guard kind == .folder else {
      throw .badFile(file: place, problem: "is a file", remedy: "give the name of a folder for the split")
    }
    let strange = try FileSystem.list(place, hidden: true).filter { !names.contains($0) }
    if let first = strange.first {
      throw .badFile(
        file: place, problem: "holds something else than a saved split: \(shown(first, limit: 60))",
        remedy: "give a new folder")
    }
  }

  private static func fill(_ folder: String, _ split: Split, _ isInterrupted: () -> Bool) throws(DataError) {
    let data = split.dataset
    for part in Part.allCases {
      if isInterrupted() { throw .interrupted }
      guard let matrix = split.matrix(of: part) else { continue }
      try write("\(folder)/\(file(part))") { text throws(FileRefusal) in try addPairs(matrix, data, to: &text) }
    }
    try write("\(folder)/\(users)") { text throws(FileRefusal) in
      try addCatalog("user", data.userIdentifiers, data.userTitles, to: &text)
    }
    try write("\(folder)/\(items)") { text throws(FileRefusal) in
      try addCatalog("item", data.itemIdentifiers, data.titles, to: &text)
    }
    if let lists = split.candidates {
      try write("\(folder)/\(candidates)") { text throws(FileRefusal) in try addCandidates(lists, data, to: &text) }
    }
    try write("\(folder)/\(about)") { text throws(FileRefusal) in try text.add(description(split)) }
  }

  private static func write(
    _ path: String, _ body: (inout DraftText) throws(FileRefusal) -> Void
  ) throws(DataError) {
    do throws(FileRefusal) {
      var text = try DraftText(path)
      try body(&text)
      try text.finish()
    } catch { throw DataError(error) }
  }

  private static func addPairs(
    _ matrix: InteractionMatrix, _ data: Dataset, to text: inout DraftText
  ) throws(FileRefusal) {
    let extras = (data.ratings == nil ? "" : ",rating") + (data.timestamps == nil ? "" : ",timestamp")
    try text.add("user,item\(extras)\n")
    for user in 0..<matrix.userCount {
      let name = data.userIdentifiers.bytes(at: user)
      for item in matrix.items(of: user) {
        try text.addField(name)
        try text.add(",")
        try text.addField(data.itemIdentifiers.bytes(at: Int(item)))
        let place = data.interactions.position(user: user, item: item)!
        if let ratings = data.ratings { try text.add(",\(exact(ratings[place]))") }
        if let timestamps = data.timestamps { try text.add(",\(timestamps[place])") }
        try text.add("\n")
      }
    }
  }

  /// The shortest text that the readers, which go by way of double precision, make the same number of.
  private static func exact(_ rating: Float) -> String {
    if let whole = Int(exactly: rating), whole != 0, abs(whole) < 1 << 24 { return "\(whole)" }
    let short = "\(rating)"
    return Double(short).map { Float($0) } == rating ? short : "\(Double(rating))"
  }

  private static func addCatalog(
    _ kind: String, _ identifiers: IdentifierMap, _ titles: Titles?, to text: inout DraftText
  ) throws(FileRefusal) {
    try text.add(titles == nil ? "\(kind)\n" : "\(kind),title\n")
    for index in 0..<identifiers.count {
      try text.addField(identifiers.bytes(at: index))
      if let titles {
        try text.add(",")
        // A line has no place for line ends.
        try text.addField((titles[index] ?? "").utf8.map { [0, 10, 13].contains($0) ? 32 : $0 })
      }
      try text.add("\n")
    }
  }

  private static func addCandidates(
    _ lists: CandidateLists, _ data: Dataset, to text: inout DraftText
  ) throws(FileRefusal) {
    for user in 0..<lists.userCount where !lists.items(of: user).isEmpty {
      try text.add(data.userIdentifiers.bytes(at: user))
      for item in lists.items(of: user) {
        try text.add(" ")
        try text.add(data.itemIdentifiers.bytes(at: Int(item)))
      }
      try text.add("\n")
    }
  }

  private static func description(_ split: Split) -> String {
    let parts = Part.allCases.compactMap { part in split.matrix(of: part).map { "\($0.count) \(part.name)" } }
    return """
      \(shown(split.dataset.name, limit: 200)), split by \(split.rule)
      \(split.userCount) users, \(split.itemCount) items; \(parts.joined(separator: ", "))
      The data's checksum: \(split.dataset.checksum)

      Written by Perigee. perigee.data.open reads the folder, and :split { kind = "given" } gives the split back.

      """
  }

  /// Refuses what the files cannot hold, before any is written.
  private static func check(_ split: Split) throws(DataError) {
    let data = split.dataset
    for (kind, identifiers) in [("user", data.userIdentifiers), ("item", data.itemIdentifiers)]
    where !identifiers.areNumbers {
      for index in 0..<identifiers.count {
        let bytes = identifiers.bytes(at: index)
        guard let problem = problem(bytes, isListed: split.candidates != nil) else { continue }
        throw .impossible(
          what: "save: \(kind) \(quoted(bytes)) \(problem), which the files cannot hold",
          remedy: "give another identifier")
      }
    }
  }

  private static func problem(_ identifier: [UInt8], isListed: Bool) -> String? {
    guard let first = identifier.first, let last = identifier.last else { return "is empty" }
    if identifier.contains(where: { [0, 10, 13].contains($0) }) { return "has a line end or a NUL in its identifier" }
    if first <= 32 || last <= 32 { return "has a space around its identifier" }
    guard isListed else { return nil }
    if identifier.contains(where: { [9, 32].contains($0) }) { return "has a space in its identifier and candidates" }
    return first == UInt8(ascii: "(") ? "begins like a pair and has candidates" : nil
  }
}

extension Split {
  /// The pairs of a part; nil where there is no validation part.
  public func matrix(of part: Part) -> InteractionMatrix? {
    switch part {
    case .train: train
    case .valid: valid
    case .test: test
    }
  }

  /// Writes the split as a folder of text files that `Dataset.open` reads back as the same given split, to the bit: the same users
  /// and items in the same order, those without interactions too, with ratings, times, titles and candidates. A folder gets its name
  /// only when it is whole; an earlier save is replaced.
  ///
  /// What is in no part is not written, nor are the planted interests of synthetic data; line ends in titles become spaces.
  ///
  /// - Throws: `DataError` where the folder holds anything else, cannot be written, or an identifier cannot stand in a line.
  /// - Complexity: O(pairs log row).
  public func save(to folder: String, isInterrupted: () -> Bool = { false }) throws(DataError) {
    try SavedSplit.write(self, to: folder, isInterrupted: isInterrupted)
  }
}
