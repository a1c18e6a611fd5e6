import Platform

/// Writes what an epoch gave to a file as soon as it is over, for people and programs that watch a run: a table with commas, or the event
/// files that TensorBoard shows.
///
/// A run that goes on from a checkpoint, and one that follows another of the same trainer, goes on in its log: what stands there of epochs
/// that are trained from now on is replaced. Where the log cannot be written, that is told once and the run goes on; what is missing follows
/// when it can be written again.
public final class RunLog {
  public enum Format: String, CaseIterable, Sendable { case csv, tensorboard }

  public let path: String
  private let format: Format
  private let tell: (String) -> Void
  private var writer: (any LogWriter)?
  private var hasTold = false

  /// - Parameters:
  ///   - path: A file of a table, or a folder of event files.
  ///   - format: By the path where `nil`: a table for a name that ends in .csv.
  ///   - tell: Receives what a person has to know of it, one line.
  public init(_ path: String, format: Format? = nil, tell: @escaping (String) -> Void) {
    self.path = path
    self.format = format ?? (path.hasSuffix(".csv") ? .csv : .tensorboard)
    self.tell = tell
  }

  /// - Parameters:
  ///   - next: The first epoch that `note` will be told of.
  ///   - done: Epochs of this run that it has behind it. A table gets them again, event files where the folder has none yet.
  /// - Throws: `ExportError` for a file that is none of this kind: it must not be written over.
  func begin(next: Int, done: [LogRow] = []) throws {
    let isKept = format == .tensorboard && EventLog.isThere(path)
    let rows = isKept ? [] : done
    let first = rows.first?.epoch ?? next
    writer =
      switch format {
      case .csv: try CSVLog(path, from: first)
      case .tensorboard: EventLog(path, from: first)
      }
    hasTold = false
    for row in rows { writer?.add(row) }
    if !rows.isEmpty { flush() }
  }

  func note(_ row: LogRow) {
    writer?.add(row)
    flush()
  }

  private func flush() {
    do { try writer?.flush() } catch {
      guard !hasTold else { return }
      hasTold = true
      tell("the log \(error); training goes on, and the log follows when it can be written")
    }
  }
}

/// One way to write a log.
protocol LogWriter: AnyObject {
  /// Takes a row, which is written at the next `flush`.
  func add(_ row: LogRow)

  /// Writes what was added; what cannot be written is kept for the next time.
  func flush() throws(FileRefusal)
}
