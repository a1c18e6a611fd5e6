/// What can become of a file's bytes.
struct Damage {
  var choices: Choices

  /// The bytes after a few changes.
  mutating func text(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...choices.size(atMost: 5) { changeText(&bytes) }
    if choices.chance(0.1) { return deflated(bytes, windowBits: 31) }
    if choices.chance(0.04) {
      var packed = deflated(bytes, windowBits: 31)
      changeBinary(&packed)
      return packed
    }
    return bytes
  }

  mutating func binary(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<choices.size(atMost: 4) + 1 { changeBinary(&bytes) }
    return bytes
  }

  // MARK: Text

  private static let numbers = [
    "0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
    "2147483647",
    "2147483648", "4294967295", "1e308", "1e400", "nan", "inf", "-0", "0x10", "1.5", "978300760", "000", "1_000", "٣",
    "",
    "9999999999999999999999999999", "16777216", "65536", "0000-00-00", "9999-99-99T99:99:99Z", "292277026596-01-01",
  ].map { Array($0.utf8) }

  private static let pieces: [[UInt8]] =
    [
      "\n", "\r\n", "\r", "\0", "\t", ",", "::", ";", "|", " ", "\"", "\"\"", "\\", "\u{FEFF}", "{", "}", "[", "]",
      "\\u",
      "\\ud800", "null", "user", "item", "rating", "user_id:token", "# comment", "\u{1B}[31m", "\u{2028}",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC3], [0xE9], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x1F, 0x8B, 8, 0],
    ]

  private mutating func changeText(_ bytes: inout [UInt8]) {
    switch choices.below(12) {
    case 0...3: replaceNumber(&bytes)
    case 4, 5: insert(choices.pick(Self.pieces), &bytes)
    case 6: changeLine(&bytes)
    case 7: replaceAll(&bytes)
    case 8: bytes = Array(bytes.prefix(choices.below(bytes.count + 1)))
    case 9: if choices.chance(0.1) { repeatPart(&bytes) } else { insert(choices.pick(Self.numbers), &bytes) }
    case 10: splice(&bytes)
    default: flip(&bytes)
    }
  }

  private mutating func replaceNumber(_ bytes: inout [UInt8]) {
    let isDigit = { (byte: UInt8) in (48...57).contains(byte) }
    let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
    guard !starts.isEmpty else { return }
    let start = choices.pick(starts)
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(start..<end, with: choices.pick(Self.numbers))
  }

  private mutating func changeLine(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    let line = choices.below(lines.count)
    switch choices.below(4) {
    case 0: lines.remove(at: line)
    case 1: lines.insert(lines[line], at: choices.below(lines.count))
    case 2: lines.swapAt(line, choices.below(lines.count))
    default: lines[line] = lines[line].reversed()
    }
    bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// One separator or line end becomes another everywhere.
  private mutating func replaceAll(_ bytes: inout [UInt8]) {
    let from = choices.pick(["\n", "\t", ",", ":", " ", "\"", "1"])
    let to = choices.pick(Self.pieces)
    bytes = Array(bytes.split(separator: from.utf8.first!, omittingEmptySubsequences: false).joined(separator: to))
  }

  private mutating func repeatPart(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let start = choices.below(bytes.count)
    let part = bytes[start..<min(bytes.count, start + 1 + choices.below(12))]
    let count = min(choices.pick([100, 3000, 100_000]), 200_000 / part.count)
    bytes.insert(contentsOf: Array(repeatElement(part, count: count).joined()), at: start)
  }

  private mutating func splice(_ bytes: inout [UInt8]) {
    let files = choices.pick(Samples.all).files
    let other = choices.pick(files).bytes
    bytes = Array(bytes.prefix(choices.below(bytes.count + 1))) + other.suffix(choices.below(other.count + 1))
  }

  private mutating func insert(_ part: [UInt8], _ bytes: inout [UInt8]) {
    bytes.insert(contentsOf: part, at: choices.below(bytes.count + 1))
  }

  private mutating func flip(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    bytes[choices.below(bytes.count)] ^= 1 << choices.below(8)
  }

  // MARK: Binary

  private static let words: [UInt64] = [
    0, 1, 2, 7, 8, 255, 1 << 16, 1 << 31 - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 53, 1 << 62, 1 << 63 - 1, 1 << 63, .max,
    .max - 7,
  ]

  private mutating func changeBinary(_ bytes: inout [UInt8]) {
    switch choices.below(8) {
    case 0...2: replaceWord(&bytes, width: choices.pick([1, 2, 4, 8, 8]))
    case 3: bytes = Array(bytes.prefix(choices.below(bytes.count + 1)))
    case 4: move(&bytes)
    case 5: replaceNumber(&bytes)
    default: flip(&bytes)
    }
  }

  /// A number of a file is replaced by one beyond what it may be, or moved by one.
  private mutating func replaceWord(_ bytes: inout [UInt8], width: Int) {
    guard bytes.count >= width else { return }
    let place = choices.below((bytes.count - width) / width + 1) * width
    var value = choices.pick(Self.words)
    if choices.chance(0.4) {
      let old = bytes[place..<place + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      value = old &+ choices.pick([1, .max, 8, 1 << 32])
    }
    for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  /// A part is doubled or taken out.
  private mutating func move(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let start = choices.below(bytes.count)
    let end = min(bytes.count, start + 8 * (1 + choices.below(4)))
    if choices.chance(0.5) {
      bytes.removeSubrange(start..<end)
    } else {
      bytes.insert(contentsOf: Array(bytes[start..<end]), at: end)
    }
  }
}
