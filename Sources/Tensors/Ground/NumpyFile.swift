import Platform

extension Tensor {
  /// Reads an array in NumPy's `.npy` format: float32, float64, integers and bool, in either byte order, in C or Fortran
  /// order. Elements become float32: whole numbers beyond 2²⁴ and float64 are rounded.
  ///
  /// - Parameter isInterrupted: Is asked now and then; true ends the reading with `CancellationError`.
  /// - Throws: `TensorError.file` with the path and what is wrong with the file.
  public static func readNumpy(_ path: String, isInterrupted: @escaping () -> Bool = { false }) throws -> Tensor {
    do {
      let source = NumpySource(try RegularFile(reading: path), isInterrupted)
      return try readElements(source, try readHeader(source))
    } catch let problem as NumpyProblem {
      throw TensorError.file(path: shownPath(path), reason: problem.text)
    } catch let refusal as FileRefusal {
      throw TensorError.file(path: refusal.path, reason: refusal.problem)
    } catch let error as TensorError {
      throw TensorError.file(path: shownPath(path), reason: error.problem)
    }
  }

  /// Writes the tensor as a little-endian float32 `.npy` file, which appears under its name when it is complete.
  ///
  /// - Throws: `TensorError.file`.
  public func writeNumpy(_ path: String) throws {
    do {
      let draft = try DraftFile(for: path)
      try NumpyHeader.float32(shape: shape).withUnsafeBytes { try draft.write($0) }
      try withElements { try draft.write(UnsafeRawBufferPointer($0)) }
      try draft.finish()
    } catch let refusal as FileRefusal {
      throw TensorError.file(path: refusal.path, reason: refusal.problem)
    }
  }

  private static func readHeader(_ source: NumpySource) throws -> NumpyHeader {
    let start = try source.bytes(8)
    guard start.count >= 6, Array(start.prefix(6)) == NumpyHeader.magic else {
      if start.prefix(2) == [0x50, 0x4b] {
        throw NumpyProblem("is a zip archive (.npz); unzip it and read a .npy file out of it")
      }
      throw NumpyProblem(start.isEmpty ? "is empty; want a NumPy .npy file" : "is not a NumPy .npy file")
    }
    guard start.count == 8 else { throw NumpyProblem("is truncated within the header") }
    guard (1...3).contains(start[6]) else {
      throw NumpyProblem("has format version \(start[6]).\(start[7]); versions 1 to 3 are known")
    }
    let lengthBytes = try source.bytes(start[6] == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= 1 << 16 else { throw NumpyProblem("has a header of \(length) bytes; want at most 65536") }
    let text = try source.bytes(length)
    guard text.count == length, lengthBytes.count >= 2 else { throw NumpyProblem("is truncated within the header") }
    return try NumpyHeader(String(decoding: text, as: UTF8.self))
  }

  private static func readElements(_ source: NumpySource, _ header: NumpyHeader) throws -> Tensor {
    let count = try header.elementCount()
    let (needed, overflow) = count.multipliedReportingOverflow(by: header.type.bytes)
    guard !overflow, source.left >= needed else { throw truncated(header, source.left) }
    let shape = header.isFortranOrder ? Array(header.shape.reversed()) : header.shape
    let result = try Tensor(uninitialized: shape, operation: "read_npy")
    let read =
      try header.type.isNative
      ? source.read(into: UnsafeMutableRawBufferPointer(start: result.storage.pointer, count: needed)) / 4
      : convert(source, header.type, into: result)
    guard read == count else { throw truncated(header, read * header.type.bytes) }
    return header.isFortranOrder ? try result.permuted(Array((0..<result.rank).reversed())).contiguous() : result
  }

  private static func truncated(_ header: NumpyHeader, _ present: Int) -> NumpyProblem {
    let elements = header.shape.map(String.init).joined(separator: " x ")
    return NumpyProblem(
      "is truncated: \(elements) elements of \(header.type.bytes) bytes are promised, \(present) bytes of data are there"
    )
  }

  /// Elements that could be read.
  private static func convert(_ source: NumpySource, _ type: NumpyType, into target: Tensor) throws -> Int {
    let block = 1 << 14
    return try withUnsafeTemporaryAllocation(byteCount: block * 8, alignment: 8) { buffer in
      var done = 0
      while done < target.count {
        let wanted = min(block, target.count - done) * type.bytes
        let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])) / type.bytes
        if read == 0 { break }
        type.convert(buffer.baseAddress!, to: target.storage.pointer + done, count: read)
        done += read
      }
      return done
    }
  }
}

/// The bytes of a `.npy` file from front to back.
private final class NumpySource {
  private let file: RegularFile
  private let isInterrupted: () -> Bool
  private var position = 0

  init(_ file: RegularFile, _ isInterrupted: @escaping () -> Bool) {
    self.file = file
    self.isInterrupted = isInterrupted
  }

  /// Bytes that were not read.
  var left: Int { max(0, file.size - position) }

  /// Fills the buffer, unless the file ends before; returns how many bytes came.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var done = 0
    while done < buffer.count {
      if isInterrupted() { throw CancellationError() }
      let piece = buffer[done..<min(buffer.count, done + (16 << 20))]
      let count = file.read(into: UnsafeMutableRawBufferPointer(rebasing: piece))
      if count < 0 { throw NumpyProblem("cannot be read: \(systemReason())") }
      if count == 0 { break }
      done += count
    }
    position += done
    return done
  }

  /// Up to `count` bytes.
  func bytes(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try bytes.withUnsafeMutableBytes { try self.read(into: $0) }
    return Array(bytes.prefix(read))
  }
}
