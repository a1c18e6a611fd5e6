import Platform

/// Event files of TensorBoard: each run writes one of its own into a folder, an event an epoch with all its numbers.
///
/// A log that is gone on with says at which epoch (a session's start), and readers leave out what older files have from there on: that is
/// how TensorFlow marks a program that was started again.
final class EventLog: LogWriter {
  private let path: String
  /// Events that the file has not, in their frames.
  private var pending: [[UInt8]] = []

  /// Sets files of one process and second apart.
  private static let count = Locked(0)

  init(_ folder: String, from first: Int, now: Double = wallClockSeconds()) {
    let number = Self.count.withLock { count in
      count += 1
      return count
    }
    let machine = RunRecord.Machine.current
    path = "\(folder)/events.out.tfevents.\(decimal(now, 3)).\(machine.host).\(machine.process).\(number)"
    pending = [EventRecord.version(time: now), EventRecord.sessionStart(step: first, time: now)].map(EventRecord.framed)
  }

  /// Whether a folder has event files.
  static func isThere(_ folder: String) -> Bool {
    guard let directory = opendir(folder) else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.contains("tfevents") { return true }
    }
    return false
  }

  func add(_ row: LogRow) {
    let values = row.values.map { (tag: $0.title("/"), value: Float($0.value)) }
    pending.append(EventRecord.framed(EventRecord.scalars(values, step: row.epoch, time: wallClockSeconds())))
  }

  func flush() throws(FileRefusal) {
    Folders.make(for: path)
    while let event = pending.first {
      try AppendedFile(path).append(event, makes: true)
      pending.removeFirst()
    }
  }
}
