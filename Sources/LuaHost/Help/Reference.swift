/// The reference of a module as Markdown, made from its descriptions.
public struct Reference {
  let module: ModuleDescription

  public init(of module: ModuleDescription) { self.module = module }

  /// One page: a section for each module, function and type.
  public var markdown: String {
    var lines = ["# \(module.name)", "", "Generated from the descriptions of the functions; do not edit.", ""]
    write(module, path: module.name, level: 2, into: &lines, isRoot: true)
    while lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n") + "\n"
  }

  private func write(_ module: ModuleDescription, path: String, level: Int, into lines: inout [String], isRoot: Bool) {
    if !isRoot { lines += ["## \(path)", ""] }
    lines += [module.summary, ""]
    if !module.constants.isEmpty {
      lines += module.constants.map { "- `\(path).\($0.name)` = `\($0.value.text)`: \($0.summary)" } + [""]
    }
    for function in module.functions { write(function, fullName: path + "." + function.name, into: &lines) }
    for type in module.types { write(type, into: &lines) }
    for inner in module.modules {
      write(inner, path: path + "." + inner.name, level: level, into: &lines, isRoot: false)
    }
  }

  private func write(
    _ function: FunctionDescription, fullName: String, into lines: inout [String], heading: String = "###"
  ) {
    lines += ["\(heading) `\(function.signature(fullName))`", "", function.summary, ""]
    if let details = function.details { lines += [details, ""] }
    if let equation = function.equation { lines += ["```text", equation, "```", ""] }
    let parameters = function.parameters + (function.variadic.map { [$0] } ?? [])
    writeTable("argument", function.rows(of: parameters), into: &lines)
    writeTable("option", function.rows(of: function.options), into: &lines)
    if !function.returns.isEmpty {
      lines += ["Returns:", ""] + function.returns.map { "- `\($0.name)` (\($0.type.brief)): \($0.summary)" } + [""]
    }
    if let source = function.source { lines += ["Source: \(source)", ""] }
    if let example = function.example { lines += ["```lua", example, "```", ""] }
  }

  private func writeTable(
    _ title: String, _ rows: [(name: String, parameter: ParameterDescription)], into lines: inout [String]
  ) {
    guard !rows.isEmpty else { return }
    lines += ["| \(title) | type | default | meaning |", "|---|---|---|---|"]
    for (name, parameter) in rows {
      let given = parameter.defaultValue.map { "`\($0.text)`" } ?? (parameter.isOptional ? "none" : "required")
      let unit = parameter.unit.map { " (in \($0))" } ?? ""
      let cells = ["`\(name)`", parameter.type.brief, given, parameter.summary + unit]
      lines.append("| " + cells.map { $0.replacingBars }.joined(separator: " | ") + " |")
    }
    lines.append("")
  }

  private func write(_ type: TypeDescription, into lines: inout [String]) {
    lines += ["### \(type.name)", "", type.summary, ""]
    if !type.fields.isEmpty {
      lines += ["| field | type | meaning |", "|---|---|---|"]
      lines += type.fields.map { "| `\($0.name)` | \($0.brief.replacingBars) | \($0.summary.replacingBars) |" } + [""]
    }
    for method in type.allMethods {
      write(method, fullName: type.name + ":" + method.name, into: &lines, heading: "####")
    }
    if !type.metamethods.isEmpty {
      lines += ["Operators:", ""] + type.metamethods.map { "- `\($0.signature($0.name))`: \($0.summary)" } + [""]
    }
  }
}

extension String {
  /// For a cell of a Markdown table.
  fileprivate var replacingBars: String {
    split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }
}
