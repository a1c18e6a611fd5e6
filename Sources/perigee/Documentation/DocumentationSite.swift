import LuaHost
import Platform

/// The documentation as HTML: the guide, which people write, and the reference, which the descriptions make.
///
/// Each page stands alone: its style, its search and the names to search are in it, and it asks no server for anything.
struct DocumentationSite {
  struct Page {
    /// Below the site's folder, as Markdown: `guide/1-install.md`.
    let path: String
    let title: String
    let part: String?
    let markdown: String
    let entries: [ReferencePage.Entry]
  }

  private let pages: [Page]
  private let names: ReferenceNames

  /// - Parameter docs: The folder with `README.md` and `guide`.
  init(reference: Reference, docs: String) throws {
    names = reference.names
    let guide = try Self.guide(docs)
    pages =
      guide
      + reference.pages.map { page in
        Page(
          path: page.path, title: page.title, part: Self.part(of: page.kind), markdown: page.text, entries: page.entries
        )
      }
  }

  /// The first page, then the guide's chapters in the order of its contents.
  private static func guide(_ docs: String) throws -> [Page] {
    let contents = try TextFile.read(docs + "/guide/README.md")
    let chapters = contents.split(separator: "(").dropFirst().compactMap { part -> String? in
      let way = part.prefix { $0 != ")" }
      return way.hasSuffix(".md") && !way.contains("/") ? "guide/\(way)" : nil
    }
    return try (["README.md", "guide/README.md"] + chapters).map { path in
      let text = try TextFile.read(docs + "/" + path)
      let title = text.prefix { $0 != "\n" }.drop { $0 == "#" || $0 == " " }
      let words = Set(text.lowercased().split { !$0.isLetter && $0 != "_" }.filter { $0.count > 3 }.map(String.init))
      let entry = ReferencePage.Entry(
        name: String(title), anchor: "", summary: "A chapter of the guide.", words: Array(words))
      return Page(
        path: path, title: String(title), part: path == "README.md" ? nil : "Guide", markdown: text,
        entries: path.hasPrefix("guide/") ? [entry] : [])
    }
  }

  private static func part(of kind: ReferencePage.Kind) -> String {
    switch kind {
    case .contents, .module: "Reference"
    case .type: "Types"
    case .luaFiles: "Lua files"
    }
  }

  func write(to folder: String) throws {
    let index = searchIndex
    for page in pages {
      let linked = page.part == "Guide" ? names.linked(page.markdown, from: page.path) : page.markdown
      let html = DocumentationPage(page, body: try MarkdownProgram.html(of: linked), among: pages, index: index)
      try TextFile.write(html.text, to: folder + "/" + Self.address(page.path))
    }
  }

  /// What the search looks through: name, address, what it is, and names of options.
  private var searchIndex: String {
    let rows = pages.flatMap { page in
      page.entries.map { entry in
        let address = Self.address(page.path) + (entry.anchor.isEmpty ? "" : "#" + entry.anchor)
        let words = Set(entry.words).sorted().joined(separator: " ")
        return "["
          + [entry.name, address, entry.summary.filter { $0 != "`" }, words].map(JSONText.quoted).joined(separator: ",")
          + "]"
      }
    }
    // No element of HTML ends within it.
    return ("[" + rows.joined(separator: ",\n") + "]").split(separator: "<", omittingEmptySubsequences: false)
      .joined(separator: "\\u003c")
  }

  /// Where a page of Markdown stands as HTML.
  static func address(_ path: String) -> String {
    let name = path.hasSuffix("README.md") ? path.dropLast("README.md".count) + "index" : path.dropLast(".md".count)
    return name + ".html"
  }
}
