import Platform
import Synchronization

/// The stores that a process has open. When it ends what is in their write-ahead logs is moved into the files, so that a file alone has
/// everything.
///
/// They are not closed: the last one to close a store removes its log, and who is the last one SQLite knows by locks of the file, which a
/// process loses where it opens and closes the file by other means. Its rows would be written to a log that is gone.
enum OpenStores {
  private struct Entry: Sendable {
    weak var store: RunStore?
  }

  private struct State {
    var entries: [Entry] = []
    var movesAtExit = false
  }

  private static let state = Mutex(State())

  static func add(_ store: RunStore) {
    let isFirst = state.withLock { state in
      state.entries.removeAll { $0.store == nil }
      state.entries.append(Entry(store: store))
      defer { state.movesAtExit = true }
      return !state.movesAtExit
    }
    if isFirst { atexit { OpenStores.moveLogs() } }
  }

  /// As far as nobody else is in the way: what stays in a log is read from there.
  private static func moveLogs() {
    let stores = state.withLock { $0.entries.compactMap(\.store) }
    for store in stores { _ = try? store.queue.writeWithoutTransaction { try $0.checkpoint(.passive) } }
  }
}
