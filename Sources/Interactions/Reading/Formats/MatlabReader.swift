import Platform

/// Reads the first sparse matrix of a MATLAB 5 file (`save -v6` or `-v7`): rows are users, columns are items, an entry that is
/// not 0 is an interaction. Identifiers are rows and columns from 0, as the field counts them; every row and column is one.
///
/// Format: MathWorks, "MAT-File Format" (R2023a), chapter 1. Values other than 1 become ratings.
enum MatlabReader {
  static func isMatlab(_ path: String, _ isInterrupted: @escaping () -> Bool) throws(DataError) -> Bool {
    let source = try ByteSource(path: path, isInterrupted: isInterrupted)
    var head = [UInt8](repeating: 0, count: 128)
    var count = 0
    while count < 128 {
      var got = 0
      do {
        got = try head.withUnsafeMutableBytes {
          try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
      } catch { return false }  // Told again, with its place, by whoever reads the file.
      if got == 0 { break }
      count += got
    }
    return String(decoding: head[..<min(count, 6)], as: UTF8.self) == "MATLAB"
  }

  static func read(
    _ stream: MatlabStream, part: Part?, _ rows: inout InteractionBuilder, _ log: inout ReadLog
  ) throws(DataError) {
    try stream.readHeader()
    var seen: [String] = []
    while let element = try stream.nextElement() {
      guard element.type == .matrix else {
        try stream.skip(element.paddedSize)
        continue
      }
      let matrix = try stream.readMatrixHeader()
      if matrix.isSparse {
        try readSparse(stream, matrix, part, &rows, &log)
        return
      }
      seen.append("\(shown(matrix.name)) (not sparse)")
      try stream.skipElement()
    }
    throw .badFile(
      file: stream.path,
      problem: "holds no sparse matrix (found: \(seen.isEmpty ? "nothing" : seen.joined(separator: ", ")))",
      remedy: "save the users-by-items matrix with data = sparse(data); save -v7")
  }

  private static func readSparse(
    _ stream: MatlabStream, _ matrix: MatlabStream.MatrixHeader, _ part: Part?, _ rows: inout InteractionBuilder,
    _ log: inout ReadLog
  ) throws(DataError) {
    let rowIndices = try stream.readIntegers("row indices")
    let columnStarts = try stream.readIntegers("column starts")
    let count = Int(columnStarts.last ?? 0)
    guard columnStarts.count == matrix.columns + 1, columnStarts[0] == 0, count <= rowIndices.count,
      zip(columnStarts, columnStarts.dropFirst()).allSatisfy({ $0 <= $1 }),
      rowIndices.prefix(count).allSatisfy({ $0 >= 0 && $0 < matrix.rows })
    else { throw stream.damaged("the sparse matrix \(quoted(matrix.name)) contradicts itself") }
    for (kind, size) in [("rows", matrix.rows), ("columns", matrix.columns)]
    where !Catalog.isCredible(size, interactions: count) {
      throw stream.damaged("the sparse matrix \(quoted(matrix.name)) has \(size) \(kind) for \(count) entries")
    }
    for user in 0..<matrix.rows { _ = rows.users.number(value: user) }
    for item in 0..<matrix.columns { _ = rows.items.number(value: item) }
    rows.reserve(count)
    var zeros = 0
    var column = 0
    var position = 0
    try stream.readNumbers(count: count) { value in
      while position >= Int(columnStarts[column + 1]) { column += 1 }
      if value == 0 || !value.isFinite {
        zeros += 1
      } else {
        if value != 1, rows.ratings.isEmpty { rows.ratings = [Float](repeating: 1, count: rows.count) }
        rows.append(user: rowIndices[position], item: Int32(column))
        if value != 1 || !rows.ratings.isEmpty { rows.ratings.append(Float(value)) }
      }
      position += 1
    }
    if zeros > 0 { log.notes.append("\(zeros) stored zeros of the matrix are no interactions") }
    rows.endFile(stream.path, part: part)
  }
}
