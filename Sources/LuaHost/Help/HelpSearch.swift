import Platform

extension LuaState {
  /// What the documentation has about some words: names that hold them, options and arguments, and what is said where. Where nothing
  /// has all of them, what it has about each. Nil where there is nothing.
  func search(_ text: String) -> String? {
    let words = text.lowercased().split { $0.isWhitespace || $0 == "," }.map(String.init)
    if let found = search(words, most: 24) { return found }
    guard words.count > 1 else { return nil }
    let parts = words.compactMap { search([$0], most: 8) }
    guard !parts.isEmpty else { return nil }
    return (["Nothing has all of '\(shown(text))'."] + parts).joined(separator: "\n\n")
  }

  private func search(_ words: [String], most: Int) -> String? {
    guard !words.isEmpty else { return nil }
    var names: [[String]] = []
    var options: [[String]] = []
    var texts: [[String]] = []
    for (name, subject) in allSubjects {
      let isNamed = words.allSatisfy(name.lowercased().contains)
      if isNamed { names.append([name, subject.summary]) }
      let inside = subject.parameters.filter { parameter in words.allSatisfy(parameter.name.says) }
      options += inside.map { ["\(name) { \($0.name) }", $0.parameter.summary] }
      if !isNamed, inside.isEmpty, let line = subject.lines.first(where: { line in words.allSatisfy(line.says) }) {
        texts.append([name, line])
      }
    }
    let parts = [("Names", names), ("Options and arguments", options), ("Said of", texts)].filter { !$0.1.isEmpty }
    guard !parts.isEmpty else { return nil }
    let wanted = shown(words.joined(separator: " "))
    return parts.map { title, rows in
      let rest = rows.count > most ? ["  ... and \(rows.count - most) more"] : []
      return (["\(title) with '\(wanted)':"] + entries(Array(rows.prefix(most)), width: helpWidth) + rest).joined(
        separator: "\n")
    }.joined(separator: "\n\n")
  }
}

extension String {
  /// Whether a word of the text begins with this one, in lower case: `rate` is in `rates` and not in `generate`. One that is no mere
  /// word, such as `ndcg@20`, may stand anywhere.
  fileprivate func says(_ word: String) -> Bool {
    let text = lowercased()
    guard word.allSatisfy({ $0.isLetter || $0.isNumber }) else { return text.contains(word) }
    return text.split { !$0.isLetter && !$0.isNumber }.contains { $0.hasPrefix(word) }
  }

  /// The text with lines that are longer than `width` broken between words; what follows is indented deeper than the line.
  func wrapped(to width: Int) -> String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = String(line.prefix { $0 == " " }) + (line.hasPrefix("  ") ? "    " : "")
      var rest = line
      var lines: [String] = []
      func placeToBreak() -> Substring.Index? {
        let start = indent.count + 1
        return rest.prefix(width + 1).dropFirst(start).lastIndex(of: " ") ?? rest.dropFirst(start).firstIndex(of: " ")
      }
      while rest.count > width, let place = placeToBreak() {
        lines.append(String(rest[..<place]).withoutTrailingSpaces)
        rest = Substring(indent + rest[place...].drop { $0 == " " })
      }
      return (lines + [String(rest)]).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

/// Names and what they are, a line each.
func entries(_ rows: [[String]], width: Int?) -> [String] {
  let most = 48
  let column = min(most, rows.map { $0[0].count }.max() ?? 0)
  let shown = rows.map { [$0[0], $0[1].shortened(to: max(12, (width ?? 100) - 4 - max(column, $0[0].count)))] }
  return aligned(shown, indent: "  ", most: most)
}

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
