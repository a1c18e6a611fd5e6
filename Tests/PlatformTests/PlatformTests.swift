import Platform
import Testing

@Suite struct MemoryTests {
  @Test func aProductThatOverflowsIsRefusedWithItsPurpose() {
    let error = #expect(throws: MemoryError.self) {
      try Memory.count(1 << 40, 1 << 40, of: Float.self, for: "a table")
    }
    #expect(error?.bytes == nil)
    #expect(error?.description.hasPrefix("a table needs more memory than any machine has; ") == true)
  }

  @Test func bytesThatOverflowAreRefused() {
    #expect(throws: MemoryError.self) { try Memory.require(.max / 2, of: Double.self, for: "numbers") }
  }

  @Test func moreThanTheMachineHasIsRefused() {
    let error = #expect(throws: MemoryError.self) { try Memory.require(1 << 55, of: UInt8.self, for: "a file") }
    #expect(error?.bytes == 1 << 55)
  }

  @Test func whatIsThereIsGiven() throws {
    #expect(try Memory.count(3, 0, 5, of: Float.self, for: "nothing") == 0)
    #expect(try Memory.count(1000, 64, of: Float.self, for: "a table") == 64000)
    #expect(Memory.available > 0)
  }

  @Test func bytesReadWell() {
    #expect(Memory.text(812) == "812 bytes")
    #expect(Memory.text(8_210_000_000_000) == "8.2 TB")
    #expect(Memory.text(.max) == "9.2 EB")
  }
}

@Suite struct ShownTextTests {
  @Test func controlCharactersAreEscaped() {
    #expect(quoted("a\u{1B}[31mb\nc\"d") == #""a\x1B[31mb\nc\"d""#)
    #expect(shownPath("x\u{0}y\u{202E}z") == #"x\x00y\u{202E}z"#)
  }

  @Test func longTextIsCut() {
    #expect(quoted(String(repeating: "é", count: 100), limit: 3) == "\"ééé…\"")
  }
}

@Suite struct RegularFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/perigee-platform-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      for name in ["pipe", "file"] { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    try body(folder)
  }

  @Test func aPipeADeviceAndAFolderAreRefusedAtOnce() throws {
    try withFolder { folder in
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      for (path, kind) in [("\(folder)/pipe", "a pipe"), (folder, "a folder"), ("/dev/zero", "a device")] {
        let refusal = #expect(throws: FileRefusal.self) { try RegularFile(reading: path) }
        #expect(refusal?.problem == "is \(kind); want a file")
      }
    }
  }

  @Test func aPathWithANulIsRefusedNotCut() {
    let refusal = #expect(throws: FileRefusal.self) { try RegularFile(reading: "/etc/passwd\u{0}.txt") }
    #expect(refusal?.description == "/etc/passwd\\x00.txt is no path: it holds a NUL character")
  }

  @Test func allBytesAreReadUpToTheLimit() throws {
    try withFolder { folder in
      let path = "\(folder)/file"
      let text = String(repeating: "perigee ", count: 20_000)
      let file = try #require(fopen(path, "wb"))
      #expect(fputs(text, file) >= 0)
      #expect(fclose(file) == 0)
      #expect(try RegularFile.bytes(of: path) == Array(text.utf8))
      let refusal = #expect(throws: FileRefusal.self) { try RegularFile.bytes(of: path, most: 100) }
      #expect(refusal?.problem == "has more than 100 bytes")
    }
  }
}
