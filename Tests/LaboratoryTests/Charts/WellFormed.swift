/// Whether a text is XML, as far as this project writes it: elements that close each other, attributes in quotes, known entities.
func isWellFormed(_ text: String) -> Bool {
  var rest = Substring(text)
  if rest.hasPrefix("<!DOCTYPE html>\n") { rest = rest.dropFirst(16) }
  var open: [String] = []
  var hasRoot = false
  while let end = rest.firstIndex(of: "<") {
    guard isText(rest[..<end]), !open.isEmpty || rest[..<end].allSatisfy(\.isWhitespace) else { return false }
    guard let close = rest[end...].firstIndex(of: ">") else { return false }
    let tag = rest[rest.index(after: end)..<close]
    rest = rest[rest.index(after: close)...]
    if tag.hasPrefix("/") {
      guard open.popLast() == String(tag.dropFirst()) else { return false }
      continue
    }
    guard !hasRoot || !open.isEmpty, isTag(tag) else { return false }
    hasRoot = true
    if !tag.hasSuffix("/") { open.append(String(tag.prefix { !$0.isWhitespace })) }
  }
  return hasRoot && open.isEmpty && rest.allSatisfy(\.isWhitespace)
}

/// `name a="b" c="d"`, maybe with a slash behind.
private func isTag(_ tag: Substring) -> Bool {
  let pattern = #/([a-zA-Z][a-zA-Z0-9]*)((?: [a-zA-Z][a-zA-Z0-9:-]*="[^"<>]*")*)/?/#
  guard let match = tag.wholeMatch(of: pattern) else { return false }
  let names = match.2.matches(of: #/ ([a-zA-Z][a-zA-Z0-9:-]*)="/#).map { String($0.1) }
  return Set(names).count == names.count && isText(match.2)
}

private func isText(_ text: Substring) -> Bool {
  let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
  let entities = text.indices.filter { text[$0] == "&" }
  return entities.allSatisfy { place in known.contains { text[place...].hasPrefix($0) } }
    && text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" }
}
