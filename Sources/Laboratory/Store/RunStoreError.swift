import GRDB
import Platform

/// Why a store cannot be used, or a run in it not be found.
public struct RunStoreError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The file is none of ours, or of a newer version: it must not be touched.
    case refused
    /// The system stands in the way: a full disk, one that cannot be written, a lock that is not given up.
    case unavailable
    /// What was asked for is not there, or means nothing.
    case request
  }
  public let kind: Kind
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// What SQLite said about a file.
  init(_ error: DatabaseError, path: String) {
    let name = "the store of runs \(shownPath(path))"
    switch error.resultCode {
    case .SQLITE_NOTADB:
      self.init(.refused, "\(name) is no SQLite database; give another file, or move it away")
    case .SQLITE_CORRUPT:
      self.init(.refused, "\(name) is damaged; `sqlite3 FILE .recover` saves what can be read of it")
    case .SQLITE_READONLY: self.init(.unavailable, "\(name) cannot be written")
    case .SQLITE_FULL: self.init(.unavailable, "\(name) cannot be written: the disk is full")
    // Also what SQLite calls a disk without room for its own files.
    case .SQLITE_IOERR:
      self.init(.unavailable, "\(name) cannot be used: \(error.message ?? "disk I/O error"); the disk may be full")
    case .SQLITE_CANTOPEN: self.init(.unavailable, "\(name) cannot be opened")
    case .SQLITE_BUSY: self.init(.unavailable, "\(name) is locked by another process")
    default: self.init(.unavailable, "\(name) cannot be used: \(error.message ?? "\(error.resultCode)")")
    }
  }
}
