/// Collects titles by the number that an item got while reading.
struct TitleBuilder {
  private var titles: [Int32: String] = [:]

  var isEmpty: Bool { titles.isEmpty }

  /// Keeps the first title of an item. Bytes that are no UTF-8 are read as ISO-8859-1.
  mutating func add(_ title: UnsafeRawBufferPointer, item: Int32) {
    if title.isEmpty || titles[item] != nil { return }
    titles[item] = decodeText(title)
  }

  mutating func add(_ title: String, item: Int32) {
    if !title.isEmpty, titles[item] == nil { titles[item] = title }
  }

  /// The titles by final dense number, or nil if there are none.
  func finish(count: Int, renumbering: [Int32]?) -> Titles? {
    if titles.isEmpty { return nil }
    var byNumber = [String](repeating: "", count: count)
    for (number, title) in titles { byNumber[Int(renumbering?[Int(number)] ?? number)] = title }
    return Titles(byNumber)
  }
}

extension Titles {
  /// - Parameter titles: by dense number, empty where an item has none.
  init(_ titles: [String]) {
    self.init(TextTable(titles))
  }
}

/// UTF-8 where it is that, otherwise ISO-8859-1 (MovieLens before 2019).
func decodeText(_ bytes: UnsafeRawBufferPointer) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var text = ""
  for byte in bytes { text.unicodeScalars.append(UnicodeScalar(byte)) }
  return text
}
