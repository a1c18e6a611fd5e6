import Interactions
import TestSupport
import Testing

/// The files are made here, element by element, after MathWorks' "MAT-File Format".
@Suite struct MatlabTests {
  let folder = TemporaryFolder()

  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func element(_ type: Int, _ data: [UInt8]) -> [UInt8] {
    if type != 14, data.count <= 4, !data.isEmpty {
      return little(type | data.count << 16, 4) + data + [UInt8](repeating: 0, count: 4 - data.count)
    }
    return little(type, 4) + little(data.count, 4) + data + [UInt8](repeating: 0, count: (8 - data.count % 8) % 8)
  }

  static func header(_ text: String = "MATLAB 5.0 MAT-file, made by hand") -> [UInt8] {
    Array(text.utf8) + [UInt8](repeating: 32, count: 116 - text.utf8.count) + [UInt8](repeating: 0, count: 8)
      + [0, 1, UInt8(ascii: "I"), UInt8(ascii: "M")]
  }

  /// A 3 x 4 sparse matrix by columns: (0, 0), (2, 0), (1, 3), (2, 3), with these values.
  static func sparse(name: String = "data", valueType: Int = 2, values: [UInt8] = [1, 1, 1, 1], row: Int = 2) -> [UInt8]
  {
    let rows = [0, row, 1, 2].flatMap { little($0, 4) }
    let starts = [0, 2, 2, 2, 4].flatMap { little($0, 4) }
    return element(
      14,
      element(6, little(5, 4) + little(4, 4)) + element(5, little(3, 4) + little(4, 4)) + element(1, Array(name.utf8))
        + element(5, rows) + element(5, starts) + element(valueType, values))
  }

  static func full() -> [UInt8] {
    element(
      14,
      element(6, little(6, 4) + little(0, 4)) + element(5, little(1, 4) + little(1, 4))
        + element(1, Array("scale".utf8))
        + element(9, doubles([2])))
  }

  static func doubles(_ values: [Double]) -> [UInt8] {
    values.flatMap { little(Int(bitPattern: UInt($0.bitPattern)), 8) }
  }

  static func compressed(_ element: [UInt8]) -> [UInt8] {
    let packed = deflated(element, windowBits: 15)
    return little(15, 4) + little(packed.count, 4) + packed
  }

  func check(_ data: Dataset, line: SourceLocation = #_sourceLocation) {
    #expect(data.provenance.format == "matlab", sourceLocation: line)
    #expect(data.userCount == 3 && data.itemCount == 4, sourceLocation: line)
    #expect(data.interactions.rowOffsets == [0, 1, 2, 4], sourceLocation: line)
    #expect(data.interactions.items == [0, 3, 0, 3], sourceLocation: line)
  }

  @Test func sparseMatricesAreReadPlainAndDeflated() throws {
    let plain = try Dataset.open(folder.write("a.mat", Self.header() + Self.sparse()))
    check(plain)
    #expect(plain.ratings == nil, "values that are all 1 say nothing more")
    check(try Dataset.open(folder.write("b.mat", Self.header() + Self.full() + Self.compressed(Self.sparse()))))
    check(
      try Dataset.open(folder.write("c.mat", Self.header() + Self.compressed(Self.full()) + Self.sparse(name: "R"))))
  }

  @Test func otherValuesBecomeRatings() throws {
    let values = Self.doubles([1, 4.5, 1, 2])
    let data = try Dataset.open(
      folder.write("a.mat", Self.header() + Self.compressed(Self.sparse(valueType: 9, values: values))))
    check(data)
    #expect(data.ratings == [1, 1, 4.5, 2])
  }

  @Test func storedZerosAreNoInteractions() throws {
    let data = try Dataset.open(folder.write("a.mat", Self.header() + Self.sparse(values: [1, 0, 3, 0])))
    #expect(data.interactions.rowOffsets == [0, 1, 2, 2])
    #expect(data.ratings == [1, 3])
    #expect(data.provenance.notes == ["2 stored zeros of the matrix are no interactions"])
  }

  @Test func unusableFilesSayWhy() {
    func message(_ name: String, _ bytes: [UInt8]) -> String {
      let path = folder.write(name, bytes)
      do {
        _ = try Dataset.open(path)
        return "read"
      } catch { return error.description.split(separator: folder.path + "/").joined() }
    }
    let whole = Self.header() + Self.compressed(Self.sparse())
    let again = "; fetch or copy the file again, or save it anew with save -v7"
    #expect(message("a.mat", Array(whole.dropLast(9))) == "a.mat: ends early (a cut-off copy?)" + again)
    #expect(message("b.mat", Array(Self.header().prefix(100))) == "b.mat: ends early (a cut-off copy?)" + again)
    var altered = whole
    altered[whole.count - 12] ^= 0xFF
    #expect(message("c.mat", altered) == "c.mat: its compressed data is damaged" + again)
    #expect(
      message("d.mat", Self.header("MATLAB 7.3 MAT-file"))
        == "d.mat: is a MATLAB 7.3 file (HDF5), which Perigee does not read; save it with save -v7")
    #expect(
      message("e.mat", Self.header() + Self.full())
        == "e.mat: holds no sparse matrix (found: scale (not sparse)); save the users-by-items matrix with data = sparse(data); save -v7"
    )
    #expect(
      message("f.mat", Self.header() + Self.sparse(row: 3))
        == "f.mat: the sparse matrix \"data\" contradicts itself" + again)
    var big = Self.header()
    big[126] = UInt8(ascii: "M")
    big[127] = UInt8(ascii: "I")
    #expect(
      message("g.mat", big)
        == "g.mat: was written by a big-endian machine, which Perigee does not read; save it anew elsewhere")
  }
}
