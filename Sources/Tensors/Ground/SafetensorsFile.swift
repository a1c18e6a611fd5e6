import Platform

/// Tensors by name in the safetensors format: eight bytes that say how long the header is, a JSON header with the type, shape and place of
/// each tensor, and then their elements.
///
/// Float32 is written; float16, bfloat16, float64, integers and booleans are read too, and become float32.
public struct SafetensorsFile {
  /// In the order of the header.
  public var tensors: [(name: String, tensor: Tensor)]
  /// Texts by name, in the order of the header.
  public var metadata: [(name: String, text: String)]

  public init(_ tensors: [(name: String, tensor: Tensor)], metadata: [(name: String, text: String)] = []) {
    (self.tensors, self.metadata) = (tensors, metadata)
  }

  /// Writes the file, which appears under its name when it is complete.
  ///
  /// - Throws: `TensorError.file`.
  public func write(_ path: String) throws {
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.map { "\(JSONText.quoted($0.name)):\(JSONText.quoted($0.text))" }
      entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for (name, tensor) in tensors {
      let end = offset + 4 * tensor.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(JSONText.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    // Elements begin at a multiple of 8, as readers that map the file want them.
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    do {
      let draft = try DraftFile(for: path)
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try draft.write($0) }
      try header.withUnsafeBytes { try draft.write($0) }
      for (_, tensor) in tensors {
        try tensor.contiguous().withElements { try draft.write(UnsafeRawBufferPointer($0)) }
      }
      try draft.finish()
    } catch let refusal as FileRefusal {
      throw TensorError.file(path: refusal.path, reason: refusal.problem)
    }
  }

  /// - Throws: `TensorError.file` with the path and what is wrong with the file.
  public static func read(_ path: String) throws -> SafetensorsFile {
    do {
      let bytes = try RegularFile.bytes(of: path)
      return try bytes.withUnsafeBytes { try SafetensorsFile($0) }
    } catch let problem as SafetensorsProblem {
      throw TensorError.file(path: shownPath(path), reason: problem.text)
    } catch let refusal as FileRefusal {
      throw TensorError.file(path: refusal.path, reason: refusal.problem)
    }
  }

  private init(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count >= 8 else { throw SafetensorsProblem(text: "is too short to be a safetensors file") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(bytes.count - 8) else {
      throw SafetensorsProblem(
        text: "is no safetensors file, or truncated: it promises a header of \(length) bytes and has \(bytes.count - 8)"
      )
    }
    var scanner = JSONText(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)]))
    guard let header = scanner.value(), case .object(let entries) = header else {
      throw SafetensorsProblem(text: "has a header that is no JSON object (byte \(8 + scanner.position))")
    }
    self.init([])
    let elements = UnsafeRawBufferPointer(rebasing: bytes[(8 + Int(length))...])
    for (name, entry) in entries {
      if name == "__metadata__" {
        guard case .object(let texts) = entry else { throw SafetensorsProblem(text: "has metadata that is no object") }
        for (name, text) in texts { if case .string(let text) = text { metadata.append((name, text)) } }
      } else {
        tensors.append((name, try SafetensorsEntry(name, entry, elements).tensor()))
      }
    }
  }
}

/// What is wrong with a file, in words.
struct SafetensorsProblem: Error { let text: String }

/// One tensor of a file.
private struct SafetensorsEntry {
  private let name: String
  private let type: String
  private let shape: [Int]
  private let elements: UnsafeRawBufferPointer

  private static let sizes = [
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
  ]

  init(_ name: String, _ entry: JSONText.Value, _ all: UnsafeRawBufferPointer) throws {
    func problem(_ text: String) -> SafetensorsProblem { SafetensorsProblem(text: "tensor '\(shown(name))' \(text)") }
    guard case .object(let fields) = entry else { throw problem("is no object") }
    func field(_ name: String) -> JSONText.Value? { fields.first { $0.0 == name }?.1 }
    func integers(_ name: String) throws -> [Int] {
      guard case .array(let values)? = field(name) else { throw problem("has no \(name)") }
      return try values.map {
        guard case .number(let number) = $0, let whole = Int(exactly: number), whole >= 0 else {
          throw problem("has \(name) other than whole numbers from 0")
        }
        return whole
      }
    }
    guard case .string(let type)? = field("dtype") else { throw problem("has no dtype") }
    guard let size = Self.sizes[type] else {
      throw problem(
        "has dtype '\(shown(type))', which is not supported; want one of \(Self.sizes.keys.sorted().joined(separator: ", "))"
      )
    }
    let (shape, offsets) = (try integers("shape"), try integers("data_offsets"))
    guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= all.count else {
      throw problem("lies outside the file, which is truncated")
    }
    let (product, overflow) = shape.reduce((1, false)) { sum, length in
      let (next, over) = sum.0.multipliedReportingOverflow(by: length)
      return (next, sum.1 || over)
    }
    guard !overflow, offsets[1] - offsets[0] == product.multipliedReportingOverflow(by: size).partialValue else {
      throw problem(
        "has \(offsets[1] - offsets[0]) bytes, which a shape of [\(shape.map(String.init).joined(separator: ", "))] has not"
      )
    }
    (self.name, self.type, self.shape) = (name, type, shape)
    elements = UnsafeRawBufferPointer(rebasing: all[offsets[0]..<offsets[1]])
  }

  func tensor() throws -> Tensor {
    let result = try Tensor(uninitialized: shape, operation: "read_safetensors")
    try result.withMutableElements { target in
      switch type {
      case "F64": read(into: target, UInt64.self) { Float(Double(bitPattern: $0)) }
      case "F32": read(into: target, UInt32.self) { Float(bitPattern: $0) }
      case "F16": read(into: target, UInt16.self, SafetensorsEntry.half)
      case "BF16": read(into: target, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      case "I64": read(into: target, UInt64.self) { Float(Int64(bitPattern: $0)) }
      case "I32": read(into: target, UInt32.self) { Float(Int32(bitPattern: $0)) }
      case "I16": read(into: target, UInt16.self) { Float(Int16(bitPattern: $0)) }
      case "I8": read(into: target, UInt8.self) { Float(Int8(bitPattern: $0)) }
      case "BOOL": read(into: target, UInt8.self) { $0 == 0 ? 0 : 1 }
      default: read(into: target, UInt8.self) { Float($0) }
      }
    }
    return result
  }

  private func read<Bits: FixedWidthInteger>(
    into target: UnsafeMutableBufferPointer<Float>, _: Bits.Type, _ number: (Bits) -> Float
  ) {
    for place in target.indices {
      let bits = elements.loadUnaligned(fromByteOffset: place * MemoryLayout<Bits>.size, as: Bits.self)
      target[place] = number(Bits(littleEndian: bits))
    }
  }

  /// IEEE half precision; Swift's Float16 is not there on every processor.
  private static func half(_ bits: UInt16) -> Float {
    let (sign, exponent, fraction) = (UInt32(bits >> 15), UInt32(bits >> 10) & 31, UInt32(bits) & 1023)
    let size: Float =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 31: Float(bitPattern: 0x7f80_0000 | fraction << 13)
      default: Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
      }
    return sign == 1 ? -size : size
  }
}
