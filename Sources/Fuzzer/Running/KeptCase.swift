import Platform

/// A case as files in a folder: `case.lua`, whose first lines say what it is about, and the files beside it.
enum KeptCase {
  private static let program = "case.lua"

  static func write(_ testCase: Case, note: String, to folder: Folder) throws {
    var head = "-- fuzz: \(testCase.kind.rawValue)\(testCase.fault.map { " " + text($0) } ?? "")\n"
    for line in note.split(separator: "\n") { head += "-- \(line)\n" }
    try folder.write(program, Array((head + testCase.program).utf8))
    for file in testCase.files {
      try folder.write("files/" + file.path, file.isChecked ? Checksum.repaired(file.bytes) : file.bytes)
    }
  }

  static func read(_ folder: Folder) throws -> Case {
    guard let bytes = folder.bytes(of: program) else {
      throw FuzzerError("\(shownPath(folder.path)): has no \(program)")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    let words = lines[0].split(separator: " ").map(String.init)
    guard words.count > 2, words[1] == "fuzz:", let kind = Kind(rawValue: words[2]) else {
      throw FuzzerError("\(shownPath(folder.path))/\(program): does not begin as a case that the fuzzer kept")
    }
    let files = folder.files(below: "files").map {
      CaseFile(path: String($0.dropFirst("files/".count)), bytes: folder.bytes(of: $0) ?? [])
    }
    return Case(kind: kind, files: files, statements: lines, fault: fault(Array(words.dropFirst(3))))
  }

  private static func text(_ fault: Fault) -> String {
    switch fault {
    case .fullDisk(let bytes, let from): "full_disk \(bytes) \(from)"
    case .littleMemory(let bytes): "little_memory \(bytes)"
    case .interruption(let at): "interruption \(at)"
    case .kill(let microseconds): "kill \(microseconds)"
    }
  }

  private static func fault(_ words: [String]) -> Fault? {
    let numbers = words.dropFirst().compactMap { Int($0) }
    switch (words.first, numbers.count) {
    case ("full_disk", 2): return .fullDisk(bytes: numbers[0], from: numbers[1])
    case ("little_memory", 1): return .littleMemory(bytes: numbers[0])
    case ("interruption", 1): return .interruption(at: numbers[0])
    case ("kill", 1): return .kill(microseconds: numbers[0])
    default: return nil
    }
  }
}
