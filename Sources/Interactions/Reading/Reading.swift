import Platform

/// A data set while its files are being read.
struct Reading {
  let options: OpenOptions
  private let isInterrupted: () -> Bool
  private(set) var rows = InteractionBuilder()
  private(set) var log: ReadLog
  private var titles = TitleBuilder()
  private var userTitles = TitleBuilder()
  private var candidates = CandidateReader()
  /// The parts of one split share their format.
  private var format: FileFormat?

  init(options: OpenOptions, isInterrupted: @escaping () -> Bool) {
    self.options = options
    self.isInterrupted = isInterrupted
    format = options.format
    log = ReadLog(policy: options.badLines)
  }

  mutating func readInteractions(_ path: String, _ part: Part?) throws(DataError) {
    if format == nil, try MatlabReader.isMatlab(path, isInterrupted) { format = .matlab }
    if format == .matlab {
      let stream = try MatlabStream(path: path, isInterrupted: isInterrupted)
      return try MatlabReader.read(stream, part: part, &rows, &log)
    }
    let sample = try FileSample(path: path, isInterrupted: isInterrupted)
    if format == nil { format = try sample.format() }
    let lines = try LineReader(path: path, isInterrupted: isInterrupted)
    switch format! {
    case .lists: try ListReader.read(lines, kind: .userFirst, part: part, &rows, &log)
    case .countedLists: try ListReader.read(lines, kind: .countFirst, part: part, &rows, &log)
    case .table, .recbole:
      let layout = try sample.tableLayout(options, isRecBole: format == .recbole)
      try TableReader.read(lines, layout, part: part, &rows, titles: &titles, &log)
    case .jsonLines:
      let keys = try JSONLinesReader.keys(sample, options)
      try JSONLinesReader.read(lines, keys, part: part, &rows, &log)
    case .matlab: preconditionFailure("read above")
    }
  }

  /// The catalog of users, which gives them their order; before the interactions.
  mutating func readUsers(_ path: String) throws(DataError) {
    try CatalogReader.read(try LineReader(path: path, isInterrupted: isInterrupted), &rows.users, &userTitles, &log)
  }

  /// The catalog of items, which gives them their order; before the interactions.
  mutating func readItems(_ path: String) throws(DataError) {
    try CatalogReader.read(try LineReader(path: path, isInterrupted: isInterrupted), &rows.items, &titles, &log)
  }

  mutating func readCandidates(_ path: String) throws(DataError) {
    try candidates.read(try LineReader(path: path, isInterrupted: isInterrupted), &rows, &log)
  }

  /// Reads titles beside the data. Lists count from 0 what publishers may count from 1: where the titles fit only so, they are
  /// taken so, and a note says it.
  ///
  /// - Parameter isAsked: whether the user named the file, so that titles that do not fit are an error.
  mutating func readTitles(_ path: String, isAsked: Bool) throws(DataError) {
    let isForUsers = baseName(path).contains(".user")
    let reader = try TitleReader(path: path, isForUsers: isForUsers, isInterrupted: isInterrupted)
    if isForUsers {
      _ = try reader.read(rows.users, shift: 0, &userTitles)
      return
    }
    let isNumbered = format == .lists || format == .countedLists || format == .matlab
    for shift in isNumbered ? [0, 1] : [0] {
      var found = titles
      let count = try reader.read(rows.items, shift: shift, &found)
      // Numbers fit by chance: only a file that knows every item is a file about these items.
      if isNumbered ? count == rows.items.count : count > 0 {
        titles = found
        if shift == 1 {
          log.notes.append("titles of \(shownPath(baseName(path))) belong to the data's item number + 1")
        }
        return
      }
    }
    if isAsked {
      throw .badFile(
        file: path, problem: "has no titles for the items of the data", remedy: "check that both use the same ids")
    }
  }

  mutating func finish(name: String, _ provenance: Provenance) throws(DataError) -> Dataset {
    let sorted = try rows.finish(options, isInterrupted: isInterrupted)
    let interactions = InteractionMatrix(
      userCount: sorted.users.count, itemCount: sorted.items.count, rowOffsets: sorted.rowOffsets, items: sorted.columns
    )
    let strangers = candidates.strangers(rows) { user, item in
      guard let place = interactions.position(user: user, item: item) else { return false }
      return sorted.parts.map { $0[place] == .test } ?? true
    }
    if strangers > 0 {
      log.notes.append("\(strangers) lists of candidates are for a pair that is not in the test part")
    }
    var provenance = provenance
    provenance.format = format!.rawValue
    provenance.duplicates = sorted.duplicates
    provenance.badLines = log.badLines
    provenance.badLineExamples = log.examples
    provenance.notes = log.notes
    return Dataset(
      name: name, interactions: interactions, ratings: sorted.ratings, timestamps: sorted.timestamps,
      parts: sorted.parts,
      userIdentifiers: sorted.users, itemIdentifiers: sorted.items,
      titles: titles.finish(count: sorted.items.count, renumbering: rows.itemRenumberingDone),
      userTitles: userTitles.finish(count: sorted.users.count, renumbering: rows.userRenumberingDone),
      candidates: candidates.finish(userCount: sorted.users.count, rows), provenance: provenance)
  }
}
