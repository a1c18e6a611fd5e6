import Platform

extension LuaState {
  /// What the documentation has about some words: names that hold them, options and arguments, and what is said where. Nil where
  /// there is nothing.
  func search(_ text: String) -> String? {
    let words = text.lowercased().split { $0.isWhitespace || $0 == "," }.map(String.init)
    guard !words.isEmpty else { return nil }
    func holds(_ text: String) -> Bool {
      let text = text.lowercased()
      return words.allSatisfy { text.contains($0) }
    }
    var names: [[String]] = []
    var options: [[String]] = []
    var texts: [[String]] = []
    for (name, subject) in allSubjects {
      if holds(name) { names.append([name, subject.summary]) }
      let inside = subject.parameters.filter { holds($0.name) || holds("\(name) \($0.name)") && !holds(name) }
      options += inside.map { ["\(name) { \($0.name) }", $0.parameter.summary] }
      let isNamed = holds(name) || !inside.isEmpty
      if !isNamed, let line = subject.lines.first(where: holds) { texts.append([name, line]) }
    }
    let parts = [("Names", names), ("Options and arguments", options), ("Said of", texts)].filter { !$0.1.isEmpty }
    guard !parts.isEmpty else { return nil }
    return parts.map { title, rows in part("\(title) with '\(shown(text))':", rows) }.joined(separator: "\n\n")
  }

  /// Rows in columns, as many and as wide as a person reads.
  private func part(_ title: String, _ rows: [[String]]) -> String {
    let most = 24
    let shown = rows.prefix(most)
    let lines = entries(Array(shown))
    let rest = rows.count > most ? ["  ... and \(rows.count - most) more"] : []
    return ([title] + lines + rest).joined(separator: "\n")
  }
}

/// Names and what they are, a line each that the terminal holds.
func entries(_ rows: [[String]]) -> [String] {
  let most = 48
  let room = max(20, helpWidth - 4 - min(most, rows.map { $0[0].count }.max() ?? 0))
  return aligned(rows.map { [$0[0], $0[1].shortened(to: room)] }, indent: "  ", most: most)
}

/// As wide as the terminal, where texts go to one.
var helpWidth: Int { terminalColumns(STDOUT_FILENO).map { max(40, $0 - 1) } ?? 100 }

extension String {
  /// With an ellipsis where it is longer.
  func shortened(to most: Int) -> String { count > most ? prefix(max(0, most - 3)) + "..." : self }

  /// Up to the first full stop or semicolon that ends a piece.
  var firstSentence: String {
    for end in [". ", ": ", "; "] {
      if let range = ranges(of: end).first { return String(self[..<range.lowerBound]) + "." }
    }
    return self
  }
}

extension HelpSubject {
  fileprivate var summary: String {
    switch self {
    case .module(_, let module): module.summary
    case .function(_, let function): function.summary
    case .type(let type): type.summary
    case .field(_, let field): field.summary
    case .constant(_, let constant): constant.summary
    }
  }

  /// What may be given, nested options included.
  fileprivate var parameters: [(name: String, parameter: ParameterDescription)] {
    guard case .function(_, let function) = self else { return [] }
    return function.rows(of: function.parameters + function.options)
  }

  /// What is said of this one itself, not of what is in it.
  fileprivate var lines: [String] {
    guard case .function(_, let function) = self else { return [summary] }
    let details = function.details.map { $0.split(separator: "\n").map(String.init) } ?? []
    return [function.summary] + details + parameters.map { "\($0.name): \($0.parameter.summary)" }
      + function.returns.map { "\($0.name): \($0.summary)" } + [function.equation, function.source].compactMap { $0 }
  }
}
