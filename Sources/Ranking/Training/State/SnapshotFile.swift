import Interactions
import Platform

/// A snapshot in a file.
///
/// Little-endian arrays with a checksum: the format's version, the names and kinds of the arrays, and the arrays. The file gets its name
/// only when it is whole, so that a process which is killed while it writes leaves the earlier one; a damaged file, or one of a newer
/// version, is refused.
public enum SnapshotFile {
  /// Sets these files apart from caches and saved models, which have the same frame.
  static let key: UInt64 = 0x5041_4e53_5f4d_4750
  /// Raised whenever an array gets another meaning.
  static let version: UInt64 = 1

  public static func write(_ snapshot: Snapshot, to path: String) throws {
    let entries = snapshot.entries.sorted { $0.key < $1.key }
    let writer = try CheckedFileWriter(path: path)
    try writer.write([version])
    try writer.write(Array(entries.map { "\($0.value.kind) \($0.key)" }.joined(separator: "\n").utf8))
    for (_, values) in entries {
      switch values {
      case .floats(let values): try writer.write(values)
      case .doubles(let values): try writer.write(values)
      case .counts(let values): try writer.write(values)
      case .integers(let values): try writer.write(values)
      case .texts(let values): try writer.write(values.flatMap { Array($0.utf8.filter { $0 != 0 }) + [0] })
      }
    }
    try writer.finish(key: key)
  }

  /// - Parameters:
  ///   - other: Read in its place where it is damaged.
  ///   - tell: Receives that this was so.
  /// - Returns: `nil` where there is no file.
  package static func read(from file: String, orElse other: String, tell: (String) -> Void) throws -> Snapshot? {
    do { return try read(from: file) } catch let error as TrainingError where error.kind == .damaged {
      guard let snapshot = try? read(from: other) else { throw error }
      tell("\(error); going on from the one before it, \(shownPath(other))")
      return snapshot
    }
  }

  /// - Returns: `nil` where there is no file.
  /// - Throws: `TrainingError` that begins with the path.
  public static func read(from file: String) throws -> Snapshot? {
    let path = shownPath(file)
    do {
      let reader = try CheckedFileReader(path: file, key: key)
      let found = try reader.read(UInt64.self)
      guard let found = found.first else { throw CheckedFileReader.Failure.damaged("it has no version") }
      if found != version { throw CheckedFileReader.Failure.otherVersion(found) }
      return try entries(reader)
    } catch let failure as CheckedFileReader.Failure {
      switch failure {
      case .absent: return nil
      case .unreadable(let why): throw TrainingError.setting("\(path): \(why)")
      case .otherVersion(let found):
        throw TrainingError.setting(
          "\(path): is a checkpoint of format \(found), and this version of Perigee knows format \(version); read it with the version "
            + "that wrote it, or train anew with another path")
      case .damaged(let why):
        throw TrainingError(
          .damaged,
          "\(path): is not a whole checkpoint: \(why); name another path, or delete it where it is one that was damaged"
        )
      }
    }
  }

  private static func entries(_ reader: CheckedFileReader) throws(CheckedFileReader.Failure) -> Snapshot {
    var snapshot = Snapshot()
    let directory = String(decoding: try reader.read(UInt8.self), as: UTF8.self)
    for line in directory.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { throw .damaged("its directory makes no sense") }
      let name = String(parts[1])
      switch parts[0] {
      case "floats": snapshot[name] = .floats(try reader.read(Float.self))
      case "doubles": snapshot[name] = .doubles(try reader.read(Double.self))
      case "counts": snapshot[name] = .counts(try reader.read(Int32.self))
      case "integers": snapshot[name] = .integers(try reader.read(Int64.self))
      case "texts":
        let bytes = try reader.read(UInt8.self)
        let texts = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        snapshot[name] = .texts(texts.map { String(decoding: $0, as: UTF8.self) })
      default: throw .damaged("its directory makes no sense")
      }
    }
    try reader.finish()
    return snapshot
  }
}

extension Snapshot.Values {
  fileprivate var kind: String {
    switch self {
    case .floats: "floats"
    case .doubles: "doubles"
    case .counts: "counts"
    case .integers: "integers"
    case .texts: "texts"
    }
  }
}
