import TestSupport
import Testing

@testable import Interactions

/// Identifiers are bytes, and every one of them is found again.
@Suite struct IdentifierTests {
  let folder = TemporaryFolder()

  /// Müller and Möller in Latin-1.
  static let names: [[UInt8]] = [[0x4D, 0xFC, 0x6C], [0x4D, 0xF6, 0x6C]]

  func check(_ data: Dataset, line: SourceLocation = #_sourceLocation) {
    #expect(data.userCount == 2, sourceLocation: line)
    for (index, name) in Self.names.enumerated() {
      #expect(data.userIdentifiers.bytes(at: index) == name, sourceLocation: line)
      #expect(data.userIdentifiers.index(of: name) == index, sourceLocation: line)
    }
    #expect(data.userIdentifiers.index(of: "M\u{FFFD}l") == nil, sourceLocation: line)
    #expect(data.userIdentifiers.shownIdentifier(at: 0) == "M\\xFCl", sourceLocation: line)
  }

  @Test func anyEncodingIsKept() throws {
    let table = Self.names.enumerated().flatMap { $0.element + Array(",\($0.offset)\n".utf8) }
    let read = try Dataset.open(folder.write("a.csv", table))
    check(read)
    let objects = Self.names.enumerated().flatMap {
      Array("{\"user\": \"".utf8) + $0.element + Array("\", \"item\": \"\($0.offset)\"}\n".utf8)
    }
    check(try Dataset.open(folder.write("a.json", objects)))
    let cache = DatasetCache(folder: folder.path)
    #expect(cache.store(read, key: 3) == nil)
    check(try #require(cache.load(name: read.name, key: 3, provenance: Provenance()).dataset))
    var filter = DatasetFilter()
    filter.minimumPerUser = 1
    check(try read.filter(filter))
  }

  @Test func otherBytesBesideEscapesAreKept() throws {
    let line = Array("{\"user\": \"\\u00e9\\n".utf8) + [0xFC] + Array("\\ud83d\\ude00\", \"item\": 1}\n".utf8)
    let data = try Dataset.open(folder.write("a.json", line))
    #expect(data.userIdentifiers.bytes(at: 0) == Array("é\n".utf8) + [0xFC] + Array("\u{1F600}".utf8))
  }

  @Test func differentBytesAreDifferentData() throws {
    let hashes = try Self.names.map { try Dataset.open(folder.write("a.csv", $0 + Array(",1\n".utf8))).identifierHash }
    #expect(hashes[0] != hashes[1])
  }

  @Test func aWholeNumberWithAPointIsThatNumber() throws {
    let data = try Dataset.open(
      folder.write("a.csv", "CustomerID,StockCode\n17850.0,71053\n13047.0,22752\n17850,22752.0\n"))
    #expect(identifiers(data.userIdentifiers) == ["13047", "17850"])
    #expect(data.interactions.items(of: 1).count == 2)
    for name in ["17850", "17850.0"] { #expect(data.userIdentifiers.index(of: name) == 1) }
    #expect(data.userIdentifiers.index(of: 17850) == 1)
    let mixed = try Dataset.open(folder.write("b.csv", "CustomerID,StockCode\n17850.0,85123A\n13047.5,POST\n1.00,.0\n"))
    #expect(identifiers(mixed.userIdentifiers) == ["17850", "13047.5", "1.00"])
    #expect(identifiers(mixed.itemIdentifiers) == ["85123A", "POST", ".0"])
    for name in ["17850", "17850.0"] { #expect(mixed.userIdentifiers.index(of: name) == 0) }
    for name in ["13047", "1", "1.0", "0", ".00", "17850.00"] { #expect(mixed.userIdentifiers.index(of: name) == nil) }
    #expect(IdentifierMap(["1.0", "1"]).index(of: "1.0") == 0)
  }

  /// Random identifiers out of few letters, digits, points and bytes that are no text: two are the same if and only if their bytes
  /// are, or both are one whole number.
  @Test func randomIdentifiersAreFound() throws {
    var generator = SplitMix(state: 11)
    for _ in 0..<40 {
      var written: [[UInt8]] = []
      for _ in 0..<Int.random(in: 1...60, using: &generator) {
        written.append(
          (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            [0x30, 0x31, 0x30, 0x2E, 0x61, 0xFC, 0xE2].randomElement(using: &generator)!
          })
      }
      var options = OpenOptions()
      options.columns = ["user", "item"]
      options.header = false
      options.format = .table
      options.separator = ","
      let data = try Dataset.open(folder.write("a.csv", written.flatMap { $0 + Array(",x\n".utf8) }), options)
      func canonical(_ bytes: [UInt8]) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix(".0"), let number = Int(text.dropLast(2)), "\(number).0" == text else { return bytes }
        return Array("\(number)".utf8)
      }
      #expect(data.userCount == Set(written.map(canonical)).count)
      for name in written {
        let index = try #require(data.userIdentifiers.index(of: name))
        #expect(data.userIdentifiers.bytes(at: index) == canonical(name))
      }
    }
  }
}

/// Sebastiano Vigna's splitmix64: the same numbers everywhere.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
