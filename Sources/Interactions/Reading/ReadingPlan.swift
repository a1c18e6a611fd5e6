/// What is read to open a data set, and the reading itself.
struct ReadingPlan {
  let name: String
  let layout: FolderLayout
  let options: OpenOptions
  private let isInterrupted: () -> Bool

  /// Smaller sets are read as fast from their text as from the cache.
  static let cacheThreshold = 256 << 10

  /// - Parameter isInterrupted: Is asked now and then while files are read; true ends that with `DataError.interrupted`.
  init(
    location: DataLocation, options: OpenOptions, isInterrupted: @escaping () -> Bool = { false }
  ) throws(DataError) {
    self.isInterrupted = isInterrupted
    name = location.name
    self.options = options
    var layout = location.isFolder ? try FolderLayout(folder: location.path) : FolderLayout(file: location.path)
    if let titles = options.titles { layout.titles = [titles] }
    self.layout = layout
  }

  private var files: [(path: String, role: String)] {
    layout.data.map { ($0.path, $0.part?.name ?? "all") } + (layout.candidates.map { [($0, "candidates")] } ?? [])
      + layout.titles.map { ($0, "titles") } + (layout.users.map { [($0, "users")] } ?? [])
      + (layout.items.map { [($0, "items")] } ?? [])
  }

  /// The set out of the cache, or out of its files and then into the cache.
  func open() throws(DataError) -> Dataset {
    var content = ContentHash()
    var bytes = 0
    for file in files {
      var size = 0
      try FileSystem.readPieces(file.path, isInterrupted: isInterrupted) {
        content.update($0)
        size += $0.count
      }
      content.update("|\(file.role)|\(baseName(file.path))|\(size)|")
      bytes += size
    }
    var provenance = Provenance()
    provenance.files = files.map(\.path)
    provenance.contentHash = content.value
    let cache =
      options.cache && bytes >= Self.cacheThreshold ? options.cacheFolder.map(DatasetCache.init) ?? .standard : nil
    guard let cache else { return try read(provenance) }
    content.update(options.key)
    let (cached, warning) = cache.load(name: name, key: content.value, provenance: provenance)
    if let cached { return cached }
    if let warning { provenance.warnings.append(warning) }
    let dataset = try read(provenance)
    if let warning = cache.store(dataset, key: content.value) { return dataset.adding(warning: warning) }
    return dataset
  }

  private func read(_ provenance: Provenance) throws(DataError) -> Dataset {
    var reading = Reading(options: options, isInterrupted: isInterrupted)
    if let users = layout.users { try reading.readUsers(users) }
    if let items = layout.items { try reading.readItems(items) }
    for file in layout.data { try reading.readInteractions(file.path, file.part) }
    guard reading.rows.count > 0 else {
      let skipped = reading.log.badLines
      throw .badFile(
        file: layout.data[0].path,
        problem: skipped == 0 ? "holds no interactions" : "holds no usable line (\(skipped) bad ones were skipped)",
        remedy: "check that it is the right file")
    }
    if let candidates = layout.candidates { try reading.readCandidates(candidates) }
    for titles in layout.titles { try reading.readTitles(titles, isAsked: options.titles != nil) }
    return try reading.finish(name: name, provenance)
  }
}

extension OpenOptions {
  /// Another word whenever readers begin to make something else of the same file.
  private static let reading = "3"

  /// All that changes what is read out of the same files.
  var key: String {
    let columns =
      switch columns {
      case .inOrder(let names): names.joined(separator: "\u{1F}")
      case .named(let columns): columns.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "\u{1F}")
      case nil: ""
      }
    let header = header.map { "\($0)" } ?? ""
    return [
      Self.reading, format?.rawValue ?? "", columns, separator ?? "", header, badLines.rawValue, duplicates.rawValue,
      overlap.rawValue,
      catalog.rawValue,
    ].joined(separator: "\u{1E}")
  }
}

extension FolderLayout {
  /// A single file is a set that is not cut.
  init(file: String) { data = [(file, nil)] }
}
