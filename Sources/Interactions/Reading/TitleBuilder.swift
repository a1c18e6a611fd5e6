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
  func finish(itemCount: Int, renumbering: [Int32]?) -> ItemTitles? {
    if titles.isEmpty { return nil }
    var byItem = [String](repeating: "", count: itemCount)
    for (item, title) in titles { byItem[Int(renumbering?[Int(item)] ?? item)] = title }
    return ItemTitles(byItem)
  }
}

extension ItemTitles {
  /// - Parameter titles: by dense number, empty where an item has none.
  init(_ titles: [String]) {
    var offsets = [0]
    offsets.reserveCapacity(titles.count + 1)
    var bytes: [UInt8] = []
    for title in titles {
      bytes.append(contentsOf: title.utf8)
      offsets.append(bytes.count)
    }
    self.init(TextTable(offsets: offsets, bytes: bytes))
  }
}

/// UTF-8 where it is that, otherwise ISO-8859-1 (MovieLens before 2019).
func decodeText(_ bytes: UnsafeRawBufferPointer) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var text = ""
  for byte in bytes { text.unicodeScalars.append(UnicodeScalar(byte)) }
  return text
}
