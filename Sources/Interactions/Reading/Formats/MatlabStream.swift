import Platform

/// The data elements of a MATLAB 5 file, deflated or not, read from front to back.
final class MatlabStream {
  enum ElementType: UInt32 {
    case int8 = 1
    case uint8 = 2
    case int16 = 3
    case uint16 = 4
    case int32 = 5
    case uint32 = 6
    case single = 7
    case double = 9
    case int64 = 12
    case uint64 = 13
    case matrix = 14
    case compressed = 15
    case utf8 = 16

    var width: Int {
      switch self {
      case .int8, .uint8, .utf8: 1
      case .int16, .uint16: 2
      case .int32, .uint32, .single: 4
      case .double, .int64, .uint64: 8
      case .matrix, .compressed: 0
      }
    }
  }

  struct Element {
    let type: ElementType
    let size: Int
    /// Small elements keep up to 4 bytes of data in their tag.
    let inline: [UInt8]?
    var paddedSize: Int { inline != nil ? 0 : (size + 7) / 8 * 8 }
  }

  struct MatrixHeader {
    let isSparse: Bool
    let name: String
    let rows: Int
    let columns: Int
  }

  let path: String
  private let source: ByteSource
  private var inflater: Inflater?
  /// Compressed bytes of the current element that are still in the file.
  private var compressedLeft = 0
  /// Bytes of the file that were read.
  private var taken = 0
  /// Where the current matrix ends, counted in bytes consumed.
  private var consumed = 0
  private var matrixEnd = 0

  init(path: String, isInterrupted: @escaping () -> Bool) throws(DataError) {
    self.path = path
    source = try ByteSource(path: path, isInterrupted: isInterrupted)
  }

  func damaged(_ problem: String) -> DataError {
    .badFile(file: path, problem: problem, remedy: "fetch or copy the file again, or save it anew with save -v7")
  }

  private func endsEarly() -> DataError { damaged("ends early (a cut-off copy?)") }

  func readHeader() throws(DataError) {
    let header = try bytes(128)
    let text = String(decoding: header.prefix(116), as: UTF8.self)
    if text.hasPrefix("MATLAB 7.3") {
      throw .badFile(
        file: path, problem: "is a MATLAB 7.3 file (HDF5), which Perigee does not read", remedy: "save it with save -v7"
      )
    }
    guard text.hasPrefix("MATLAB 5.0"), header[124] == 0, header[125] == 1 else {
      throw damaged("is no MATLAB 5 file of a little-endian machine")
    }
    guard header[126] == UInt8(ascii: "I"), header[127] == UInt8(ascii: "M") else {
      throw .badFile(
        file: path, problem: "was written by a big-endian machine, which Perigee does not read",
        remedy: "save it anew elsewhere")
    }
  }

  /// The next element of the file, inside its compression; nil at the end.
  func nextElement() throws(DataError) -> Element? {
    if inflater != nil {
      if compressedLeft > 0 { try readRaw(count: compressedLeft) { _ in } }
      inflater = nil
      compressedLeft = 0
    }
    var first: UInt8 = 0
    guard try withUnsafeMutableBytesOf(&first, { buffer throws(DataError) in try source.read(into: buffer) }) == 1
    else { return nil }
    taken += 1
    let rest = try bytes(7)
    let element = try parse(tag: [first] + rest)
    guard element.type == .compressed else { return element.type == .matrix ? startMatrix(element) : element }
    guard element.size <= source.mostBytes - taken else { throw endsEarly() }
    inflater = Inflater(wrapper: .zlib)
    compressedLeft = element.size
    let inner = try tag()
    return inner.type == .matrix ? startMatrix(inner) : inner
  }

  /// More bytes than this cannot come, unpacked.
  private var mostBytes: Int {
    inflater == nil ? source.mostBytes - taken : Inflater.mostBytes(from: compressedLeft + inflater!.available + 64)
  }

  private func startMatrix(_ element: Element) -> Element {
    matrixEnd = consumed + element.size
    return element
  }

  func readMatrixHeader() throws(DataError) -> MatrixHeader {
    let flags = try data(try tag())
    let dimensions = try data(try tag())
    let name = try data(try tag())
    guard flags.count == 8, dimensions.count >= 8 else { throw damaged("a matrix has no flags or dimensions") }
    func size(_ index: Int) -> Int {
      dimensions.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)) }
    }
    guard size(0) >= 0, size(1) >= 0 else { throw damaged("a matrix has a negative size") }
    return MatrixHeader(
      isSparse: flags[0] == 5 && dimensions.count == 8, name: String(decoding: name, as: UTF8.self), rows: size(0),
      columns: size(1))
  }

  /// Goes behind the current matrix.
  func skipElement() throws(DataError) { try skip(max(0, matrixEnd - consumed)) }

  func skip(_ count: Int) throws(DataError) { try read(count: count) { _ in } }

  /// The next element, which must hold whole numbers.
  func readIntegers(_ what: String) throws(DataError) -> [Int32] {
    let element = try tag()
    guard element.type == .int32 || element.type == .uint32 else {
      throw damaged("the \(what) are not 32-bit whole numbers")
    }
    if let inline = element.inline {
      return element.size < 4 ? [] : inline.withUnsafeBytes { [$0.loadUnaligned(as: Int32.self)] }
    }
    guard element.paddedSize <= mostBytes else { throw endsEarly() }
    let count = element.size / 4
    do throws(MemoryError) { try Memory.require(count, of: Int32.self, for: "\(shownPath(path)): the \(what)") } catch {
      throw DataError(error, remedy: "open it on a larger machine")
    }
    var values = [Int32](repeating: 0, count: count)
    var filled = 0
    try read(count: element.paddedSize) { piece in
      values.withUnsafeMutableBytes { target in
        let room = min(piece.count, target.count - filled)
        if room > 0 { target.baseAddress!.advanced(by: filled).copyMemory(from: piece.baseAddress!, byteCount: room) }
        filled += room
      }
    }
    return values
  }

  /// The first `count` numbers of the next element, of whatever type MATLAB chose to store them in.
  func readNumbers(count: Int, _ body: (Double) -> Void) throws(DataError) {
    let element = try tag()
    let width = element.type.width
    guard width > 0, element.size >= count * width else { throw damaged("the matrix has fewer values than places") }
    var left = count
    var pending: [UInt8] = []
    func consume(_ piece: UnsafeRawBufferPointer) {
      var position = 0
      if !pending.isEmpty {
        while pending.count < width, position < piece.count {
          pending.append(piece[position])
          position += 1
        }
        if pending.count < width { return }
        if left > 0 { body(pending.withUnsafeBytes { Self.number($0, 0, element.type) }) }
        left -= 1
        pending.removeAll()
      }
      while position + width <= piece.count {
        if left > 0 { body(Self.number(piece, position, element.type)) }
        left -= 1
        position += width
      }
      pending.append(contentsOf: piece[position...])
    }
    if let inline = element.inline {
      inline.withUnsafeBytes { consume(UnsafeRawBufferPointer(rebasing: $0[..<element.size])) }
    } else {
      try read(count: element.paddedSize, consume)
    }
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ type: ElementType) -> Double {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T { bytes.loadUnaligned(fromByteOffset: offset, as: type) }
    return switch type {
    case .int8: Double(load(Int8.self))
    case .uint8, .utf8, .matrix, .compressed: Double(load(UInt8.self))
    case .int16: Double(load(Int16.self))
    case .uint16: Double(load(UInt16.self))
    case .int32: Double(load(Int32.self))
    case .uint32: Double(load(UInt32.self))
    case .single: Double(load(Float.self))
    case .double: load(Double.self)
    case .int64: Double(load(Int64.self))
    case .uint64: Double(load(UInt64.self))
    }
  }

  private func tag() throws(DataError) -> Element { try parse(tag: try bytes(8)) }

  private func parse(tag: [UInt8]) throws(DataError) -> Element {
    func word(_ offset: Int) -> UInt32 {
      tag.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
    let isSmall = word(0) >> 16 != 0
    guard let type = ElementType(rawValue: isSmall ? word(0) & 0xFFFF : word(0)) else {
      throw damaged("has a data element of unknown type \(word(0))")
    }
    if isSmall { return Element(type: type, size: min(4, Int(word(0) >> 16)), inline: Array(tag[4...])) }
    return Element(type: type, size: Int(word(4)), inline: nil)
  }

  private func data(_ element: Element) throws(DataError) -> [UInt8] {
    if let inline = element.inline { return Array(inline.prefix(element.size)) }
    guard element.size <= 1 << 20 else { throw damaged("has a header element of \(element.size) bytes") }
    return Array(try bytes(element.paddedSize).prefix(element.size))
  }

  private func bytes(_ count: Int) throws(DataError) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(count)
    try read(count: count) { all.append(contentsOf: $0) }
    return all
  }

  /// Hands on the next `count` bytes in pieces, unpacked.
  private func read(count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(DataError) {
    consumed += count
    guard let inflater else { return try readRaw(count: count, body) }
    var left = count
    while left > 0 {
      let room = min(left, scratch.count)
      switch inflater.inflate(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<room])) {
      case .produced(let got):
        body(UnsafeRawBufferPointer(rebasing: scratch[..<got]))
        left -= got
      case .needsInput:
        let wanted = min(compressedLeft, inflater.inputBuffer.count)
        let got =
          wanted == 0
          ? 0 : try source.read(into: UnsafeMutableRawBufferPointer(rebasing: inflater.inputBuffer[..<wanted]))
        guard got > 0 else { throw endsEarly() }
        taken += got
        compressedLeft -= got
        inflater.supply(got)
      case .finished, .damaged: throw damaged("its compressed data is damaged")
      }
    }
  }

  private func readRaw(count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(DataError) {
    var left = count
    while left > 0 {
      let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(left, scratch.count)]))
      guard got > 0 else { throw endsEarly() }
      taken += got
      body(UnsafeRawBufferPointer(rebasing: scratch[..<got]))
      left -= got
    }
  }

  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  deinit { scratch.deallocate() }
}

private func withUnsafeMutableBytesOf<Result>(
  _ value: inout UInt8, _ body: (UnsafeMutableRawBufferPointer) throws(DataError) -> Result
) throws(DataError) -> Result {
  var failure: DataError?
  let result: Result? = withUnsafeMutableBytes(of: &value) { buffer in
    do throws(DataError) { return try body(buffer) } catch {
      failure = error
      return nil
    }
  }
  if let failure { throw failure }
  return result!
}
