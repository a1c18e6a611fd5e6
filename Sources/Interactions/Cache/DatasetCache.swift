import Platform

/// Parsed data sets in binary form, in `$PERIGEE_CACHE` or `~/.perigee/cache`, named by what they were made from.
///
/// The key is a 64-bit content hash (`ContentHash`) over every file read, its size and its role, and over the options that
/// change the result. A file is written beside its place and renamed, so there are only whole ones; a damaged one (cut off,
/// altered) is told by its length and the hash of its payload, reported, and replaced. Whatever fails here is a warning.
struct DatasetCache {
  let folder: String

  /// Nil where there is neither `$PERIGEE_CACHE` nor a home.
  static var standard: DatasetCache? {
    if let set = environment("PERIGEE_CACHE") { return DatasetCache(folder: set) }
    return environment("HOME").map { DatasetCache(folder: "\($0)/.perigee/cache") }
  }

  func path(name: String, key: UInt64) -> String {
    let plain = name.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }
    return "\(folder)/\(String(plain.prefix(60)))-\(hexadecimal(key)).perigee"
  }

  /// The set under this key, or nil; `warning` says why a file that is there was not used.
  func load(name: String, key: UInt64, provenance: Provenance) -> (dataset: Dataset?, warning: String?) {
    let path = path(name: name, key: key)
    do throws(CheckedFileReader.Failure) {
      let reader = try CheckedFileReader(path: path, key: key)
      return (try CachedDataset(reader).dataset(name: name, provenance: provenance), nil)
    } catch {
      switch error {
      case .absent, .otherVersion: return (nil, nil)
      case .damaged(let reason):
        return (nil, "the cached copy \(shownPath(path)) is damaged (\(reason)); the data was read again")
      case .unreadable(let reason):
        return (nil, "the cached copy \(shownPath(path)) \(reason); the data was read again")
      }
    }
  }

  /// Keeps a set; returns a warning where that failed.
  func store(_ dataset: Dataset, key: UInt64, temporary: String? = nil) -> String? {
    let path = path(name: dataset.name, key: key)
    do throws(DataError) {
      try FileSystem.makeFolders(folder)
      let writer = try CheckedFileWriter(path: path, temporary: temporary)
      try writer.write(dataset)
      try writer.finish(key: key)
      return nil
    } catch {
      return "the parsed data was not cached: \(error)"
    }
  }
}

/// The value of an environment variable that is set and not empty.
func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

extension CheckedFileWriter {
  func write(_ dataset: Dataset) throws(DataError) {
    try write([UInt64(dataset.userCount), UInt64(dataset.itemCount)])
    try write(dataset.interactions.rowOffsets)
    try write(dataset.interactions.items)
    try writeOptional(dataset.ratings)
    try writeOptional(dataset.timestamps)
    try writeOptional(dataset.parts)
    try write(dataset.userIdentifiers)
    try write(dataset.itemIdentifiers)
    try write(dataset.titles?.table)
    try write(dataset.userTitles?.table)
    try writeOptional(dataset.candidates?.rowOffsets)
    try writeOptional(dataset.candidates?.items)
    let provenance = dataset.provenance
    try write([UInt64(provenance.duplicates), UInt64(provenance.badLines)])
    try write(Array(provenance.format.utf8))
    try write(TextTable(provenance.badLineExamples))
    try write(TextTable(provenance.notes))
  }

  private func writeOptional<Element: BitwiseCopyable>(_ values: [Element]?) throws(DataError) {
    try write([values == nil ? UInt8(0) : 1])
    try write(values ?? [])
  }

  private func write(_ table: TextTable?) throws(DataError) {
    try writeOptional(table?.offsets)
    try writeOptional(table?.bytes)
  }

  private func write(_ map: IdentifierMap) throws(DataError) {
    switch map.storage {
    case .range(let count):
      try write([UInt64(0), UInt64(count)])
    case .numbers(let numbers):
      try write([UInt64(1)])
      try write(numbers)
    case .text(let table):
      try write([UInt64(2)])
      try write(table)
    }
  }
}

extension TextTable {
  convenience init(_ strings: [String]) {
    var offsets = [0]
    offsets.reserveCapacity(strings.count + 1)
    var bytes: [UInt8] = []
    for string in strings {
      bytes.append(contentsOf: string.utf8)
      offsets.append(bytes.count)
    }
    self.init(offsets: offsets, bytes: bytes)
  }

  var strings: [String] { (0..<count).map { text(at: $0) } }
}
