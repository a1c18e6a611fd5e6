import Platform

/// What the header of a `.npy` file says. Format: NumPy enhancement proposal 1 and its versions 2.0 and 3.0.
struct NumpyHeader {
  var type: NumpyType
  var isFortranOrder: Bool
  var shape: [Int]

  /// Parses the dictionary, such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
  ///
  /// - Throws: What is wrong with it.
  init(_ text: String) throws(NumpyProblem) {
    guard let descriptor = Self.value(of: "descr", in: text) else { throw "the header has no 'descr'" }
    guard let quote = descriptor.first, quote == "'" || quote == "\"",
      let end = descriptor.dropFirst().firstIndex(of: quote)
    else { throw "structured arrays are not supported; save one field at a time" }
    let name = String(descriptor[descriptor.index(after: descriptor.startIndex)..<end])
    guard let type = NumpyType(name) else {
      throw """
      dtype '\(shown(name))' is not supported; want float32, float64, an integer or bool: save array.astype("float32")
      """
    }
    self.type = type
    guard let order = Self.value(of: "fortran_order", in: text) else { throw "the header has no 'fortran_order'" }
    guard order.hasPrefix("True") || order.hasPrefix("False") else { throw "'fortran_order' is neither True nor False" }
    isFortranOrder = order.hasPrefix("True")
    guard let tuple = Self.value(of: "shape", in: text) else { throw "the header has no 'shape'" }
    guard tuple.first == "(", let close = tuple.firstIndex(of: ")") else { throw "'shape' is not a tuple" }
    shape = []
    for part in tuple[tuple.index(after: tuple.startIndex)..<close].split(separator: ",") {
      let digits = part.drop { $0 == " " }.prefix { $0 != " " && $0 != "L" }
      if digits.isEmpty { continue }
      guard let length = Int(digits), length >= 0 else {
        throw NumpyProblem("'shape' has '\(shown(digits))'; want whole numbers")
      }
      shape.append(length)
    }
  }

  /// Most axes that an array has in NumPy.
  private static let mostAxes = 64

  /// Number of elements.
  ///
  /// - Throws: Where no array has such a shape: too many axes, or lengths whose product overflows, even if another one is 0.
  func elementCount() throws(NumpyProblem) -> Int {
    guard shape.count <= Self.mostAxes else {
      throw NumpyProblem("has \(shape.count) axes; want at most \(Self.mostAxes)")
    }
    var product = 1
    for length in shape where length > 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow else {
        throw NumpyProblem("has the shape (\(shape.map(String.init).joined(separator: ", "))), which no memory holds")
      }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }

  /// The text after `'key':`.
  private static func value(of key: String, in text: String) -> Substring? {
    for quote in ["'", "\""] {
      let name = Array("\(quote)\(key)\(quote)")
      let all = Array(text)
      guard all.count >= name.count else { continue }
      for start in 0...(all.count - name.count) where Array(all[start..<start + name.count]) == name {
        let rest = text.dropFirst(start + name.count).drop { $0 == " " }
        guard rest.first == ":" else { continue }
        return rest.dropFirst().drop { $0 == " " }
      }
    }
    return nil
  }

  /// The whole beginning of a little-endian float32 file: magic, version 1.0, and the dictionary padded so that the data
  /// starts at a multiple of 64.
  static func float32(shape: [Int]) -> [UInt8] {
    let tuple = "(" + shape.map { "\($0)," }.joined(separator: " ") + ")"
    let lengths = shape.count == 1 ? tuple : tuple.replacingLast(",)", with: ")")
    let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': \(lengths), }"
    let length = (10 + dictionary.utf8.count + 1 + 63) / 64 * 64 - 10
    let padding = [UInt8](repeating: 0x20, count: length - dictionary.utf8.count - 1)
    return magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(dictionary.utf8) + padding + [0x0a]
  }

  static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]  // \x93NUMPY
}

extension String {
  fileprivate func replacingLast(_ ending: String, with other: String) -> String {
    hasSuffix(ending) ? String(dropLast(ending.count)) + other : self
  }
}

/// What is wrong with a file, in words.
struct NumpyProblem: Error, ExpressibleByStringInterpolation {
  let text: String
  init(_ text: String) { self.text = text }
  init(stringLiteral value: String) { text = value }
}

/// How the elements of a `.npy` file are stored.
struct NumpyType: Equatable {
  enum Kind: Character {
    case float = "f"
    case integer = "i"
    case unsigned = "u"
    case boolean = "b"
  }

  let kind: Kind
  let bytes: Int
  let isBigEndian: Bool

  /// From a descriptor such as `<f4` or `|b1`; nil for one that is not supported.
  init?(_ descriptor: String) {
    let parts = Array(descriptor)
    guard parts.count == 3, "<>|=".contains(parts[0]), let kind = Kind(rawValue: parts[1]),
      let bytes = parts[2].wholeNumberValue
    else { return nil }
    switch kind {
    case .float: guard bytes == 4 || bytes == 8 else { return nil }
    case .integer, .unsigned: guard [1, 2, 4, 8].contains(bytes) else { return nil }
    case .boolean: guard bytes == 1 else { return nil }
    }
    self.kind = kind
    self.bytes = bytes
    isBigEndian = parts[0] == ">"
  }

  /// Whether the bytes in the file are those in memory.
  var isNative: Bool { kind == .float && bytes == 4 && isBigEndian == (1.bigEndian == 1) }

  /// Converts `count` elements; whole numbers beyond 2²⁴ and float64 are rounded to the nearest float32.
  func convert(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
    switch (kind, bytes) {
    case (.float, 4): read(source, target, count, UInt32.self) { Float(bitPattern: $0) }
    case (.float, _): read(source, target, count, UInt64.self) { Float(Double(bitPattern: $0)) }
    case (.boolean, _): read(source, target, count, UInt8.self) { $0 == 0 ? 0 : 1 }
    case (.integer, 1): read(source, target, count, Int8.self) { Float($0) }
    case (.integer, 2): read(source, target, count, Int16.self) { Float($0) }
    case (.integer, 4): read(source, target, count, Int32.self) { Float($0) }
    case (.integer, _): read(source, target, count, Int64.self) { Float($0) }
    case (.unsigned, 1): read(source, target, count, UInt8.self) { Float($0) }
    case (.unsigned, 2): read(source, target, count, UInt16.self) { Float($0) }
    case (.unsigned, 4): read(source, target, count, UInt32.self) { Float($0) }
    case (.unsigned, _): read(source, target, count, UInt64.self) { Float($0) }
    }
  }

  @inline(__always)
  private func read<Bits: FixedWidthInteger>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int, _: Bits.Type,
    _ value: (Bits) -> Float
  ) {
    for index in 0..<count {
      let bits = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
      target[index] = value(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
    }
  }
}
