import Platform

/// The lines of a text file, plain or gzipped, without their ends (LF or CRLF) and without a byte order mark.
///
/// Memory: one buffer of 256 KB, or twice the longest line where that is more.
final class LineReader {
  let file: String
  /// Number of the line that `next` returned last, from 1.
  private(set) var lineNumber = 0

  private let source: ByteSource
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  private var isExhausted = false
  private static let longestLine = 64 << 20

  init(path: String, isInterrupted: @escaping () -> Bool = { false }) throws(DataError) {
    file = path
    source = try ByteSource(path: path, isInterrupted: isInterrupted)
    buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    try fill()
    try checkThatItIsText()
  }

  deinit { buffer.deallocate() }

  /// The next line, or nil at the end. The bytes are valid until the next call.
  @inline(__always)
  func next() throws(DataError) -> UnsafeRawBufferPointer? {
    var searched = start
    while true {
      if searched < end, let found = memchr(buffer.baseAddress! + searched, 10, end - searched) {
        let lineEnd = UnsafeRawPointer(found) - UnsafeRawPointer(buffer.baseAddress!)
        return take(through: lineEnd, next: lineEnd + 1)
      }
      if isExhausted {
        if start == end { return nil }
        return take(through: end, next: end)
      }
      let partial = end - start
      try fill()
      searched = start + partial
    }
  }

  @inline(__always)
  private func take(through lineEnd: Int, next: Int) -> UnsafeRawBufferPointer {
    var last = lineEnd
    if last > start, buffer[last - 1] == 13 { last -= 1 }
    let line = UnsafeRawBufferPointer(rebasing: buffer[start..<last])
    start = next
    lineNumber += 1
    return line
  }

  /// Moves the unread rest to the front and reads more behind it.
  private func fill() throws(DataError) {
    if start > 0 {
      memmove(buffer.baseAddress!, buffer.baseAddress! + start, end - start)
      end -= start
      start = 0
    }
    if end == buffer.count { try grow() }
    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    if count == 0 { isExhausted = true }
    end += count
  }

  private func grow() throws(DataError) {
    guard buffer.count < Self.longestLine else {
      throw .badFile(
        file: file, problem: "line \(lineNumber + 1) is longer than 64 MB",
        remedy: "give a text file with one record a line")
    }
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
    memcpy(larger.baseAddress!, buffer.baseAddress!, end)
    buffer.deallocate()
    buffer = larger
  }

  private func checkThatItIsText() throws(DataError) {
    if end == 0 {
      throw .badFile(file: file, problem: "is empty", remedy: "fetch or copy the file again")
    }
    let head = buffer[0..<end]
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw .badFile(file: file, problem: "is UTF-16 text", remedy: "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")
    }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      throw .badFile(file: file, problem: "is a zip archive", remedy: "unpack it and give the file or folder inside")
    }
    if memchr(buffer.baseAddress!, 0, end) != nil {
      throw .badFile(
        file: file, problem: "is a binary file, not text",
        remedy: "give a text file of interactions (plain or gzipped) or a MATLAB 5 file with a sparse matrix")
    }
    if memchr(buffer.baseAddress!, 10, end) == nil, memchr(buffer.baseAddress!, 13, end - 1) != nil {
      throw .badFile(
        file: file, problem: "ends its lines with CR alone (old Macintosh text)",
        remedy: "end them with LF (tr '\\r' '\\n' < OLD > NEW)")
    }
    if head.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
  }
}
