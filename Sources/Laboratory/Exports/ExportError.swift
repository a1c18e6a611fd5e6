import Interactions

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
