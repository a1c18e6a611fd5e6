/// Tables with commas, as RFC 4180 has them.
public enum CSVText {
  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let ends: [UInt8] = [0x0a, 0x0d]

  /// A field: in quotes where it holds one, a comma or an end of line.
  public static func field(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(where: { $0 == comma || $0 == quote || ends.contains($0) }) else { return bytes }
    return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }

  public static func line(_ fields: [String]) -> String {
    fields.map { String(decoding: field(Array($0.utf8)), as: UTF8.self) }.joined(separator: ",")
  }

  /// The rows of a table that `line` wrote; a last line without its end is one too.
  public static func rows(_ bytes: [UInt8]) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    func text() -> String { String(decoding: field, as: UTF8.self) }
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case quote:
        // The second of two within quotes stands for one: it opens again what the first closed.
        if !isQuoted, index > 0, bytes[index - 1] == quote { field.append(quote) }
        isQuoted.toggle()
      case comma where !isQuoted:
        row.append(text())
        field = []
      case 0x0a where !isQuoted:
        rows.append(row + [text()])
        (row, field) = ([], [])
      case 0x0d where !isQuoted: break
      default: field.append(byte)
      }
    }
    return row.isEmpty && field.isEmpty ? rows : rows + [row + [text()]]
  }
}
