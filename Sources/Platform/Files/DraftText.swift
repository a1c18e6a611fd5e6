/// A text file that is written piece by piece, and gets its name when it is whole.
public struct DraftText {
  private let draft: DraftFile
  private var bytes: [UInt8] = []

  public init(_ path: String) throws(FileRefusal) {
    draft = try DraftFile(for: path)
    bytes.reserveCapacity(1 << 20)
  }

  public mutating func add(_ text: String) throws(FileRefusal) { try add(text.utf8) }

  public mutating func add(_ more: some Collection<UInt8>) throws(FileRefusal) {
    bytes += more
    if bytes.count >= 1 << 20 { try flush() }
  }

  /// A field of a table with commas (RFC 4180): in quotes where it has to be.
  public mutating func addField(_ field: [UInt8]) throws(FileRefusal) { try add(CSVText.field(field)) }

  private mutating func flush() throws(FileRefusal) {
    var refusal: FileRefusal?
    bytes.withUnsafeBytes { bytes in
      do throws(FileRefusal) { try draft.write(bytes) } catch { refusal = error }
    }
    if let refusal { throw refusal }
    bytes.removeAll(keepingCapacity: true)
  }

  public consuming func finish() throws(FileRefusal) {
    try flush()
    try draft.finish()
  }
}
