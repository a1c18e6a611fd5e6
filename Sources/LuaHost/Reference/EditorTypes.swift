/// Annotations for editors (LuaCATS, read by lua-language-server), made from the descriptions.
public struct EditorTypes {
  let module: ModuleDescription
  let files: [LuaFile]

  /// - Parameter files: Lua files that are fields of the module too; editors read what they are in their own comments.
  public init(of module: ModuleDescription, files: [LuaFile] = []) {
    self.module = module
    self.files = files
  }

  /// One definition file.
  public var text: String {
    var lines = ["---@meta \(module.name)", "-- Generated from the descriptions of the functions; do not edit.", ""]
    writeTypes(of: module, into: &lines)
    write(module, path: module.name, local: module.name.annotationName, into: &lines)
    lines += files.map { "\($0.name) = require \"\($0.name)\"" } + (files.isEmpty ? [] : [""])
    lines.append("return \(module.name.annotationName)")
    return lines.joined(separator: "\n") + "\n"
  }

  private func write(_ module: ModuleDescription, path: String, local: String, into lines: inout [String]) {
    lines += comment(module.summary) + ["---@class \(path)"]
    lines += module.constants.map { "---@field \($0.name) \($0.value.annotation) \($0.summary)" }
    lines += [path == self.module.name ? "local \(local) = {}" : "\(local) = {}", ""]
    for function in module.functions { write(function, owner: local, separator: ".", path: path, into: &lines) }
    for inner in module.modules {
      write(inner, path: path + "." + inner.name, local: local + "." + inner.name, into: &lines)
    }
  }

  private func writeTypes(of module: ModuleDescription, into lines: inout [String]) {
    for type in module.types { write(type, into: &lines) }
    for inner in module.modules { writeTypes(of: inner, into: &lines) }
  }

  private func write(_ type: TypeDescription, into lines: inout [String]) {
    let name = type.name.annotationName
    lines += comment(type.summary) + ["---@class \(name)"]
    lines += type.fields.map { "---@field \($0.name) \($0.type.annotation) \($0.summary)" }
    lines += type.metamethods.compactMap { operatorLine($0, type: type) }
    lines += ["local \(name) = {}", ""]
    for method in type.allMethods { write(method, owner: name, separator: ":", path: name, into: &lines) }
  }

  private func write(
    _ function: FunctionDescription, owner: String, separator: String, path: String, into lines: inout [String]
  ) {
    let optionsClass = path + "." + function.name + ".options"
    if !function.options.isEmpty { writeOptions(function.options, name: optionsClass, into: &lines) }
    for result in function.returns {
      for table in result.type.tables {
        writeOptions(table.fields, name: "\(path).\(function.name).\(result.name)", into: &lines)
      }
    }
    lines += comment(function.summary)
    if let equation = function.equation { lines += comment("") + comment(equation) }
    if let source = function.source { lines += comment("Source: " + source) }
    lines += function.parameters.map { parameter in
      "---@param \(parameter.name)\(parameter.isRequired ? "" : "?") \(parameter.type.annotation) \(parameter.note)"
    }
    var names = function.parameters.map(\.name)
    if !function.options.isEmpty {
      let mark = function.options.contains(where: \.isRequired) ? "" : "?"
      lines.append("---@param options\(mark) \(optionsClass)")
      names.append("options")
    }
    if let variadic = function.variadic {
      lines.append("---@param ... \(variadic.type.annotation) \(variadic.summary)")
      names.append("...")
    }
    lines += function.returns.map { result in
      let known = result.type.tables.isEmpty ? result.type.annotation : "\(path).\(function.name).\(result.name)"
      return "---@return \(known) \(result.name) \(result.summary)"
    }
    lines += ["function \(owner)\(separator)\(function.name)(\(names.joined(separator: ", "))) end", ""]
  }

  private func writeOptions(_ options: [OptionDescription], name: String, into lines: inout [String]) {
    for option in options {
      for table in option.type.tables { writeOptions(table.fields, name: name + "." + option.name, into: &lines) }
    }
    lines.append("---@class (exact) \(name)")
    for option in options {
      let type = option.type.annotation(nested: name + "." + option.name)
      lines.append("---@field \(option.name)\(option.isRequired ? "" : "?") \(type) \(option.note)")
    }
    lines.append("")
  }

  private func operatorLine(_ function: FunctionDescription, type: TypeDescription) -> String? {
    let names = [
      "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__idiv", "__concat", "__unm", "__len", "__call",
    ]
    guard names.contains(function.name), let result = function.returns.first?.type.annotation else { return nil }
    let other = function.parameters.dropFirst().first?.type.annotation
    return "---@operator \(function.name.dropFirst(2))\(other.map { "(\($0))" } ?? ""): \(result)"
  }

  private func comment(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "---" + ($0.isEmpty ? "" : " " + $0) }
  }
}

extension ParameterDescription {
  /// The summary with the unit and the default, on one line.
  fileprivate var note: String {
    summary + (unit.map { " In \($0)." } ?? "") + (defaultValue.map { " Default \($0.text)." } ?? "")
  }
}

extension LuaType {
  /// The annotation with the class of a nested table of options in the place of `table`.
  fileprivate func annotation(nested name: String) -> String {
    switch content {
    case .options: name
    // Not this alone: the function takes other tables as well.
    case .table(let fields) where !fields.isEmpty: "\(name)|table"
    case .list(let element, _) where !element.tables.isEmpty:
      if case .options = element.content { name + "[]" } else { "(\(element.annotation(nested: name)))[]" }
    case .union(let types):
      types.map { $0.tables.isEmpty ? $0.annotationInUnion : $0.annotation(nested: name) }.joined(separator: "|")
    default: annotation
    }
  }
}

extension LuaDefault {
  fileprivate var annotation: String {
    switch self {
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string: "string"
    case .list: "table"
    }
  }
}
