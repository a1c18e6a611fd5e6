/// Writes one page: a heading with an anchor for all that has a name, tables of options, links to what is mentioned.
struct ReferenceWriter {
  private let names: ReferenceNames
  private let page: String
  private let makers: [String: [String]]
  private(set) var lines: [String] = []
  private(set) var entries: [ReferencePage.Entry] = []

  init(_ names: ReferenceNames, page: String, makers: [String: [String]]) {
    self.names = names
    self.page = page
    self.makers = makers
  }

  // MARK: Pages

  mutating func write(_ module: ModuleDescription, path: String) {
    lines += ["# \(path)", "", linked(module.summary), ""]
    if !module.constants.isEmpty {
      lines += module.constants.map { "- `\(path).\($0.name)` = `\($0.value.text)`: \($0.summary)" } + [""]
    }
    let inner = module.modules.map { ("\(path).\($0.name)", $0.summary) }
    writeContents("Modules", inner.map { name, summary in (name, names.link(to: name, from: page) ?? "", summary) })
    writeContents("Functions", of: module.functions) { (path + "." + $0, "#\(path).\($0)") }
    writeContents(
      "Types", module.types.map { ($0.name, names.link(to: $0.name, from: page) ?? "#\($0.name)", $0.summary) })
    for function in module.functions { write(function, name: path + "." + function.name) }
    for type in module.types where !type.hasPage { write(type, level: 2) }
  }

  mutating func writePage(of type: TypeDescription) { write(type, level: 1) }

  mutating func write(_ folder: LuaFolder) {
    lines += ["# \(folder.title)", "", linked(folder.summary), ""]
    writeContents("Files", folder.files.map { ($0.name, "#\($0.name)", $0.summary) })
    for file in folder.files { write(file) }
  }

  private mutating func write(_ file: LuaFile) {
    if let function = file.functions.first, file.isFunction {
      write(function.description, name: file.name)
      return
    }
    writeHeading(file.name, anchor: file.name, level: 2, summary: file.summary)
    lines += [linked(file.summary, at: file.name), ""]
    if let details = file.details { lines += [linked(details, at: file.name), ""] }
    for function in file.functions {
      write(function.description, name: function.name, anchor: function.anchor, level: 3)
    }
  }

  // MARK: Parts

  private func linked(_ text: String, at anchor: String? = nil) -> String {
    names.linked(text, from: page, at: anchor)
  }

  /// The anchor is for links that last: those that a site makes of headings change with their words.
  private mutating func writeHeading(
    _ name: String, anchor: String, level: Int, summary: String, words: [String] = []
  ) {
    lines += ["\(String(repeating: "#", count: level)) <a id=\"\(anchor)\"></a>`\(name)`", ""]
    entries.append(.init(name: name, anchor: anchor, summary: summary, words: words))
  }

  private mutating func writeContents(_ title: String, _ rows: [(name: String, way: String, summary: String)]) {
    guard rows.count > 1 || title != "Functions" && !rows.isEmpty else { return }
    lines += ["| \(title) | |", "|---|---|"]
    lines += rows.map { "| [`\($0.name)`](\($0.way)) | \($0.summary.replacingBars) |" } + [""]
  }

  /// Those without a theme first, then theme by theme.
  private mutating func writeContents(
    _ title: String, of functions: [FunctionDescription], _ place: (String) -> (name: String, way: String)
  ) {
    var themes: [String?] = [nil]
    for function in functions where !themes.contains(function.theme) { themes.append(function.theme) }
    for theme in themes {
      let rows = functions.filter { $0.theme == theme }.map { function in
        (place(function.name).name, place(function.name).way, function.summary)
      }
      writeContents(theme ?? title, rows)
    }
  }

  private mutating func write(
    _ function: FunctionDescription, name: String, anchor: String? = nil, level: Int = 2
  ) {
    let anchor = anchor ?? name
    let parameters = function.parameters + (function.variadic.map { [$0] } ?? [])
    let rows = function.rows(of: parameters), options = function.rows(of: function.options)
    writeHeading(
      name, anchor: anchor, level: level, summary: function.summary, words: (rows + options).map(\.parameter.name))
    lines += ["```lua", function.signature(name), "```", "", linked(function.summary, at: anchor), ""]
    if let details = function.details { lines += [linked(details, at: anchor), ""] }
    if let equation = function.equation { lines += ["```text", equation, "```", ""] }
    writeTable("argument", rows, at: anchor)
    writeTable("option", options, at: anchor)
    writeReturns(function, at: anchor)
    if let source = function.source { lines += ["Source: \(linked(source, at: anchor))", ""] }
    if let example = function.example { lines += ["```lua", example, "```", ""] }
  }

  private mutating func writeReturns(_ function: FunctionDescription, at anchor: String) {
    guard !function.returns.isEmpty else { return }
    lines += ["Returns:", ""]
    for result in function.returns {
      let type = names.linked(type: result.type.brief, from: page)
      lines.append("- `\(result.name)` (\(type)): \(linked(result.summary, at: anchor))")
      lines += function.rows(ofFieldsIn: result.type, prefix: "").map { name, field in
        "  - `\(name)` (\(names.linked(type: field.type.brief, from: page))): \(linked(field.summary, at: anchor))"
      }
    }
    lines.append("")
  }

  private mutating func writeTable(
    _ title: String, _ rows: [(name: String, parameter: ParameterDescription)], at anchor: String
  ) {
    guard !rows.isEmpty else { return }
    lines += ["| \(title) | type | default | meaning |", "|---|---|---|---|"]
    for (name, parameter) in rows {
      let given = parameter.defaultValue.map { "`\($0.text)`" } ?? (parameter.isOptional ? "none" : "required")
      let unit = parameter.unit.map { " (in \($0))" } ?? ""
      let type = names.linked(type: parameter.type.brief, from: page)
      let cells = ["`\(name)`", type, given, linked(parameter.summary, at: anchor) + unit]
      lines.append("| " + cells.map { $0.replacingBars }.joined(separator: " | ") + " |")
    }
    lines.append("")
  }

  private mutating func write(_ type: TypeDescription, level: Int) {
    if level == 1 {
      lines += ["# \(type.name)", ""]
      entries.append(.init(name: type.name, anchor: "", summary: type.summary))
    } else {
      writeHeading(type.name, anchor: type.name, level: level, summary: type.summary)
    }
    lines += [linked(type.summary, at: type.name), ""]
    writeMakers(of: type)
    if level == 1 {
      writeContents("Methods", of: type.allMethods) { (":" + $0, "#\(type.name):\($0)") }
    }
    writeFields(of: type)
    for method in type.allMethods where level == 1 || method.name != freeName {
      write(method, name: type.name + ":" + method.name, level: level + 1)
    }
    if !type.metamethods.isEmpty {
      lines += ["Operators:", ""]
      lines += type.metamethods.map { "- `\($0.signature($0.name))`: \(linked($0.summary, at: type.name))" } + [""]
    }
  }

  private mutating func writeMakers(of type: TypeDescription) {
    let most = 12
    guard let makers = makers[type.name], !makers.isEmpty else { return }
    let shown = makers.prefix(most).map { linked("`\($0)`") }.joined(separator: ", ")
    lines += ["Comes from \(shown)\(makers.count > most ? " and others" : "").", ""]
  }

  private mutating func writeFields(of type: TypeDescription) {
    guard !type.fields.isEmpty else { return }
    lines += ["| \(type.hasPage ? "<a id=\"fields\"></a>" : "")field | type | meaning |", "|---|---|---|"]
    for field in type.fields {
      let brief = names.linked(type: field.brief, from: page)
      let cells = ["`\(field.name)`", brief, linked(field.summary, at: type.name)]
      lines.append("| " + cells.map { $0.replacingBars }.joined(separator: " | ") + " |")
      entries.append(
        .init(name: "\(type.name).\(field.name)", anchor: type.hasPage ? "fields" : type.name, summary: field.summary))
    }
    lines.append("")
  }
}

extension String {
  /// For a cell of a Markdown table.
  var replacingBars: String {
    split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }
}
