import Platform
import Testing

@Suite struct DraftFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/perigee-draft-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      for name in names(folder) { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    try body(folder)
  }

  private func names(_ folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private func make(_ path: String) { close(open(path, O_WRONLY | O_CREAT, 0o600)) }

  @Test func aPipeOrADeviceIsNoPlaceForAFile() throws {
    try withFolder { folder in
      mkfifo("\(folder)/pipe", 0o600)
      for (path, kind) in [("\(folder)/pipe", "a pipe"), ("/dev/null", "a device")] {
        #expect(throws: FileRefusal(path: path, problem: "is \(kind); want a file", code: 0)) {
          try DraftFile(for: path)
        }
      }
      #expect(names(folder) == ["pipe"])
    }
  }

  @Test func aFileGetsItsNameWhenItIsWhole() throws {
    try withFolder { folder in
      let draft = try DraftFile(for: "\(folder)/a")
      try Array("..cd".utf8).withUnsafeBytes { try draft.write($0) }
      try draft.rewind()
      try Array("ab".utf8).withUnsafeBytes { try draft.write($0) }
      #expect(names(folder).count == 1 && names(folder)[0].hasPrefix("a.tmp-\(getpid())-"))
      try draft.finish()
      #expect(names(folder) == ["a"])
      #expect(try RegularFile.bytes(of: "\(folder)/a") == Array("abcd".utf8))
    }
  }

  @Test func anUnfinishedOneLeavesWhatWasThere() throws {
    try withFolder { folder in
      make("\(folder)/a")
      do { _ = try DraftFile(for: "\(folder)/a") }
      #expect(names(folder) == ["a"])
    }
  }

  @Test func onlyWhatEndedProcessesLeftGoes() throws {
    try withFolder { folder in
      let kept = [
        "a.tmp-1-1", "a.tmp-\(getpid())-1000000000", "a.tmp-x", "b.tmp-999999999-1", "aa.tmp-999999999-1",
        "a.tmp-999999998-1",
      ]
      for name in kept + ["a.tmp-999999999-1", "a.tmp-999999999-22"] { make("\(folder)/\(name)") }
      // Written this moment by a process that only another machine sees.
      let elsewhere = open("\(folder)/a.tmp-999999998-1", O_WRONLY)
      #expect(flock(elsewhere, LOCK_EX | LOCK_NB) == 0)
      try DraftFile(for: "\(folder)/a").finish()
      close(elsewhere)
      #expect(names(folder) == (kept + ["a"]).sorted())
    }
  }

  @Test func refusalsNameTheFileAndTheReason() throws {
    try withFolder { folder in
      make("\(folder)/a")
      let nul = #expect(throws: FileRefusal.self) { try DraftFile(for: "\(folder)/a\0b") }
      #expect(nul?.description == "\(folder)/a\\x00b is no path: it holds a NUL character")
      let none = #expect(throws: FileRefusal.self) { try DraftFile(for: "\(folder)/no/a") }
      #expect(none?.description == "\(folder)/no/a cannot be written: No such file or directory")
      #expect(throws: FileRefusal.self) { try DraftFile(for: folder).finish() }
      make("\(folder)/.tmp-999999999-1")
      #expect(throws: FileRefusal.self) { try DraftFile(for: "\(folder)/").finish() }
      #expect(unlink("\(folder)/.tmp-999999999-1") == 0, "not ours")
      #expect(names(folder) == ["a"])
      guard access("/dev/full", W_OK) == 0 else { return }
      symlink("/dev/full", "\(folder)/full")
      let full = #expect(throws: FileRefusal.self) {
        try [UInt8(1)].withUnsafeBytes { try DraftFile(for: "\(folder)/b", temporary: "\(folder)/full").write($0) }
      }
      #expect(full?.description == "\(folder)/b cannot be written: No space left on device")
    }
  }
}

@Suite struct ShownBytesTests {
  @Test func bytesThatAreNoTextStayDistinguishable() {
    #expect(quoted([0x4D, 0xFC, 0x6C] as [UInt8]) == #""M\xFCl""#)
    #expect(quoted([0x4D, 0xF6, 0x6C] as [UInt8]) == #""M\xF6l""#)
    #expect(shown(Array("Thréé 漢\u{1F600}\u{1B}".utf8)) == "Thréé 漢\u{1F600}\\x1B")
    #expect(shown([0xE2, 0x82] as [UInt8]) == #"\xE2\x82"#)
  }

  @Test func anyBytesAreCutAsTheirTextIs() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let text = String(
        String.UnicodeScalarView(
          (0..<Int.random(in: 0...9)).map { _ in
            Unicode.Scalar(UInt32.random(in: 1...0xD7FF, using: &generator))!
          }))
      for limit in 0...9 { #expect(shown(Array(text.utf8), limit: limit) == shown(text, limit: limit)) }
    }
  }
}
