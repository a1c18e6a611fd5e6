/// Comment lines as Markdown: the first sentence, and the rest. What stands two blanks further in is code.
struct LuaProse {
  let summary: String
  let details: String?

  init(_ lines: [String]) {
    var blocks = Self.blocks(lines.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : $0 })
    guard let first = blocks.first, !first.hasPrefix("```") else {
      summary = ""
      details = blocks.isEmpty ? nil : blocks.joined(separator: "\n\n")
      return
    }
    let (sentence, rest) = Self.sentence(first)
    summary = sentence
    if rest.isEmpty { blocks.removeFirst() } else { blocks[0] = rest }
    details = blocks.isEmpty ? nil : blocks.joined(separator: "\n\n")
  }

  /// The rest of this, and all of another.
  func joined(with other: LuaProse) -> String? {
    let parts = [details, other.summary.isEmpty ? nil : other.summary, other.details].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "\n\n")
  }

  private static func blocks(_ lines: [String]) -> [String] {
    var blocks: [String] = [], paragraph: [String] = [], code: [String] = []
    func endParagraph() {
      if !paragraph.isEmpty { blocks.append(paragraph.joined(separator: " ")) }
      paragraph = []
    }
    func endCode() {
      while code.last == "" { code.removeLast() }
      let isLua = code.contains { $0.contains("require") || $0.contains("local ") || $0.contains("perigee.") }
      if !code.isEmpty { blocks.append((["```" + (isLua ? "lua" : "text")] + code + ["```"]).joined(separator: "\n")) }
      code = []
    }
    for line in lines {
      if line.hasPrefix("  ") || line.isEmpty && !code.isEmpty {
        endParagraph()
        code.append(String(line.dropFirst(2)))
      } else {
        endCode()
        if line.isEmpty { endParagraph() } else { paragraph.append(line) }
      }
    }
    endParagraph()
    endCode()
    return blocks
  }

  private static func sentence(_ text: String) -> (first: String, rest: String) {
    var index = text.startIndex
    while let stop = text[index...].firstIndex(of: ".") {
      let next = text.index(after: stop)
      if next == text.endIndex { break }
      let word = String(text[..<stop].reversed().prefix { $0 != " " })
      let rest = text[next...].dropFirst()
      // Not behind "et al." or an initial.
      if text[next] == " ", word.count > 1, word != "la", rest.first.map({ $0.isUppercase || $0 == "`" }) == true {
        return (String(text[...stop]), String(rest))
      }
      index = next
    }
    return (text, "")
  }
}
