import Platform
import Synchronization

/// The stores that a process has open, to be closed when it ends: the last one to close a store moves what is in its write-ahead log into
/// the file, so that the file alone has everything.
enum OpenStores {
  private struct Entry: Sendable {
    weak var store: RunStore?
  }

  private struct State {
    var entries: [Entry] = []
    var closesAtExit = false
  }

  private static let state = Mutex(State())

  static func add(_ store: RunStore) {
    let isFirst = state.withLock { state in
      state.entries.removeAll { $0.store == nil }
      state.entries.append(Entry(store: store))
      defer { state.closesAtExit = true }
      return !state.closesAtExit
    }
    if isFirst { atexit { OpenStores.close() } }
  }

  /// A store that is being used stays open: its log is read by whoever opens it next.
  private static func close() {
    let stores = state.withLock { $0.entries.compactMap(\.store) }
    for store in stores { try? store.queue.close() }
  }
}
