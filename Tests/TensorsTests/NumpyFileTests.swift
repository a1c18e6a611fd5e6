import Platform
import Testing

@testable import Tensors

/// A folder of its own for each test, removed at the end.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/perigee-test-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(path)/\(name)")
      }
      closedir(folder)
    }
    rmdir(path)
  }

  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = try #require(fopen("\(path)/\(name)", "wb"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return "\(path)/\(name)"
  }

  /// A version 1.0 file with the given descriptor.
  func numpy(_ descriptor: String, _ shape: String, fortran: Bool = false, _ data: [UInt8]) throws -> String {
    let dictionary = "{'descr': '\(descriptor)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
    let length = dictionary.utf8.count
    return try write(
      NumpyHeader.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(dictionary.utf8) + data, "array.npy")
  }
}

@Suite struct NumpyFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  @Test func whatIsWrittenIsReadBack() throws {
    let path = folder.path + "/x.npy"
    let base = try Tensor.normal([5, 3, 4], stream: RandomStream(seed: 1, purpose: "values"))
    for x in try [base, base.permuted([2, 0, 1]), Tensor(2.5), Tensor.zeros([0, 3]), Tensor([1, .nan, -.infinity])] {
      try x.writeNumpy(path)
      let back = try Tensor.readNumpy(path)
      #expect(back.shape == x.shape)
      #expect(try back.elements().map(\.bitPattern) == x.elements().map(\.bitPattern))
    }
  }

  @Test func theHeaderIsNumpys() throws {
    // As numpy.save writes it: data at a multiple of 64, a trailing comma in tuples of one.
    for (shape, tuple) in [([], "()"), ([7], "(7,)"), ([2, 3], "(2, 3)")] as [([Int], String)] {
      let header = NumpyHeader.float32(shape: shape)
      #expect(header.count % 64 == 0 && header.last == 10)
      let text = String(decoding: header[10...], as: UTF8.self)
      #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"))
    }
  }

  @Test func everyTypeIsConverted() throws {
    let files: [(String, [UInt8], [Float])] = [
      ("<f4", bytes([1.5, -2] as [Float]), [1.5, -2]),
      (">f4", bytes(([1.5, -2] as [Float]).map(\.bitPattern.byteSwapped)), [1.5, -2]),
      ("<f8", bytes([0.1, 1e300] as [Double]), [0.1, .infinity]),
      (">f8", bytes(([0.1, -7] as [Double]).map(\.bitPattern.byteSwapped)), [0.1, -7]),
      ("<i4", bytes([-5, Int32.max]), [-5, Float(Int32.max)]),
      (">i4", bytes(([-5, 70_000] as [Int32]).map(\.byteSwapped)), [-5, 70_000]),
      ("<i8", bytes([-5, 1 << 40] as [Int64]), [-5, Float(1 << 40)]),
      (">i8", bytes(([-5, 3] as [Int64]).map(\.byteSwapped)), [-5, 3]),
      ("|b1", [0, 1], [0, 1]), ("|i1", [255, 3], [-1, 3]), ("|u1", [255, 3], [255, 3]),
      ("<i2", bytes([-300, 4] as [Int16]), [-300, 4]), ("<u2", bytes([65_535, 4] as [UInt16]), [65_535, 4]),
      ("<u4", bytes([4_294_967_295, 4] as [UInt32]), [4_294_967_296, 4]),
      ("<u8", bytes([UInt64.max, 4]), [Float(UInt64.max), 4]),
    ]
    for (descriptor, data, want) in files {
      #expect(try Tensor.readNumpy(folder.numpy(descriptor, "(2,)", data)).elements() == want, "\(descriptor)")
    }
  }

  @Test func fortranOrderIsTurnedRound() throws {
    let data = bytes([1, 4, 2, 5, 3, 6] as [Float])
    #expect(
      try Tensor.readNumpy(folder.numpy("<f4", "(2, 3)", fortran: true, data)).rows() == [[1, 2, 3], [4, 5, 6]])
    #expect(try Tensor.readNumpy(folder.numpy("<f4", "()", bytes([9] as [Float]))).item() == 9)
    #expect(try Tensor.readNumpy(folder.numpy("<f4", "(0, 3)", [])).shape == [0, 3])
  }

  @Test func longHeadersOfVersionTwoAreRead() throws {
    let dictionary =
      "{\"shape\" : (2L,), \"fortran_order\": False, \"descr\":\"<f4\"}" + String(repeating: " ", count: 300)
    let length = dictionary.utf8.count
    let path = try folder.write(
      NumpyHeader.magic + [2, 0, UInt8(length & 255), UInt8(length >> 8), 0, 0] + Array(dictionary.utf8)
        + bytes([1, 2] as [Float]), "two.npy")
    #expect(try Tensor.readNumpy(path).elements() == [1, 2])
  }

  @Test func badFilesSayWhatIsWrong() throws {
    let good = bytes([1, 2, 3, 4] as [Float])
    func reason(_ path: String) -> String {
      do {
        return "read: \(try Tensor.readNumpy(path).shape)"
      } catch TensorError.file(let named, let reason) {
        return named == path ? reason : "another path"
      } catch { return "\(error)" }
    }
    #expect(reason("\(folder.path)/none.npy") == "cannot be opened: No such file or directory")
    #expect(try reason(folder.write([], "empty.npy")) == "is empty; want a NumPy .npy file")
    #expect(try reason(folder.write(Array("user,item\n1,2\n".utf8), "a.csv")) == "is not a NumPy .npy file")
    #expect(
      try reason(folder.write([0x50, 0x4b, 3, 4, 0, 0, 0, 0], "a.npz"))
        == "is a zip archive (.npz); unzip it and read a .npy file out of it")
    #expect(
      try reason(folder.numpy("<f4", "(2, 3)", good))
        == "is truncated: 2 x 3 elements of 4 bytes are promised, 16 bytes of data are there")
    #expect(
      try reason(folder.numpy("<f8", "(9223372036854775807, 8)", good))
        == "has the shape (9223372036854775807, 8), which no memory holds")
    #expect(try reason(folder.numpy("<f8", "(4611686018427387904,)", good)).hasPrefix("is truncated"))
    #expect(try reason(folder.numpy("<f8", "(0, 9223372036854775807)", good)).hasPrefix("got shape"))
    #expect(try reason(folder.numpy("<c8", "(2,)", good)).hasPrefix("dtype '<c8' is not supported"))
    #expect(try reason(folder.numpy("<U10", "(2,)", good)).hasPrefix("dtype '<U10' is not supported"))
    #expect(try reason(folder.numpy("<f4", "(2, x)", good)) == "'shape' has 'x'; want whole numbers")
    #expect(
      try reason(folder.write(NumpyHeader.magic + [9, 0, 1, 0], "v.npy"))
        == "has format version 9.0; versions 1 to 3 are known")
    #expect(try reason(folder.write(NumpyHeader.magic + [1, 0, 99, 0], "h.npy")) == "is truncated within the header")
    #expect(try reason(folder.write(NumpyHeader.magic, "m.npy")) == "is truncated within the header")
    #expect(
      try reason(folder.write(NumpyHeader.magic + [1, 0, 2, 0] + Array("{}".utf8), "n.npy"))
        == "the header has no 'descr'")
  }

  @Test(.timeLimit(.minutes(1))) func onlyFilesAreRead() throws {
    func reason(_ path: String) -> String {
      do { return "read: \(try Tensor.readNumpy(path).shape)" } catch { return "\(error)" }
    }
    let pipe = "\(folder.path)/pipe.npy"
    mkfifo(pipe, 0o600)
    #expect(reason(pipe) == "\(pipe): is a pipe; want a file")
    #expect(reason("/dev/zero") == "/dev/zero: is a device; want a file")
    let good = try folder.numpy("<f4", "(1,)", bytes([1] as [Float]))
    #expect(reason(good + "\0x") == "\(good)\\x00x: is no path: it holds a NUL character")
  }

  @Test func shapesThatNoMemoryHoldsAreRefused() throws {
    func reason(_ shape: String) throws -> String {
      let path = try folder.numpy("<f4", shape, [])
      do { return "read: \(try Tensor.readNumpy(path).shape)" } catch TensorError.file(_, let reason) { return reason }
    }
    #expect(
      try reason("(0, 9223372036854775807, 2)") == "has the shape (0, 9223372036854775807, 2), which no memory holds")
    #expect(
      try reason("(9223372036854775807, 0, 9223372036854775807)").hasSuffix("which no memory holds"))
    #expect(try reason("(" + String(repeating: "0,", count: 65) + ")") == "has 65 axes; want at most 64")
    let header = [UInt8](repeating: 0x20, count: 70_000)
    let long = try folder.write(NumpyHeader.magic + [2, 0, 0x70, 0x11, 1, 0] + header, "long.npy")
    #expect(throws: TensorError.file(path: long, reason: "has a header of 70000 bytes; want at most 65536")) {
      try Tensor.readNumpy(long)
    }
  }

  @Test func readingStopsWhenItIsAsked() throws {
    for (descriptor, size) in [("<f4", 4), ("<f8", 8)] {
      let path = try folder.numpy(descriptor, "(50000,)", [UInt8](repeating: 0, count: 50_000 * size))
      var asked = 0
      _ = try Tensor.readNumpy(
        path,
        isInterrupted: {
          asked += 1
          return false
        })
      #expect(asked >= 4)
      for count in 0..<asked {
        var left = count
        #expect(throws: CancellationError.self) {
          try Tensor.readNumpy(
            path,
            isInterrupted: {
              left -= 1
              return left < 0
            })
        }
      }
    }
  }

  @Test func whatAnEndedProcessLeftGoes() throws {
    let x = try Tensor([1, 2])
    let path = "\(folder.path)/x.npy"
    _ = try folder.write([1], "x.npy.tmp-999999999-3")
    #expect(throws: TensorError.file(path: path + "\\x00", reason: "is no path: it holds a NUL character")) {
      try x.writeNumpy(path + "\0")
    }
    #expect(access(path, F_OK) != 0)
    try x.writeNumpy(path)
    #expect(access(path + ".tmp-999999999-3", F_OK) != 0)
    #expect(try Tensor.readNumpy(path).elements() == [1, 2])
  }

  @Test func aFailedWriteLeavesNothing() throws {
    let x = try Tensor([1, 2])
    let error = #expect(throws: TensorError.self) { try x.writeNumpy("\(folder.path)/no/such/x.npy") }
    #expect(error?.description == "\(folder.path)/no/such/x.npy: cannot be written: No such file or directory")
    #expect(throws: TensorError.self) { try x.writeNumpy(folder.path) }
    var drafts = glob_t()
    defer { globfree(&drafts) }
    #expect(glob("\(folder.path).tmp-*", 0, nil, &drafts) == GLOB_NOMATCH)
  }
}
