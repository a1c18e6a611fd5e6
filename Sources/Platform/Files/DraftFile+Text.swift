extension DraftFile {
  /// Writes a file that is there whole or not at all; one of the name is replaced.
  public static func write(_ text: String, to path: String) throws(FileRefusal) {
    let file = try DraftFile(for: path)
    var refusal: FileRefusal?
    var text = text
    text.withUTF8 { bytes in
      do throws(FileRefusal) { try file.write(UnsafeRawBufferPointer(bytes)) } catch { refusal = error }
    }
    if let refusal { throw refusal }
    try file.finish()
  }
}
