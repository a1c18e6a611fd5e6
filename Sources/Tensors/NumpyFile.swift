import Platform

extension Tensor {
  /// Reads an array in NumPy's `.npy` format: float32, float64, integers and bool, in either byte order, in C or Fortran
  /// order. Elements become float32: whole numbers beyond 2²⁴ and float64 are rounded.
  ///
  /// - Throws: `TensorError.file` with the path and what is wrong with the file.
  public static func readNumpy(_ path: String) throws -> Tensor {
    guard let file = fopen(path, "rb") else {
      throw TensorError.file(path: path, reason: "cannot be opened: \(systemMessage())")
    }
    defer { fclose(file) }
    do {
      let header = try readHeader(file)
      return try readElements(file, header)
    } catch let problem as NumpyProblem {
      throw TensorError.file(path: path, reason: problem.text)
    }
  }

  /// Writes the tensor as a little-endian float32 `.npy` file, which appears under its name when it is complete.
  ///
  /// - Throws: `TensorError.file`.
  public func writeNumpy(_ path: String) throws {
    let draft = "\(path).\(getpid()).part"
    guard let file = fopen(draft, "wb") else {
      throw TensorError.file(path: path, reason: "cannot be written: \(systemMessage())")
    }
    let header = NumpyHeader.float32(shape: shape)
    let written = try withElements { elements in
      fwrite(header, 1, header.count, file) == header.count
        && fwrite(elements.baseAddress, MemoryLayout<Float>.size, count, file) == count
    }
    let closed = fclose(file) == 0
    guard written, closed, rename(draft, path) == 0 else {
      let reason = systemMessage()
      unlink(draft)
      throw TensorError.file(path: path, reason: "cannot be written: \(reason)")
    }
  }

  private static func readHeader(_ file: UnsafeMutablePointer<FILE>) throws -> NumpyHeader {
    let start = readBytes(file, 8)
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
    let lengthBytes = readBytes(file, start[6] == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= 1 << 20 else { throw NumpyProblem("has a header of \(length) bytes; want less than 1 MB") }
    let text = readBytes(file, length)
    guard text.count == length, lengthBytes.count >= 2 else { throw NumpyProblem("is truncated within the header") }
    return try NumpyHeader(String(decoding: text, as: UTF8.self))
  }

  private static func readBytes(_ file: UnsafeMutablePointer<FILE>, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, read in read = fread(buffer.baseAddress, 1, count, file) }
  }

  private static func readElements(_ file: UnsafeMutablePointer<FILE>, _ header: NumpyHeader) throws -> Tensor {
    let count = try elementCount(header.shape, operation: "read_npy")
    let present = remainingBytes(file)
    let (needed, overflow) = count.multipliedReportingOverflow(by: header.type.bytes)
    guard !overflow, present.map({ $0 >= needed }) ?? true else { throw truncated(header, present ?? 0) }
    let shape = header.isFortranOrder ? Array(header.shape.reversed()) : header.shape
    let result = try Tensor(uninitialized: shape, operation: "read_npy")
    let read =
      header.type.isNative ? fread(result.storage.pointer, 4, count, file) : convert(file, header.type, into: result)
    guard read == count else { throw truncated(header, read * header.type.bytes) }
    return header.isFortranOrder ? try result.permuted(Array((0..<result.rank).reversed())).contiguous() : result
  }

  private static func truncated(_ header: NumpyHeader, _ present: Int) -> NumpyProblem {
    let elements = header.shape.map(String.init).joined(separator: " x ")
    return NumpyProblem(
      "is truncated: \(elements) elements of \(header.type.bytes) bytes are promised, \(present) bytes of data are there"
    )
  }

  /// Bytes from here to the end of a regular file; nil for a pipe.
  private static func remainingBytes(_ file: UnsafeMutablePointer<FILE>) -> Int? {
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size) - ftell(file)
  }

  /// Elements that could be read.
  private static func convert(_ file: UnsafeMutablePointer<FILE>, _ type: NumpyType, into target: Tensor) -> Int {
    let block = 1 << 14
    return withUnsafeTemporaryAllocation(byteCount: block * 8, alignment: 8) { buffer in
      var done = 0
      while done < target.count {
        let read = fread(buffer.baseAddress, type.bytes, min(block, target.count - done), file)
        if read == 0 { break }
        type.convert(buffer.baseAddress!, to: target.storage.pointer + done, count: read)
        done += read
      }
      return done
    }
  }
}

/// Why the last system call failed.
private func systemMessage() -> String { String(cString: strerror(errno)) }
