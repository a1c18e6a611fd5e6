/// A MATLAB 5 file with a sparse 3 x 4 matrix, element by element after MathWorks' "MAT-File Format".
enum Matlab {
  static var sparse: [UInt8] { header + matrix }

  private static var header: [UInt8] {
    let text = Array("MATLAB 5.0 MAT-file".utf8)
    return text + [UInt8](repeating: 32, count: 116 - text.count) + [UInt8](repeating: 0, count: 8)
      + [0, 1, UInt8(ascii: "I"), UInt8(ascii: "M")]
  }

  private static var matrix: [UInt8] {
    let rows = [0, 2, 1, 2].flatMap { little($0, 4) }
    let starts = [0, 2, 2, 2, 4].flatMap { little($0, 4) }
    let name = Array("data".utf8)
    let values = [1.0, 4.5, 1, 2].flatMap { little(Int(bitPattern: UInt($0.bitPattern)), 8) }
    return element(
      14,
      element(6, little(5, 4) + little(4, 4)) + element(5, little(3, 4) + little(4, 4)) + element(1, name)
        + element(5, rows)
        + element(5, starts) + element(9, values))
  }

  private static func element(_ type: Int, _ data: [UInt8]) -> [UInt8] {
    little(type, 4) + little(data.count, 4) + data + [UInt8](repeating: 0, count: (8 - data.count % 8) % 8)
  }

  /// The file with its matrix deflated, as MATLAB itself writes it; nil where it is too short to hold one.
  static func compressed(_ file: [UInt8]) -> [UInt8]? {
    guard file.count > 128 else { return nil }
    let packed = deflated(Array(file[128...]), windowBits: 15)
    return file[..<128] + little(15, 4) + little(packed.count, 4) + packed
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
