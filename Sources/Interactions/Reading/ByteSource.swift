import CZlib
import Platform

/// The bytes of a file from front to back, unpacked if the file is gzipped (told by its first two bytes, not its name).
///
/// Memory: one buffer of 128 KB for gzipped files, none for plain ones.
final class ByteSource {
  let path: String
  private let file: RegularFile
  private let isInterrupted: () -> Bool
  private var inflater: Inflater?

  init(path: String, isInterrupted: @escaping () -> Bool = { false }) throws(DataError) {
    self.path = path
    self.isInterrupted = isInterrupted
    do throws(FileRefusal) { file = try RegularFile(reading: path) } catch { throw DataError(error) }
    var magic: (UInt8, UInt8) = (0, 0)
    let count = withUnsafeMutableBytes(of: &magic) { pread(file.descriptor, $0.baseAddress, 2, 0) }
    if count == 2, magic == (0x1F, 0x8B) { inflater = Inflater(wrapper: .gzip) }
  }

  /// More bytes than this cannot come.
  var mostBytes: Int { inflater == nil ? file.size : Inflater.mostBytes(from: file.size) }

  /// Fills the front of `buffer` and returns how many bytes it wrote: 0 at the end of the data only. Throws where the caller
  /// wants no more.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    if isInterrupted() { throw .interrupted }
    guard let inflater else { return try readFile(into: buffer) }
    while true {
      switch inflater.inflate(into: buffer) {
      case .produced(let count): return count
      case .finished: return 0
      case .damaged:
        throw .badFile(
          file: path, problem: "the gzip data is damaged after \(inflater.produced) unpacked bytes",
          remedy: "fetch or copy the file again")
      case .needsInput:
        let count = try readFile(into: inflater.inputBuffer)
        if count == 0 {
          if inflater.isAtMemberBorder { return 0 }
          throw .badFile(
            file: path,
            problem: "the gzip data ends early, after \(inflater.produced) unpacked bytes (a cut-off copy?)",
            remedy: "fetch or copy the file again")
        }
        inflater.supply(count)
      }
    }
  }

  private func readFile(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    let count = file.read(into: buffer)
    if count < 0 { throw DataError.system(path, "cannot be read") }
    return count
  }
}

/// zlib's decompressor behind a buffer: supply compressed bytes, take plain ones.
final class Inflater {
  enum Wrapper { case gzip, zlib, raw }
  enum Step {
    case produced(Int)
    case needsInput, finished, damaged
  }

  /// What deflate can make of so many bytes: 258 of a bit pair or less, so never more than 1032 times as many.
  static func mostBytes(from packed: Int) -> Int {
    let (bytes, overflow) = packed.multipliedReportingOverflow(by: 1032)
    return overflow ? .max : bytes
  }

  let inputBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let wrapper: Wrapper
  /// Unpacked bytes so far.
  private(set) var produced = 0
  /// True between two members of a gzip file, where it may end.
  private(set) var isAtMemberBorder = false

  init(wrapper: Wrapper) {
    self.wrapper = wrapper
    stream.initialize(to: z_stream())
    let bits: Int32 =
      switch wrapper {
      case .gzip: 15 + 16
      case .zlib: 15
      case .raw: -15
      }
    let status = inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: error \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    inputBuffer.deallocate()
  }

  /// Tells that the first `count` bytes of `inputBuffer` are new input. The previous input must be used up.
  func supply(_ count: Int) {
    stream.pointee.next_in = inputBuffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  /// Supplied bytes that were not used.
  var available: Int { Int(stream.pointee.avail_in) }

  func inflate(into buffer: UnsafeMutableRawBufferPointer) -> Step {
    if stream.pointee.avail_in == 0 { return .needsInput }
    if isAtMemberBorder {
      // Zero padding after the last member is legal; anything else is the next member.
      while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
        stream.pointee.next_in += 1
        stream.pointee.avail_in -= 1
      }
      if stream.pointee.avail_in == 0 { return .needsInput }
      inflateReset(stream)
      isAtMemberBorder = false
    }
    let capacity = min(buffer.count, 1 << 30)
    stream.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(capacity)
    let status = CZlib.inflate(stream, Z_NO_FLUSH)
    let count = capacity - Int(stream.pointee.avail_out)
    produced += count
    switch status {
    case Z_STREAM_END:
      isAtMemberBorder = true
      if count > 0 { return .produced(count) }
      return wrapper == .gzip ? inflate(into: buffer) : .finished
    case Z_OK, Z_BUF_ERROR:
      if count > 0 { return .produced(count) }
      return stream.pointee.avail_in == 0 ? .needsInput : .damaged
    default: return .damaged
    }
  }
}
