import Platform

/// Interactions that a program has in memory, a column for each of their properties.
public struct InteractionColumns: Sendable {
  /// The identifier of a user or item: `.number(7)` and `.text("7")` are the same, as they are in a file.
  public enum Identifier: Sendable, Hashable {
    case number(Int)
    /// Not empty.
    case text([UInt8])
  }

  public var users: [Identifier]
  public var items: [Identifier]
  /// Finite.
  public var ratings: [Float]?
  public var timestamps: [Int64]?

  public init(users: [Identifier], items: [Identifier], ratings: [Float]? = nil, timestamps: [Int64]? = nil) {
    self.users = users
    self.items = items
    self.ratings = ratings
    self.timestamps = timestamps
  }
}

extension Dataset {
  /// A set of interactions in memory, with the identifiers, order and treatment of repeated pairs that a file of the same rows has.
  ///
  /// - Throws: `DataError.impossible` where columns differ in length, or are empty.
  /// - Complexity: O(interactions log row).
  public convenience init(
    _ columns: InteractionColumns, name: String, duplicates: OpenOptions.Duplicates = .first,
    isInterrupted: () -> Bool = { false }
  ) throws(DataError) {
    try columns.check()
    var rows = InteractionBuilder()
    var content = ContentHash()
    rows.reserve(columns.users.count)
    for index in columns.users.indices {
      if index % 65_536 == 0, isInterrupted() { throw .interrupted }
      rows.append(
        user: columns.users[index].number(in: &rows.users, &content),
        item: columns.items[index].number(in: &rows.items, &content))
    }
    rows.ratings = columns.ratings ?? []
    rows.timestamps = columns.timestamps ?? []
    rows.ratings.withUnsafeBytes { content.update($0) }
    rows.timestamps.withUnsafeBytes { content.update($0) }
    rows.endFile(name, part: nil)
    var options = OpenOptions()
    options.duplicates = duplicates
    let sorted = try rows.finish(options, isInterrupted: isInterrupted)
    var provenance = Provenance()
    provenance.format = "columns"
    provenance.contentHash = content.value
    provenance.duplicates = sorted.duplicates
    self.init(
      name: name,
      interactions: InteractionMatrix(
        userCount: sorted.users.count, itemCount: sorted.items.count, rowOffsets: sorted.rowOffsets,
        items: sorted.columns),
      ratings: sorted.ratings, timestamps: sorted.timestamps, userIdentifiers: sorted.users,
      itemIdentifiers: sorted.items, provenance: provenance)
  }
}

extension InteractionColumns {
  fileprivate func check() throws(DataError) {
    guard !users.isEmpty else {
      throw .impossible(what: "users is empty", remedy: "give a user and an item for each interaction")
    }
    for (name, count) in [("items", items.count), ("ratings", ratings?.count), ("times", timestamps?.count)] {
      guard let count, count != users.count else { continue }
      throw .impossible(
        what: "users has \(users.count) entries and \(name) has \(count)",
        remedy: "give as many of each, one for each interaction")
    }
  }
}

extension InteractionColumns.Identifier {
  fileprivate func number(in builder: inout IdentifierBuilder, _ content: inout ContentHash) -> Int32 {
    let bytes =
      switch self {
      case .number(let value): Array(String(value).utf8)
      case .text(let bytes): bytes
      }
    return bytes.withUnsafeBytes { raw in
      content.update(raw)
      content.update("\n")
      return builder.number(of: raw)
    }
  }
}
