import Platform

/// Puts the record of one run into a store.
///
/// Where the store cannot be written, on a full disk for example, the run goes on: that is told once, and the record is kept in a file that
/// `perigee runs import` reads.
final class RunWriter {
  /// The store's.
  let path: String
  private let store: RunStore?
  /// Why there is no store; told with the first record.
  private var trouble: (any Error)?
  /// Where the record is kept instead.
  private var journal: String?
  /// Whether somebody deleted the run, or no place was found for it: nothing is written any more.
  private var isDropped = false
  private let tell: (String) -> Void

  /// - Throws: `RunStoreError` for a file that must not be touched; the person has named the wrong one.
  init(path: String, tell: @escaping (String) -> Void) throws {
    self.path = path
    self.tell = tell
    do {
      store = try RunStore.shared(path)
    } catch let error as RunStoreError where error.kind == .unavailable {
      store = nil
      trouble = error
    }
  }

  var hasStore: Bool { store != nil && journal == nil }

  /// Does something with the store, or keeps the record in the journal where there is none or it fails.
  func write(_ record: @autoclosure () -> RunRecord, _ body: (RunStore) throws -> Void) {
    guard !isDropped else { return }
    if journal == nil, let store {
      do { return try body(store) } catch { trouble = error }
    }
    if let trouble, journal == nil { return turnToJournal(record(), trouble) }
    writeJournal(record())
  }

  /// Somebody deleted the run.
  func drop() { isDropped = true }

  private func turnToJournal(_ record: RunRecord, _ error: any Error) {
    let name = "\(record.id).run.jsonl"
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    for place in [folder, ".", "/tmp"] {
      let path = "\(place)/\(name)"
      guard (try? RunJournal.write(record, to: path)) != nil else { continue }
      journal = path
      return tell("\(error); the run goes on, and is kept in \(shownPath(path)): `perigee runs import` reads it")
    }
    isDropped = true
    tell("\(error), and no other file either; the run goes on, and no record of it is kept")
  }

  private func writeJournal(_ record: RunRecord) {
    guard let journal else { return }
    do { try RunJournal.write(record, to: journal) } catch {
      isDropped = true
      tell("\(error); the run goes on, and nothing more of it is kept")
    }
  }
}
