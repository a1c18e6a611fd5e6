import Platform

/// A data set as it stands in a cache file: arrays whose checksum is right and which are not believed for that.
///
/// A file may come from another program, or from a fault of this one. What is used as a place in an array is checked against that
/// array before it is used once.
struct CachedDataset {
  private typealias Failure = CheckedFileReader.Failure

  private let shape: [UInt64]
  private let rowOffsets: [Int]
  private let items: [Int32]
  private let ratings: [Float]?
  private let timestamps: [Int64]?
  private let parts: [UInt8]?
  private let userIdentifiers: CachedIdentifiers
  private let itemIdentifiers: CachedIdentifiers
  private let titles: CachedTable?
  private let userTitles: CachedTable?
  private let candidateOffsets: [Int]?
  private let candidateItems: [Int32]?
  private let counts: [UInt64]
  private let format: [UInt8]
  private let examples: CachedTable?
  private let notes: CachedTable?

  init(_ reader: CheckedFileReader) throws(CheckedFileReader.Failure) {
    shape = try reader.read(UInt64.self)
    rowOffsets = try reader.read(Int.self)
    items = try reader.read(Int32.self)
    ratings = try reader.readOptional(Float.self)
    timestamps = try reader.readOptional(Int64.self)
    parts = try reader.readOptional(UInt8.self)
    userIdentifiers = try CachedIdentifiers(reader)
    itemIdentifiers = try CachedIdentifiers(reader)
    titles = try CachedTable(reader)
    userTitles = try CachedTable(reader)
    candidateOffsets = try reader.readOptional(Int.self)
    candidateItems = try reader.readOptional(Int32.self)
    counts = try reader.read(UInt64.self)
    format = try reader.read(UInt8.self)
    examples = try CachedTable(reader)
    notes = try CachedTable(reader)
    try reader.finish()
  }

  /// The set, or what contradicts itself in it.
  func dataset(name: String, provenance: Provenance) throws(CheckedFileReader.Failure) -> Dataset {
    let matrix = try matrix()
    for count in [ratings?.count, timestamps?.count, parts?.count] where count != nil && count != items.count {
      throw .damaged("it has \(items.count) interactions and \(count!) values for them")
    }
    // No reader lets one through, and no order of ratings knows where it stands.
    if let ratings, ratings.contains(where: \.isNaN) { throw .damaged("it has a rating that is not a number") }
    return Dataset(
      name: name, interactions: matrix, ratings: ratings, timestamps: timestamps, parts: try checkedParts(),
      userIdentifiers: try userIdentifiers.map(count: matrix.userCount),
      itemIdentifiers: try itemIdentifiers.map(count: matrix.itemCount),
      titles: try titles.map { table throws(Failure) in Titles(try table.table(count: matrix.itemCount)) },
      userTitles: try userTitles.map { table throws(Failure) in Titles(try table.table(count: matrix.userCount)) },
      candidates: try candidates(matrix), provenance: try whole(provenance))
  }

  private func matrix() throws(CheckedFileReader.Failure) -> InteractionMatrix {
    guard shape.count == 2, let userCount = Int(exactly: shape[0]), let itemCount = Int(exactly: shape[1]),
      itemCount <= Int(Int32.max), rowOffsets.count - 1 == userCount,
      ascends(rowOffsets, to: items.count), rowsAscend(itemCount: itemCount)
    else { throw .damaged("its interactions contradict themselves") }
    // Items without interactions take no place in the file, but in memory.
    do throws(MemoryError) {
      try Memory.require(itemCount, of: Int.self, for: "its catalog of \(itemCount) items")
    } catch {
      throw .damaged(error.description)
    }
    return InteractionMatrix(userCount: userCount, itemCount: itemCount, rowOffsets: rowOffsets, items: items)
  }

  private func rowsAscend(itemCount: Int) -> Bool {
    for user in 0..<rowOffsets.count - 1 {
      var previous: Int32 = -1
      for item in items[rowOffsets[user]..<rowOffsets[user + 1]] {
        guard item > previous else { return false }
        previous = item
      }
      guard Int(previous) < itemCount else { return false }
    }
    return true
  }

  private func checkedParts() throws(CheckedFileReader.Failure) -> [Part]? {
    guard let parts else { return nil }
    guard parts.allSatisfy({ Part(rawValue: $0) != nil }) else { throw .damaged("it has an unknown part") }
    return parts.map { Part(rawValue: $0)! }
  }

  private func candidates(_ matrix: InteractionMatrix) throws(CheckedFileReader.Failure) -> CandidateLists? {
    guard let candidateOffsets, let candidateItems else { return nil }
    guard candidateOffsets.count == matrix.userCount + 1, ascends(candidateOffsets, to: candidateItems.count),
      candidateItems.allSatisfy({ $0 >= 0 && Int($0) < matrix.itemCount })
    else { throw .damaged("its candidates contradict themselves") }
    return CandidateLists(rowOffsets: candidateOffsets, items: candidateItems)
  }

  private func whole(_ provenance: Provenance) throws(CheckedFileReader.Failure) -> Provenance {
    guard counts.count == 2, let duplicates = Int(exactly: counts[0]), let badLines = Int(exactly: counts[1]) else {
      throw .damaged("its counts contradict themselves")
    }
    var provenance = provenance
    provenance.duplicates = duplicates
    provenance.badLines = badLines
    provenance.format = String(decoding: format, as: UTF8.self)
    provenance.badLineExamples = try examples?.table().strings ?? []
    provenance.notes = try notes?.table().strings ?? []
    provenance.cached = true
    return provenance
  }
}

/// Whether offsets begin with 0, never fall, and end with `end`.
private func ascends(_ offsets: [Int], to end: Int) -> Bool {
  guard offsets.first == 0, offsets.last == end else { return false }
  return !zip(offsets, offsets.dropFirst()).contains { $0 > $1 }
}

private struct CachedTable {
  private let offsets: [Int]
  private let bytes: [UInt8]

  /// Nil where the file says that there is none.
  init?(_ reader: CheckedFileReader) throws(CheckedFileReader.Failure) {
    let offsets = try reader.readOptional(Int.self)
    let bytes = try reader.readOptional(UInt8.self)
    guard let offsets, let bytes else { return nil }
    self.offsets = offsets
    self.bytes = bytes
  }

  /// - Parameter count: how many strings there must be; nil for any number.
  func table(count: Int? = nil) throws(CheckedFileReader.Failure) -> TextTable {
    guard ascends(offsets, to: bytes.count), count == nil || count == offsets.count - 1 else {
      throw .damaged("its texts contradict themselves")
    }
    return TextTable(offsets: offsets, bytes: bytes)
  }
}

private enum CachedIdentifiers {
  case range(UInt64)
  case numbers([Int64])
  case text(CachedTable)

  init(_ reader: CheckedFileReader) throws(CheckedFileReader.Failure) {
    let kind = try reader.read(UInt64.self)
    switch kind.first {
    case 0 where kind.count == 2: self = .range(kind[1])
    case 1: self = .numbers(try reader.read(Int64.self))
    case 2:
      guard let table = try CachedTable(reader) else { throw .damaged("it has no identifiers") }
      self = .text(table)
    default: throw .damaged("it has no identifiers")
    }
  }

  func map(count: Int) throws(CheckedFileReader.Failure) -> IdentifierMap {
    switch self {
    case .range(let found) where found == UInt64(count): return IdentifierMap(.range(count))
    case .numbers(let numbers)
    where numbers.count == count && !zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }):
      return IdentifierMap(.numbers(numbers))
    case .text(let table): return IdentifierMap(.text(try table.table(count: count)))
    case .range, .numbers: throw .damaged("its identifiers contradict themselves")
    }
  }
}

extension CheckedFileReader {
  fileprivate func readOptional<Element: BitwiseCopyable>(_ type: Element.Type) throws(Failure) -> [Element]? {
    let isThere = try read(UInt8.self)
    let values = try read(type)
    return isThere == [1] ? values : nil
  }
}
