/// Interactions of users with items, with the identifiers they came with.
///
///     let data = try Dataset.open("gowalla")
///     let split = try data.split(.given())
///
/// A data set does not change: filters make new ones, splits refer to it. Rows are users, everywhere. At most one interaction
/// of a user with an item is kept; see `OpenOptions.Duplicates`.
public final class Dataset: Sendable, CustomStringConvertible {
  public let name: String
  /// All parts together.
  public let interactions: InteractionMatrix
  /// `[interactions.count]`, aligned with `interactions.items`; nil where the data has no ratings (or counts of plays).
  public let ratings: [Float]?
  /// `[interactions.count]`, in the file's unit, mostly seconds since 1970; nil where the data has none.
  public let timestamps: [Int64]?
  /// `[interactions.count]`: the part of the published split that an interaction belongs to; nil where the set is not cut.
  public let parts: [Part]?
  public let userIdentifiers: IdentifierMap
  public let itemIdentifiers: IdentifierMap
  /// Titles of items; nil where the data has none.
  public let titles: Titles?
  /// Names of users; nil where the data has none.
  public let userTitles: Titles?
  /// Published lists for sampled evaluation.
  public let candidates: CandidateLists?
  /// The right answer of a synthetic set.
  public let planted: PlantedInterests?
  /// Where the data came from and what was found on the way.
  public let provenance: Provenance

  init(
    name: String, interactions: InteractionMatrix, ratings: [Float]? = nil, timestamps: [Int64]? = nil,
    parts: [Part]? = nil, userIdentifiers: IdentifierMap, itemIdentifiers: IdentifierMap, titles: Titles? = nil,
    userTitles: Titles? = nil, candidates: CandidateLists? = nil, planted: PlantedInterests? = nil,
    provenance: Provenance = Provenance()
  ) {
    precondition(userIdentifiers.count == interactions.userCount && itemIdentifiers.count == interactions.itemCount)
    precondition(ratings.map { $0.count == interactions.count } ?? true)
    precondition(timestamps.map { $0.count == interactions.count } ?? true)
    precondition(parts.map { $0.count == interactions.count } ?? true)
    self.name = name
    self.interactions = interactions
    self.ratings = ratings
    self.timestamps = timestamps
    self.parts = parts
    self.userIdentifiers = userIdentifiers
    self.itemIdentifiers = itemIdentifiers
    self.titles = titles
    self.userTitles = userTitles
    self.candidates = candidates
    self.planted = planted
    self.provenance = provenance
  }

  /// A set of pairs made in memory, with identifiers "0", "1", ...; a repeated pair counts once.
  public convenience init(name: String, userCount: Int, itemCount: Int, users: [Int32], items: [Int32]) {
    self.init(
      name: name,
      interactions: InteractionMatrix(userCount: userCount, itemCount: itemCount, users: users, items: items),
      userIdentifiers: IdentifierMap(count: userCount), itemIdentifiers: IdentifierMap(count: itemCount))
  }

  /// The same set with one more warning.
  func adding(warning: String) -> Dataset {
    var provenance = provenance
    provenance.warnings.append(warning)
    return replacing(provenance: provenance)
  }

  func replacing(provenance: Provenance) -> Dataset {
    Dataset(
      name: name, interactions: interactions, ratings: ratings, timestamps: timestamps, parts: parts,
      userIdentifiers: userIdentifiers, itemIdentifiers: itemIdentifiers, titles: titles, userTitles: userTitles,
      candidates: candidates, planted: planted, provenance: provenance)
  }

  public var userCount: Int { interactions.userCount }
  public var itemCount: Int { interactions.itemCount }

  /// `Dataset(943 users, 1682 items, 100000 interactions)`
  public var description: String {
    "Dataset(\(userCount) users, \(itemCount) items, \(interactions.count) interactions)"
  }
}

/// Where a data set came from and what was found on the way.
public struct Provenance: Sendable, Equatable {
  /// The files that were read, in order.
  public var files: [String] = []
  /// The format they were in.
  public var format = ""
  /// A hash of the files' bytes: the same data, the same number.
  public var contentHash: UInt64 = 0
  /// Repeated interactions of a user with an item that were left out.
  public var duplicates = 0
  /// Lines that were left out because they were wrong.
  public var badLines = 0
  /// The first few of them, as messages.
  public var badLineExamples: [String] = []
  /// Anything a reader of results should know, such as how titles were matched.
  public var notes: [String] = []
  /// Whether the set came out of the cache.
  public var cached = false
  /// What went wrong without harm to the data, such as a cache that could not be written.
  public var warnings: [String] = []

  public init() {}
}

/// Titles of items, or names of users, by dense number.
public struct Titles: Sendable {
  let table: TextTable

  init(_ table: TextTable) { self.table = table }

  /// How many have a title.
  public var count: Int {
    (0..<table.count).count { table.offsets[$0 + 1] > table.offsets[$0] }
  }

  /// The title of a dense number, or nil where there is none.
  public subscript(index: Int) -> String? {
    let text = table.text(at: index)
    return text.isEmpty ? nil : text
  }
}

extension Dataset {
  /// Tells data sets with the same users and items, in the same order, from others.
  package var identifierHash: UInt64 {
    var hash = ContentHash()
    for map in [userIdentifiers, itemIdentifiers] {
      for index in 0..<map.count {
        map.bytes(at: index).withUnsafeBytes { hash.update($0) }
        hash.update("\n")
      }
      hash.update("\n")
    }
    return hash.value
  }

  /// `provenance.contentHash` as sixteen hexadecimal digits.
  public var checksum: String { hexadecimal(provenance.contentHash) }
}
