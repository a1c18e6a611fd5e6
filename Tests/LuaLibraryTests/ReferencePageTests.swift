import LuaHost
import Testing

@testable import LuaLibrary

/// All that the library describes stands in its reference, and the pages' links lead somewhere.
@Suite struct ReferencePageTests {
  let reference = Reference(of: PerigeeLibrary.module())

  /// Anchors are of whole names, options stand in the text.
  private func expectAll(of module: ModuleDescription, path: String) {
    for function in module.functions { expect(function, "\(path).\(function.name)") }
    for type in module.types {
      for method in type.methods { expect(method, "\(type.name):\(method.name)") }
      for field in type.fields {
        #expect(reference.pages.contains { $0.text.contains("| `\(field.name)` |") }, "\(type.name).\(field.name)")
      }
    }
    for inner in module.modules { expectAll(of: inner, path: "\(path).\(inner.name)") }
  }

  private func expect(_ function: FunctionDescription, _ name: String) {
    guard let page = reference.pages.first(where: { $0.text.contains("<a id=\"\(name)\"></a>`\(name)`") }) else {
      Issue.record("\(name) stands on no page")
      return
    }
    #expect(page.text.contains(function.signature(name)), "\(name)")
    for entry in function.parameters + function.options {
      #expect(page.text.contains("| `\(entry.name)` |"), "\(name)")
    }
  }

  @Test func everyNameHasItsPlace() { expectAll(of: PerigeeLibrary.module(), path: "perigee") }

  @Test func everyLinkLeadsSomewhere() {
    let texts = Dictionary(uniqueKeysWithValues: reference.pages.map { ($0.path, $0.text) })
    var count = 0
    for page in reference.pages {
      for part in page.text.split(separator: "](").dropFirst() {
        let link = part.prefix { $0 != ")" }, way = link.prefix { $0 != "#" }, anchor = link.dropFirst(way.count + 1)
        let target = way.isEmpty ? page.path : resolved(way, from: page.path)
        let text = texts[target]
        #expect(text != nil, "\(page.path) links to \(link)")
        if !anchor.isEmpty {
          #expect(text?.contains("<a id=\"\(anchor)\"></a>") == true, "\(page.path) links to \(link)")
        }
        count += 1
      }
    }
    #expect(count > 1000)
  }

  private func resolved(_ way: Substring, from page: String) -> String {
    var parts = page.split(separator: "/").dropLast().map(String.init)
    for part in way.split(separator: "/") { if part == ".." { parts.removeLast() } else { parts.append(String(part)) } }
    return parts.joined(separator: "/")
  }
}
