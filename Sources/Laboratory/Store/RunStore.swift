import GRDB
import Platform

/// A file of runs: an SQLite database that any number of processes may read and write at once.
///
/// The write-ahead log lets readers go on while one process writes; another that wants to write waits for it, at most `patience`
/// seconds. A process that is killed leaves the store whole, with all but what it was just writing. On a disk that several machines share
/// the log cannot be, as SQLite keeps a part of it in the memory of one machine: there the file is locked as a whole.
public final class RunStore: Sendable {
  public let path: String
  let queue: DatabaseQueue

  /// Seconds to wait for another process.
  static let patience = 30.0

  /// `$PERIGEE_STORE`, or `~/.perigee/runs.sqlite`.
  public static var standardPath: String { wantedPath ?? "\(home)/.perigee/runs.sqlite" }

  /// `$PERIGEE_STORE`, where it is set: runs are recorded there without being asked to.
  public static var wantedPath: String? {
    guard let path = getenv("PERIGEE_STORE").map({ String(cString: $0) }), !path.isEmpty else { return nil }
    return path
  }

  private static var home: String { getenv("HOME").map { String(cString: $0) } ?? "." }

  /// Opens a store, or makes one, with the folder that it is in.
  ///
  /// - Throws: `RunStoreError`, `refused` for a file that is no store or of a newer version.
  public init(_ path: String) throws {
    guard !path.utf8.contains(0), !path.isEmpty else {
      throw RunStoreError(.refused, "\(quoted(path)) is no path of a store of runs")
    }
    self.path = path
    Folders.make(for: path)
    do {
      queue = try Self.persistently { try DatabaseQueue(path: path, configuration: Self.configuration(for: path)) }
      try queue.writeWithoutTransaction { try RunStoreSchema.prepare($0, path: path) }
    } catch let error as DatabaseError {
      throw RunStoreError(error, path: path)
    }
    OpenStores.add(self)
  }

  /// Opens a store that must be there.
  public convenience init(existing path: String) throws {
    guard access(path, F_OK) == 0 else {
      throw RunStoreError(
        .request,
        "there is no store of runs at \(shownPath(path)); `perigee run --record SCRIPT` makes one, and --store FILE names another"
      )
    }
    try self.init(path)
  }

  private static func configuration(for path: String) -> Configuration {
    let isShared = NetworkDisk.has(path)
    var configuration = Configuration()
    configuration.journalMode = isShared ? .default : .wal
    configuration.busyMode = .timeout(patience)
    configuration.prepareDatabase { db in
      if isShared { return try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      // A commit survives the process; the machine's power may take the last ones, and leaves the file whole.
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    return configuration
  }

  /// Two processes that open a new file at once lock each other out of making it what it is: SQLite does not wait there.
  private static func persistently<Value>(_ body: () throws -> Value) throws -> Value {
    let end = monotonicSeconds() + patience
    while true {
      do { return try body() } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
        if monotonicSeconds() > end { throw error }
        usleep(20_000)
      }
    }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try queue.write(body) } catch let error as DatabaseError { throw RunStoreError(error, path: path) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try queue.read(body) } catch let error as DatabaseError { throw RunStoreError(error, path: path) }
  }
}
