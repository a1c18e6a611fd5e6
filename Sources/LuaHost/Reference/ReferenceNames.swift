/// Where each name is described, so that whoever mentions it can be led there.
public struct ReferenceNames {
  private struct Place {
    let page: String
    let anchor: String?
  }

  private var places: [String: Place] = [:]
  /// Words for what the functions of a module make: `loss`, `sampler`.
  private var kinds: [String: Place] = [:]
  /// What the full names of a module's functions begin with: `perigee.`.
  private let root: String

  init(of module: ModuleDescription) { root = module.name + "." }

  mutating func add(_ name: String, page: String, anchor: String? = nil) {
    if places[name] == nil { places[name] = Place(page: page, anchor: anchor) }
  }

  /// A module of the library: `perigee.losses`, whose functions are known as `losses.bpr` too.
  mutating func add(module path: String, _ module: ModuleDescription, page: String) {
    add(path, page: page)
    for ending in ["es", "s"] where module.name.hasSuffix(ending) {
      kinds[String(module.name.dropLast(ending.count))] = Place(page: page, anchor: nil)
    }
    for function in module.functions {
      add("\(path).\(function.name)", page: page, anchor: "\(path).\(function.name)")
      add("\(module.name).\(function.name)", page: page, anchor: "\(path).\(function.name)")
    }
    for constant in module.constants { add("\(path).\(constant.name)", page: page) }
  }

  /// A type, whose methods are known as `Trainer:run` and `trainer:run`.
  mutating func add(type: TypeDescription, page: String, isAlone: Bool) {
    add(type.name, page: page, anchor: isAlone ? nil : type.name)
    let receiver = type.name.prefix(1).lowercased() + type.name.dropFirst()
    for method in type.allMethods {
      for name in [type.name, receiver] {
        add("\(name):\(method.name)", page: page, anchor: "\(type.name):\(method.name)")
      }
    }
    for field in type.fields {
      for name in [type.name, receiver] {
        add("\(name).\(field.name)", page: page, anchor: isAlone ? "fields" : type.name)
      }
    }
  }

  // MARK: Links

  private func link(_ place: Place, from page: String) -> String {
    let way = place.page == page ? "" : ReferencePage.way(from: page, to: place.page)
    guard let anchor = place.anchor else { return way.isEmpty ? "#" : way }
    return way + "#" + anchor
  }

  /// The way to what a name means; nil where it means nothing, or what stands right there.
  func link(to name: String, from page: String, at anchor: String? = nil) -> String? {
    guard let place = places[name], place.page != page || place.anchor != nil && place.anchor != anchor else {
      return nil
    }
    return link(place, from: page)
  }

  /// Markdown whose code spans lead to what they name. Code in fences and what is a link stays as it is.
  ///
  /// - Parameters:
  ///   - page: Where it stands, below the folder of the documentation.
  ///   - anchor: What it describes: no link to itself.
  public func linked(_ markdown: String, from page: String, at anchor: String? = nil) -> String {
    var isCode = false
    return markdown.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return isCode || line.hasPrefix("```") || line.hasPrefix("    ") ? String(line) : linkedLine(line, page, anchor)
    }.joined(separator: "\n")
  }

  private func linkedLine(_ line: Substring, _ page: String, _ anchor: String?) -> String {
    var parts = line.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    // A span that begins or ends on another line.
    guard parts.count % 2 == 1 else { return String(line) }
    for index in parts.indices {
      if index % 2 == 0 {
        parts[index] = linkedWords(parts[index], page, anchor)
      } else if !parts[index - 1].hasSuffix("["), let way = link(toCode: parts[index], page, anchor) {
        parts[index] = "[`\(parts[index])`](\(way))"
      } else {
        parts[index] = "`\(parts[index])`"
      }
    }
    return parts.joined()
  }

  /// `perigee.evaluate(model, split)` leads to the function; `perigee runs`, a command of the shell, nowhere.
  private func link(toCode code: String, _ page: String, _ anchor: String?) -> String? {
    let name = String(code.prefix { $0.isNamePart })
    return name + "." == root && name != code ? nil : link(to: name, from: page, at: anchor)
  }

  /// Names in the open: `Native: perigee.losses.bpr.`
  private func linkedWords(_ text: String, _ page: String, _ anchor: String?) -> String {
    guard text.contains(root) else { return text }
    return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard word.hasPrefix(root) else { return String(word) }
      var name = word.prefix { $0.isNamePart }
      while let last = name.last, last == "." || last == ":" { name = name.dropLast() }
      guard let way = link(to: String(name), from: page, at: anchor) else { return String(word) }
      return "[`\(name)`](\(way))\(word.dropFirst(name.count))"
    }.joined(separator: " ")
  }

  /// A type in few words, as Markdown, whose names lead to what they mean.
  func linked(type brief: String, from page: String) -> String {
    var result = "", rest = brief[...]
    while let first = rest.first {
      let word = rest.prefix { $0.isNamePart && $0 != ":" }
      if first == "\"" {
        let text = rest.dropFirst().prefix { $0 != "\"" }
        result += "\"\(text)\""
        rest = rest.dropFirst(text.count + 2)
      } else if word.isEmpty {
        result += first == "<" || first == "*" ? "\\\(first)" : String(first)
        rest.removeFirst()
      } else {
        rest = rest.dropFirst(word.count)
        // A parameter's name, not a type.
        result += rest.hasPrefix(": ") || rest.hasPrefix("?: ") ? String(word) : linked(word: String(word), from: page)
      }
    }
    return result
  }

  private func linked(word: String, from page: String) -> String {
    for name in [word, word.hasSuffix("s") ? String(word.dropLast()) : word] {
      if let place = places[name] ?? kinds[name], place.page != page || place.anchor != nil {
        return "[\(word)](\(link(place, from: page)))"
      }
    }
    return word
  }
}

extension Character {
  fileprivate var isNamePart: Bool { isLetter || isNumber || self == "_" || self == "." || self == ":" }
}
