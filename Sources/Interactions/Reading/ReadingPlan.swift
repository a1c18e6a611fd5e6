/// What is read to open a data set, and the reading itself.
struct ReadingPlan {
  let name: String
  let layout: FolderLayout
  let catalogue: OpenOptions.Catalogue

  init(location: DataLocation, options: OpenOptions) throws(DataError) {
    name = location.name
    layout = location.isFolder ? try FolderLayout(folder: location.path) : FolderLayout(file: location.path)
    catalogue = options.catalogue ?? .seen
  }

  func read(_ options: OpenOptions) throws(DataError) -> Dataset {
    var rows = InteractionBuilder()
    var titles = TitleBuilder()
    var log = ReadLog(policy: options.badLines)
    var format: FileFormat?
    for file in layout.data { format = try Self.read(file.path, file.part, options, format, &rows, &titles, &log) }
    guard rows.count > 0 else {
      throw .badFile(
        file: layout.data[0].path,
        problem: log.badLines == 0
          ? "holds no interactions" : "holds no usable line (\(log.badLines) bad ones were skipped)",
        remedy: "check that it is the right file")
    }
    let sorted = try rows.finish(options, catalogue: catalogue)
    var provenance = Provenance()
    provenance.files = layout.data.map(\.path)
    provenance.format = format!.rawValue
    provenance.duplicates = sorted.duplicates
    provenance.badLines = log.badLines
    provenance.badLineExamples = log.examples
    provenance.notes = log.notes
    return Dataset(
      name: name,
      interactions: InteractionMatrix(
        userCount: sorted.users.count, itemCount: sorted.items.count, rowOffsets: sorted.rowOffsets,
        items: sorted.columns),
      ratings: sorted.ratings, timestamps: sorted.timestamps, parts: sorted.parts, userIdentifiers: sorted.users,
      itemIdentifiers: sorted.items,
      titles: titles.finish(itemCount: sorted.items.count, renumbering: rows.itemRenumberingDone),
      provenance: provenance)
  }

  /// Reads one file of interactions. `format` is that of the files before it, which the parts of one split share.
  private static func read(
    _ path: String, _ part: Part?, _ options: OpenOptions, _ format: FileFormat?, _ rows: inout InteractionBuilder,
    _ titles: inout TitleBuilder, _ log: inout ReadLog
  ) throws(DataError) -> FileFormat {
    let sample = try FileSample(path: path)
    var found = options.format ?? format
    if found == nil { found = try sample.format() }
    let format = found!
    let lines = try LineReader(path: path)
    switch format {
    case .lists: try ListReader.read(lines, kind: .userFirst, part: part, &rows, &log)
    case .countedLists: try ListReader.read(lines, kind: .countFirst, part: part, &rows, &log)
    case .table, .recbole:
      let layout = try sample.tableLayout(options, isRecBole: format == .recbole)
      try TableReader.read(lines, layout, part: part, &rows, titles: &titles, &log)
    case .jsonLines, .matlab: throw .impossible(what: "\(path): format \(format.rawValue)", remedy: "not yet")
    }
    return format
  }
}

extension FolderLayout {
  /// A single file is a set that is not cut.
  init(file: String) { data = [(file, nil)] }
}
