extension ModuleDescription {
  /// What `print(module)` shows: its modules and what they are for, and its functions.
  func overview(_ path: String) -> String {
    var lines = ["\(path): \(summary)"]
    if !modules.isEmpty { lines += [""] + rows(modules.map { ["\(path).\($0.name)", $0.summary] }) }
    let names = functions.map(\.name) + constants.map(\.name)
    if modules.isEmpty, functions.count <= 40 {
      lines += [""] + rows(functions.map { ["\(path).\($0.name)", $0.summary] })
    } else if !names.isEmpty {
      lines += ["", "Functions of \(path) itself:"] + wrapped(names, indent: "  ", width: helpWidth)
    }
    return (lines + ["", "help(\(example(path))) says more; help \"word\" searches."]).joined(separator: "\n")
  }

  private func rows(_ rows: [[String]]) -> [String] { entries(rows.map { [$0[0], $0[1].firstSentence] }) }

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
