import Platform

/// The identifiers of a data set's users or items, and the dense numbers Perigee computes with.
///
/// Identifiers are strings of bytes as they stand in the file, in whatever encoding that is; only `17850.0` is the number 17850
/// (see `parseIdentifier`). Where all of them are whole numbers in plain decimal, the dense order is their numeric order and
/// they are kept as numbers; otherwise it is the order of first appearance.
public struct IdentifierMap: Sendable {
  enum Storage: Sendable {
    /// Identifier `i` is the number `i`.
    case range(Int)
    /// Strictly ascending.
    case numbers([Int64])
    case text(TextTable)
  }

  let storage: Storage

  init(_ storage: Storage) { self.storage = storage }

  /// The identifiers "0", "1", ... of a set that has no others.
  public init(count: Int) { storage = .range(count) }

  /// - Precondition: no identifier occurs twice.
  public init(_ identifiers: [String]) {
    storage = .text(TextTable(identifiers))
  }

  public var count: Int {
    switch storage {
    case .range(let count): count
    case .numbers(let numbers): numbers.count
    case .text(let table): table.count
    }
  }

  /// Whether every identifier is a whole number in plain decimal.
  public var areNumbers: Bool { if case .text = storage { false } else { true } }

  /// The identifier of a dense number, byte for byte.
  /// - Precondition: `index` is in `0..<count`.
  public func bytes(at index: Int) -> [UInt8] {
    precondition(index >= 0 && index < count, "dense number \(index) is outside 0..<\(count)")
    return switch storage {
    case .range: Array(String(index).utf8)
    case .numbers(let numbers): Array(String(numbers[index]).utf8)
    case .text(let table): Array(table.bytes(at: index))
    }
  }

  /// The identifier of a dense number as text; bytes that are not UTF-8 become the replacement character, so that two identifiers
  /// may have the same text.
  /// - Precondition: `index` is in `0..<count`.
  public func identifier(at index: Int) -> String { String(decoding: bytes(at: index), as: UTF8.self) }

  /// The identifier of a dense number as a message shows it: short, on one line.
  /// - Precondition: `index` is in `0..<count`.
  public func shownIdentifier(at index: Int) -> String { shown(bytes(at: index)) }

  /// The identifier as a number, or nil where identifiers are text.
  public func number(at index: Int) -> Int? {
    switch storage {
    case .range: index
    case .numbers(let numbers): Int(numbers[index])
    case .text: nil
    }
  }

  /// The dense number of an identifier, or nil if the set has no such identifier. O(log count) or better.
  public func index(of identifier: String) -> Int? {
    var identifier = identifier
    return identifier.withUTF8 { index(of: UnsafeRawBufferPointer($0)) }
  }

  /// The dense number of an identifier in bytes, or nil if the set has no such identifier. O(log count) or better.
  public func index(of identifier: [UInt8]) -> Int? { identifier.withUnsafeBytes { index(of: $0) } }

  /// As of the same bytes in an array.
  func index(of identifier: UnsafeRawBufferPointer) -> Int? {
    if case .text(let table) = storage, let index = table.index(of: identifier) { return index }
    return parseIdentifier(identifier).flatMap { index(of: $0) }
  }

  /// The dense number of an identifier that is a whole number.
  public func index(of number: Int) -> Int? {
    switch storage {
    case .range(let count): return number >= 0 && number < count ? number : nil
    case .numbers(let numbers):
      var low = 0
      var high = numbers.count
      while low < high {
        let middle = (low + high) / 2
        if numbers[middle] < number { low = middle + 1 } else { high = middle }
      }
      return low < numbers.count && numbers[low] == number ? low : nil
    case .text(let table): return Array(String(number).utf8).withUnsafeBytes { table.index(of: $0) }
    }
  }

  /// The identifiers of these dense numbers, in this order.
  func selecting(_ kept: [Int32]) -> IdentifierMap {
    switch storage {
    case .range(let count):
      if kept.count == count { return self }
      return IdentifierMap(.numbers(kept.map { Int64($0) }))
    case .numbers(let numbers): return IdentifierMap(.numbers(kept.map { numbers[Int($0)] }))
    case .text(let table): return IdentifierMap(.text(table.selecting(kept)))
    }
  }
}

extension TextTable {
  func selecting(_ kept: [Int32]) -> TextTable {
    var newOffsets = [0]
    newOffsets.reserveCapacity(kept.count + 1)
    var newBytes: [UInt8] = []
    for index in kept {
      newBytes.append(contentsOf: bytes[offsets[Int(index)]..<offsets[Int(index) + 1]])
      newOffsets.append(newBytes.count)
    }
    return TextTable(offsets: newOffsets, bytes: newBytes)
  }
}
