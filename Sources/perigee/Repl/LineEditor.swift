import CEditline
import Platform
import LuaHost

/// Lines from a terminal with editing, history and completion.
final class LineEditor {
  enum Input {
    case line(String)
    case interrupted
    case end
  }

  private var editor: OpaquePointer?
  private var history: OpaquePointer?
  private let historyPath: String?
  private let complete: (String) -> LuaCompletion
  /// libedit reads the prompt whenever it redraws the line, so it has a place of its own.
  private var prompt: UnsafeMutablePointer<CChar>? = strdup("")
  /// The lines before this one, which completion needs.
  private var before = ""
  private var wasInterrupted = false

  init(historyPath: String?, complete: @escaping (String) -> LuaCompletion) {
    self.historyPath = historyPath
    self.complete = complete
    let client = Unmanaged.passUnretained(self).toOpaque()
    editor = editline_new("perigee", { LineEditor.of($0)?.prompt }, client)
    guard let editor else { return }
    editline_bind(editor, "^I", "perigee-complete") { editor, _ in
      LineEditor.of(editor)?.completeWord() ?? UInt8(CC_NORM)
    }
    editline_bind(editor, "^C", "perigee-interrupt") { editor, _ in LineEditor.of(editor)?.interrupt() ?? UInt8(CC_NORM)
    }
    editline_bind(editor, "^Z", "perigee-suspend") { editor, _ in LineEditor.of(editor)?.suspend() ?? UInt8(CC_NORM) }
    editline_bind_builtin(editor, "^R", "em-inc-search-prev")
    history = editline_history(editor, 2000)
    if let history, let historyPath { _ = editline_load(history, historyPath) }
  }

  deinit {
    if let editor { el_end(editor) }
    if let history { history_end(history) }
    free(prompt)
  }

  /// Shows the prompt and waits for a line. `before` is the text of the lines that this one continues.
  func read(prompt: String, before: String) -> Input {
    guard let editor else { return readLine().map { .line($0) } ?? .end }
    free(self.prompt)
    self.prompt = strdup(prompt)
    self.before = before
    wasInterrupted = false
    fflush(nil)
    var count: CInt = 0
    guard let line = el_gets(editor, &count), count > 0 else {
      if wasInterrupted { print("^C") }
      return wasInterrupted ? .interrupted : .end
    }
    let text = String(cString: line)
    return .line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
  }

  /// Adds a finished input to the history: on one line, where no comment would swallow the rest.
  func remember(_ text: String) {
    guard let history, !text.allSatisfy(\.isWhitespace) else { return }
    let lines = text.split(separator: "\n")
    if text.contains("--") {
      for line in lines { editline_enter(history, String(line)) }
    } else {
      editline_enter(history, lines.joined(separator: " "))
    }
  }

  /// Writes the history; where the file cannot be written, the session was all it served.
  func saveHistory() {
    guard let history, let historyPath else { return }
    _ = editline_save(history, historyPath)
  }

  // MARK: Keys

  private static func of(_ editor: OpaquePointer?) -> LineEditor? {
    guard let editor, let client = editline_client(editor) else { return nil }
    return Unmanaged<LineEditor>.fromOpaque(client).takeUnretainedValue()
  }

  private func interrupt() -> UInt8 {
    wasInterrupted = true
    return UInt8(CC_EOF)
  }

  private func suspend() -> UInt8 {
    editline_prepare_terminal(editor, false)
    kill(0, SIGTSTP)
    editline_prepare_terminal(editor, true)
    return UInt8(CC_REDISPLAY)
  }

  /// Puts in what all candidates share; where that is nothing, lists them.
  private func completeWord() -> UInt8 {
    guard let editor, let info = el_line(editor) else { return UInt8(CC_ERROR) }
    let start = UnsafeRawPointer(info.pointee.buffer!)
    let count = info.pointee.cursor - info.pointee.buffer
    let line = String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    if line.allSatisfy(\.isWhitespace), before.isEmpty { return insert("  ") }
    let text = before.isEmpty ? line : before + "\n" + line
    let completion = complete(text.hasPrefix("?") ? String(text.dropFirst()) : text)
    let typed = text.utf8.count - (text.hasPrefix("?") ? 1 : 0) - completion.start
    let shared = completion.candidates.sharedPrefix
    if shared.utf8.count > typed { return insert(String(decoding: Array(shared.utf8.dropFirst(typed)), as: UTF8.self)) }
    guard completion.candidates.count > 1 else { return UInt8(CC_REFRESH_BEEP) }
    print("\n" + columns(completion.candidates.map(\.listed)))
    fflush(nil)
    return UInt8(CC_REDISPLAY)
  }

  private func insert(_ text: String) -> UInt8 {
    el_insertstr(editor, text)
    return UInt8(CC_REFRESH)
  }

  private func columns(_ names: [String]) -> String {
    let width = (names.map(\.count).max() ?? 0) + 2
    let each = max(1, (terminalColumns(STDOUT_FILENO) ?? 80) / width)
    return stride(from: 0, to: names.count, by: each).map { first in
      names[first..<min(first + each, names.count)]
        .map { $0.padded(to: width) }.joined().trimmingSpaces
    }.joined(separator: "\n")
  }
}

extension String {
  /// As a list of candidates shows it: a path without its folder, a string without the mark that would close it.
  fileprivate var listed: String {
    var text = self[...]
    if let last = text.last, "\"'".contains(last) { text = text.dropLast() }
    let end = text.last == "/" ? text.index(before: text.endIndex) : text.endIndex
    guard let slash = text[..<end].lastIndex(of: "/") else { return String(text) }
    return String(text[text.index(after: slash)...])
  }
}

extension [String] {
  fileprivate var sharedPrefix: String {
    guard var shared = first?[...] else { return "" }
    for name in dropFirst() {
      while !name.hasPrefix(shared) { shared = shared.dropLast() }
    }
    return String(shared)
  }
}

/// `~/.perigee/history`; its directory is made when it is not there.
enum HistoryFile {
  static var path: String? {
    guard let home = getenv("HOME") else { return nil }
    let directory = String(cString: home) + "/.perigee"
    mkdir(directory, 0o777)
    return directory + "/history"
  }
}
