import ArgumentParser
import Platform
import LuaHost
import LuaLibrary

struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Write the reference and the editor types of the Lua library.",
    discussion: """
      Both are made from the descriptions of the functions. Without an option docs/reference.md and \
      lua/types/perigee.lua are written in the present directory.
      """)

  @Flag(help: "Print the reference (Markdown) instead.") var markdown = false
  @Flag(help: "Print the editor types (LuaCATS) instead.") var types = false
  @Flag(help: "Write nothing; fail when a file differs.") var check = false

  func run() throws {
    let module = PerigeeLibrary.module()
    let files = [
      ("docs/reference.md", Reference(of: module).markdown), ("lua/types/perigee.lua", EditorTypes(of: module).text),
    ]
    if markdown { print(files[0].1, terminator: "") }
    if types { print(files[1].1, terminator: "") }
    if markdown || types { return }
    for (path, text) in files {
      guard check else {
        try write(text, to: path)
        continue
      }
      if contents(of: path) != text {
        printError("\(path) differs from the descriptions; run: perigee reference")
        throw ExitCode(1)
      }
    }
  }

  private func contents(of path: String) -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(_ text: String, to path: String) throws {
    for (index, character) in path.enumerated() where character == "/" { mkdir(String(path.prefix(index)), 0o777) }
    guard let file = fopen(path, "wb"), fputs(text, file) >= 0, fclose(file) == 0 else {
      throw ValidationError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    print("wrote \(path)")
  }
}
