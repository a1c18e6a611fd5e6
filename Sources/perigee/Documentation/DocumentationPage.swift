/// One page of the documentation as HTML that is XML as well, so that a small reader can check it.
struct DocumentationPage {
  private let page: DocumentationSite.Page
  private let body: String
  private let pages: [DocumentationSite.Page]
  private let index: String

  init(_ page: DocumentationSite.Page, body: String, among pages: [DocumentationSite.Page], index: String) {
    self.page = page
    self.body = body
    self.pages = pages
    self.index = index
  }

  /// From this page to the site's folder.
  private var root: String { String(repeating: "../", count: page.path.split(separator: "/").count - 1) }

  var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>\(escaped(page.title)) - Perigee</title>
    <style>\(DocumentationStyle.text)</style>
    </head>
    <body data-root="\(root)">
    <header>
    <a class="home" href="\(root)index.html">Perigee</a>
    <div class="search">
    <input id="search" type="search" placeholder="Search names, options, words" aria-label="Search" autocomplete="off" />
    <ul id="found" hidden="hidden"></ul>
    </div>
    <label for="menu" class="menu">Contents</label>
    </header>
    <input id="menu" type="checkbox" aria-label="Contents" />
    <nav>
    \(navigation)
    </nav>
    <main>
    \(linkedToHTML(body))</main>
    <script type="application/json" id="names">\(index)</script>
    <script>\(DocumentationSearch.text)</script>
    </body>
    </html>

    """
  }

  private var navigation: String {
    var parts: [(name: String, pages: [DocumentationSite.Page])] = []
    for page in pages {
      guard let name = page.part else { continue }
      if parts.last?.name != name { parts.append((name, [])) }
      parts[parts.count - 1].pages.append(page)
    }
    return parts.map { part in
      let items = part.pages.map { other in
        let mark = other.path == page.path ? " aria-current=\"page\"" : ""
        let isContents = other.path.hasSuffix("README.md")
        return "<li><a href=\"\(root)\(DocumentationSite.address(other.path))\"\(mark)>"
          + "\(isContents ? "Contents" : escaped(other.title))</a></li>"
      }
      return "<h2>\(part.name)</h2>\n<ul>\n\(items.joined(separator: "\n"))\n</ul>"
    }.joined(separator: "\n")
  }

  /// The converter's HTML with links to pages of Markdown turned into links to these pages.
  private func linkedToHTML(_ html: String) -> String {
    let start = "href=\""
    var result = "", rest = html[...]
    while let place = rest.firstRange(of: start) {
      result += rest[..<place.upperBound]
      rest = rest[place.upperBound...]
      let way = rest.prefix { $0 != "\"" }
      rest = rest.dropFirst(way.count)
      let address = way.prefix { $0 != "#" }
      let isPage = address.hasSuffix(".md") && !address.contains("://")
      result += isPage ? DocumentationSite.address(String(address)) + way.dropFirst(address.count) : String(way)
    }
    return result + rest
  }

  private func escaped(_ text: String) -> String {
    text.map { ["&": "&amp;", "<": "&lt;", ">": "&gt;"][$0] ?? String($0) }.joined()
  }
}

extension Substring {
  fileprivate func firstRange(of part: String) -> Range<Index>? {
    var from = startIndex
    while let place = self[from...].firstIndex(of: part.first!) {
      if self[place...].hasPrefix(part) { return place..<index(place, offsetBy: part.count) }
      from = index(after: place)
    }
    return nil
  }
}
