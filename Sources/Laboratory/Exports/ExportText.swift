import Interactions
import Platform

/// A text file that is written piece by piece, and gets its name when it is whole.
struct ExportText {
  private let draft: DraftFile
  private var bytes: [UInt8] = []

  init(_ path: String) throws {
    draft = try DraftFile(for: path)
    bytes.reserveCapacity(1 << 20)
  }

  mutating func add(_ text: String) throws { try add(Array(text.utf8)) }

  mutating func add(_ more: [UInt8]) throws {
    bytes += more
    if bytes.count >= 1 << 20 { try flush() }
  }

  /// A field of a table with commas.
  mutating func addField(_ field: [UInt8]) throws { try add(CSVText.field(field)) }

  private mutating func flush() throws {
    try bytes.withUnsafeBytes { try draft.write($0) }
    bytes.removeAll(keepingCapacity: true)
  }

  consuming func finish() throws {
    try flush()
    try draft.finish()
  }
}

/// What an export cannot do, and what to try.
public struct ExportError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ text: String) { description = text }
}

extension IdentifierMap {
  /// Refuses identifiers that a format without quotes cannot hold.
  func checkWords(_ what: String, _ format: String) throws {
    for index in 0..<count where bytes(at: index).contains(where: { $0 <= 0x20 }) {
      throw ExportError(
        "\(what) '\(shownIdentifier(at: index))' has a space in its identifier, which \(format) cannot hold; write a .csv or .safetensors file"
      )
    }
  }
}
