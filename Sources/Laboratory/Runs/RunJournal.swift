import Foundation
import Platform

/// Runs as text: one JSON object a line. What `perigee runs export` writes, what a run leaves beside a store that cannot be written, and
/// what `perigee runs import` reads.
public enum RunJournal {
  public static func line(_ record: RunRecord) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Nothing in a record is what JSON cannot say.
    return String(decoding: try! encoder.encode(record), as: UTF8.self)
  }

  /// - Throws: `RunStoreError` that names the line that is no run.
  public static func read(_ path: String) throws -> [RunRecord] {
    let bytes: [UInt8]
    do { bytes = try RegularFile.bytes(of: path) } catch { throw RunStoreError(.request, "\(error)") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var records: [RunRecord] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) {
      do { records.append(try decoder.decode(RunRecord.self, from: Data(line))) } catch {
        throw RunStoreError(
          .request, "\(shownPath(path)), line \(index + 1): is no run as `perigee runs export` writes them")
      }
    }
    return records
  }

  static func write(_ record: RunRecord, to path: String) throws(FileRefusal) {
    try DraftFile.write(line(record) + "\n", to: path)
  }
}

extension RunStore {
  /// Adds the runs of a journal, in place of those with their identifiers.
  ///
  /// - Returns: Their identifiers. One that stands for another run here becomes a new one.
  public func importRuns(_ path: String) throws -> [String] {
    try RunJournal.read(path).map { found in
      var record = found
      let here = try runs(sql: "SELECT * FROM run WHERE id = ?", [record.id], .summary).first
      let isOther = here.map { $0.started != record.started } ?? false
      if isOther { try insert(&record) } else { try replace(record) }
      return record.id
    }
  }
}
