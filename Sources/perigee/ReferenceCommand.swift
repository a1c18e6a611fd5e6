import ArgumentParser
import LuaHost
import LuaLibrary
import Platform

struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference", abstract: "Write the reference and the editor types of the Lua library.",
    discussion: """
      Both are made from the descriptions of the functions and the comments of the Lua files. Without an option the pages in \
      docs/reference and lua/types/perigee.lua are written in the present directory, the root of the repository; with --html \
      the whole documentation, the guide included, as pages for a browser (needs cmark-gfm).
      """)

  @Option(help: "Write the documentation as HTML into this folder instead.", completion: .directory) var html: String?
  @Flag(help: "Print the reference (Markdown) instead.") var markdown = false
  @Flag(help: "Print the editor types (LuaCATS) instead.") var types = false
  @Flag(help: "Write nothing; fail when a file differs.") var check = false

  private static let folder = "docs"
  private static let typesPath = "lua/types/perigee.lua"

  func run() throws {
    let module = PerigeeLibrary.module(), folders = try LuaFolders.read("lua")
    let reference = Reference(of: module, folders: folders)
    let types = EditorTypes(of: module, files: folders.first.map { $0.files } ?? []).text
    if let html {
      try DocumentationSite(reference: reference, docs: Self.folder).write(to: html)
      print("wrote \(html)/index.html")
    }
    if markdown { print(reference.pages.map(\.text).joined(separator: "\n"), terminator: "") }
    if self.types { print(types, terminator: "") }
    if html != nil || markdown || self.types { return }
    let files = reference.pages.map { ("\(Self.folder)/\($0.path)", $0.text) } + [(Self.typesPath, types)]
    if check { try compare(files) } else { try write(files) }
  }

  private func compare(_ files: [(path: String, text: String)]) throws {
    let different = files.filter { TextFile.contents(of: $0.path) != $0.text }.map(\.path) + strangers(besides: files)
    guard !different.isEmpty else { return }
    printError("\(different.joined(separator: ", ")): not what the descriptions say; run: perigee reference")
    throw ExitCode(1)
  }

  private func write(_ files: [(path: String, text: String)]) throws {
    for path in strangers(besides: files) {
      unlink(path)
      print("removed \(path)")
    }
    for (path, text) in files where TextFile.contents(of: path) != text {
      try TextFile.write(text, to: path)
      print("wrote \(path)")
    }
  }

  /// Pages of the reference that nothing has any more.
  private func strangers(besides files: [(path: String, text: String)]) -> [String] {
    let known = Set(files.map(\.path))
    return ["reference", "reference/types", "reference/lua"].flatMap { part in
      TextFile.names(in: "\(Self.folder)/\(part)", ending: ".md").map { "\(Self.folder)/\(part)/\($0)" }
    }.filter { !known.contains($0) }
  }
}
