/// Gives numbers 0, 1, ... to identifiers as they appear, then puts them in their final order.
///
/// Whole numbers (also those written `17850.0`) below 2²⁰ go through a table, everything else through a hash of the bytes.
struct IdentifierBuilder {
  private static let directLimit = 1 << 20
  private var direct: [Int32] = []
  private var slots: [Int32] = []
  private var hashed = 0
  /// The value of a whole number, -1 where the identifier is text.
  private var values: [Int64] = []
  /// Bytes of the text identifiers: number `i` is `bytes[textOffsets[i]..<textOffsets[i + 1]]`, empty for whole numbers.
  private var textOffsets: [Int] = []
  private var bytes: [UInt8] = []
  private(set) var hasText = false
  private(set) var highestValue: Int64 = -1
  /// Whether whole numbers stay in the order of their appearance, as text does, where that is not their own.
  var keepsOrder = false

  var count: Int { values.count }

  /// The number of an identifier that is the whole number `value`.
  @inline(__always)
  mutating func number(value: Int) -> Int32 {
    if value < direct.count, direct[value] >= 0 { return direct[value] }
    return insert(value: value)
  }

  /// The number of an identifier in bytes. The bytes must not be empty.
  @inline(__always)
  mutating func number(of identifier: UnsafeRawBufferPointer) -> Int32 {
    if let value = parseIdentifier(identifier) { return number(value: value) }
    return insert(text: identifier)
  }

  /// The number of an identifier that has appeared, or nil.
  func existing(_ identifier: UnsafeRawBufferPointer) -> Int32? {
    if let value = parseIdentifier(identifier) { return existing(value: value) }
    if slots.isEmpty { return nil }
    var slot = Int(truncatingIfNeeded: hashBytes(identifier)) & (slots.count - 1)
    while slots[slot] >= 0 {
      if isText(Int(slots[slot]), identifier) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The number of an identifier that is a whole number and has appeared, or nil.
  func existing(value: Int) -> Int32? {
    if value < Self.directLimit {
      return value >= 0 && value < direct.count && direct[value] >= 0 ? direct[value] : nil
    }
    if slots.isEmpty { return nil }
    var slot = Int(truncatingIfNeeded: hash(value: value)) & (slots.count - 1)
    while slots[slot] >= 0 {
      if values[Int(slots[slot])] == value { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func isText(_ number: Int, _ text: UnsafeRawBufferPointer) -> Bool {
    values[number] < 0
      && bytes.withUnsafeBytes {
        equalBytes(UnsafeRawBufferPointer(rebasing: $0[textOffsets[number]..<textOffsets[number + 1]]), text)
      }
  }

  private mutating func insert(value: Int) -> Int32 {
    if value < Self.directLimit {
      if value >= direct.count {
        let size = min(Self.directLimit, max(1024, max(value + 1, direct.count * 2)))
        direct.append(contentsOf: repeatElement(-1, count: size - direct.count))
      }
      let number = append(value: value)
      direct[value] = number
      return number
    }
    growSlots()
    var slot = Int(truncatingIfNeeded: hash(value: value)) & (slots.count - 1)
    while slots[slot] >= 0 {
      if values[Int(slots[slot])] == value { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    let number = append(value: value)
    slots[slot] = number
    hashed += 1
    return number
  }

  private mutating func append(value: Int) -> Int32 {
    highestValue = max(highestValue, Int64(value))
    values.append(Int64(value))
    if hasText { textOffsets.append(bytes.count) }
    return Int32(values.count - 1)
  }

  private mutating func insert(text: UnsafeRawBufferPointer) -> Int32 {
    if !hasText {
      hasText = true
      textOffsets = [Int](repeating: 0, count: values.count + 1)
    }
    growSlots()
    var slot = Int(truncatingIfNeeded: hashBytes(text)) & (slots.count - 1)
    while slots[slot] >= 0 {
      if isText(Int(slots[slot]), text) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    bytes.append(contentsOf: text)
    values.append(-1)
    textOffsets.append(bytes.count)
    slots[slot] = Int32(values.count - 1)
    hashed += 1
    return Int32(values.count - 1)
  }

  private func hash(value: Int) -> UInt64 {
    let mixed = UInt64(value) &* 0x9E37_79B9_7F4A_7C15
    return mixed ^ (mixed >> 32)
  }

  private mutating func growSlots() {
    if !slots.isEmpty, hashed * 2 < slots.count { return }
    let capacity = max(1024, slots.count * 2)
    let old = slots
    slots = [Int32](repeating: -1, count: capacity)
    bytes.withUnsafeBytes { all in
      for number in old where number >= 0 {
        let value = values[Int(number)]
        let key =
          value >= 0
          ? hash(value: Int(value))
          : hashBytes(UnsafeRawBufferPointer(rebasing: all[textOffsets[Int(number)]..<textOffsets[Int(number) + 1]]))
        var slot = Int(truncatingIfNeeded: key) & (capacity - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
        slots[slot] = number
      }
    }
  }

  /// The finished map, and the new number of each old one (nil where nothing moves).
  ///
  /// - Parameter wholeRange: every whole number from 0 to the highest is an identifier, seen or not.
  func finish(wholeRange: Bool) -> (map: IdentifierMap, renumbering: [Int32]?) {
    if hasText || keepsOrder && !wholeRange && !isAscending { return (IdentifierMap(.text(textTable())), nil) }
    if wholeRange { return (IdentifierMap(.range(Int(highestValue) + 1)), values.map { Int32($0) }) }
    let isIdentity = values.enumerated().allSatisfy { $0.offset == $0.element }
    if isIdentity { return (IdentifierMap(.range(values.count)), nil) }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var renumbering = [Int32](repeating: 0, count: values.count)
    for (new, old) in order.enumerated() { renumbering[old] = Int32(new) }
    if Int(highestValue) + 1 == values.count { return (IdentifierMap(.range(values.count)), renumbering) }
    return (IdentifierMap(.numbers(order.map { values[$0] })), renumbering)
  }

  private var isAscending: Bool { !zip(values, values.dropFirst()).contains { $0 >= $1 } }

  private func textTable() -> TextTable {
    var offsets = [0]
    offsets.reserveCapacity(count + 1)
    var all: [UInt8] = []
    for number in 0..<count {
      if values[number] >= 0 {
        all.append(contentsOf: String(values[number]).utf8)
      } else {
        all.append(contentsOf: bytes[textOffsets[number]..<textOffsets[number + 1]])
      }
      offsets.append(all.count)
    }
    return TextTable(offsets: offsets, bytes: all)
  }
}
