extension ModuleDescription {
  /// What `print(module)` shows: its modules and what they are for, and its functions.
  func overview(_ path: String, width: Int?) -> String {
    var lines = ["\(path): \(summary)"]
    if !modules.isEmpty { lines += [""] + rows(modules.map { ["\(path).\($0.name)", $0.summary] }, width) }
    if modules.isEmpty, functions.count <= 40 {
      lines += [""] + rows(functions.map { ["\(path).\($0.name)", $0.summary] }, width)
    } else {
      lines += namesByTheme(path, width ?? 100)
    }
    let text = (lines + ["", "help(\(example(path))) says more; help \"word\" searches."]).joined(separator: "\n")
    return width.map { text.wrapped(to: $0) } ?? text
  }

  /// Those without a theme first, and constants with them, then theme by theme.
  private func namesByTheme(_ path: String, _ width: Int) -> [String] {
    var themes: [String?] = [nil]
    for function in functions where !themes.contains(function.theme) { themes.append(function.theme) }
    return themes.flatMap { theme -> [String] in
      let names = functions.filter { $0.theme == theme }.map(\.name) + (theme == nil ? constants.map(\.name) : [])
      let title = theme ?? "Functions of \(path) itself"
      return names.isEmpty ? [] : ["", title + ":"] + wrapped(names, indent: "  ", width: width)
    }
  }

  private func rows(_ rows: [[String]], _ width: Int?) -> [String] {
    entries(rows.map { [$0[0], $0[1].firstSentence] }, width: width)
  }

  private func example(_ path: String) -> String {
    let name = modules.first?.name ?? functions.first?.name
    return name.map { "\(path).\($0)" } ?? path
  }

  private func wrapped(_ words: [String], indent: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = indent
    for word in words {
      if line.count + word.count + 3 > width, line != indent {
        lines.append(line + ",")
        line = indent
      }
      line += (line == indent ? "" : ", ") + word
    }
    return lines + [line]
  }
}
