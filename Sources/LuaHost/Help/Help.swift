import CLua
import CLuaShim
import Platform

/// Which description a value of Lua has.
struct HelpIndex {
  var roots: [ModuleDescription] = []
  var modules: [UnsafeRawPointer: (path: String, module: ModuleDescription)] = [:]
  /// Keeps the tables alive, so that their addresses stay theirs.
  var tables: [LuaTable] = []
}

/// What can be described.
enum HelpSubject {
  case module(path: String, ModuleDescription)
  case function(name: String, FunctionDescription)
  case type(TypeDescription)
  case field(type: TypeDescription, FieldDescription)
  case constant(path: String, ConstantDescription)
}

extension LuaState {
  /// The text of `help(value)`: of a described function, a module, a handle's type, or a name in a string
  /// (`"perigee.losses.mml"`, `"Split:users"`). Without a value, what there is.
  ///
  /// Lines are broken to `helpWidth`.
  public func help(_ value: LuaValue = .nil) -> String {
    let text = text(ofHelp: value)
    guard let helpWidth else { return text }
    // Lines of Lua stay as they are.
    let end = text.ranges(of: "\n\nExample\n").last?.lowerBound ?? text.endIndex
    return String(text[..<end]).wrapped(to: helpWidth) + text[end...]
  }

  private func text(ofHelp value: LuaValue) -> String {
    switch value {
    case .nil: return overview
    case .string(let name): return help(named: name.description)
    default:
      if let text = subject(of: value)?.text ?? helpInComments(of: value) { return text }
      return "There is no help for \(value.received)\(definition(of: value))."
    }
  }

  /// A described function `help(x)` that gives the text to `show`.
  public func makeHelpFunction(_ show: @escaping (String) -> Void) -> FunctionDescription {
    FunctionDescription(
      "help", "Shows what a function, a module, a handle or a name is for.",
      example: "help(perigee.losses)\nhelp \"Split:users\"",
      parameters: [ParameterDescription("subject", .any, "What to explain; without it, an overview.", optional: true)]
    ) { call in
      show(call.state.help(call.value("subject")))
      return []
    }
  }

  /// Defines a described function as a global; only for programs that talk to a person (`help` in the REPL).
  public func defineGlobal(_ function: FunctionDescription) throws {
    try globals.set(function.name, makeDescribed(FunctionPlan(function, fullName: function.name)))
  }

  func subject(of value: LuaValue) -> HelpSubject? {
    switch value {
    case .table(let table):
      guard let address = table.address, let (path, module) = helpIndex.modules[address] else { return nil }
      return .module(path: path, module)
    case .handle(let handle):
      return registry.byName[handle.typeName].map { .type($0.description) }
    case .function(let function):
      return plan(of: function).map { .function(name: $0.fullName, $0.description) }
    default: return nil
    }
  }

  /// The plan of a function of Swift that has a description.
  func plan(of function: LuaFunction) -> FunctionPlan? {
    reserve(4)
    push(function)
    defer { host_pop(lua, 1) }
    guard let object = host_function_at(lua, -1) else { return nil }
    let plan = Unmanaged<HostFunction>.fromOpaque(object).takeUnretainedValue().plan
    return plan.description.summary.isEmpty ? nil : plan
  }

  func subject(named name: String) -> HelpSubject? {
    allSubjects.first { $0.name == name }?.subject
  }

  /// Every described thing with its full name.
  var allSubjects: [(name: String, subject: HelpSubject)] {
    helpIndex.roots.flatMap { subjects(of: $0, path: $0.name) }
  }

  private func help(named name: String) -> String {
    if let text = subject(named: name)?.text ?? helpInComments(named: name) { return text }
    if let found = search(name) { return found }
    let nearest = nearestName(to: name, in: allSubjects.map(\.name)).map { ", did you mean '\($0)'?" } ?? "."
    return "There is no help for '\(shown(name))'\(nearest)"
  }

  private var overview: String {
    var lines = ["help(x) explains a module, a function or a handle; help \"name\" searches. There is:"]
    for root in helpIndex.roots {
      lines.append("")
      lines.append(HelpSubject.module(path: root.name, root).text)
    }
    return lines.joined(separator: "\n")
  }

  /// Where a function of Lua was written.
  private func definition(of value: LuaValue) -> String {
    guard case .function(let function) = value else { return "" }
    reserve(4)
    push(function)
    var record = lua_Debug()
    guard lua_getinfo(lua, ">S", &record) != 0, record.linedefined > 0 else { return "" }
    let source = withUnsafeBytes(of: &record.short_src) { raw in
      String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    return ", written at \(source):\(record.linedefined)"
  }
}

private func subjects(of module: ModuleDescription, path: String) -> [(name: String, subject: HelpSubject)] {
  var result: [(name: String, subject: HelpSubject)] = [(path, .module(path: path, module))]
  for function in module.functions {
    let name = path + "." + function.name
    result.append((name, .function(name: name, function)))
  }
  for constant in module.constants { result.append((path + "." + constant.name, .constant(path: path, constant))) }
  for type in module.types {
    result.append((type.name, .type(type)))
    for method in type.allMethods {
      let name = type.name + ":" + method.name
      result.append((name, .function(name: name, method)))
    }
    for field in type.fields { result.append((type.name + "." + field.name, .field(type: type, field))) }
  }
  for inner in module.modules { result += subjects(of: inner, path: path + "." + inner.name) }
  return result
}

extension HelpSubject {
  var text: String {
    switch self {
    case .module(let path, let module): moduleText(path, module)
    case .function(let name, let function): functionText(name, function)
    case .type(let type): typeText(type)
    case .field(let type, let field):
      "\(type.name).\(field.name): \(field.brief)\n\n\(field.summary)"
    case .constant(let path, let constant):
      "\(path).\(constant.name) = \(constant.value.text)\n\n\(constant.summary)"
    }
  }
}

private func moduleText(_ path: String, _ module: ModuleDescription) -> String {
  var lines = [path, "", module.summary]
  let modules = module.modules.map { [path + "." + $0.name, $0.summary] }
  let functions = module.functions.map { [path + "." + $0.name, $0.summary] }
  let constants = module.constants.map { [path + "." + $0.name, "\($0.summary) (\($0.value.text))"] }
  let types = module.types.map { [$0.name, $0.summary] }
  for (title, rows) in [("Modules", modules), ("Functions", functions), ("Constants", constants), ("Types", types)]
  where !rows.isEmpty {
    lines += ["", title] + aligned(rows, indent: "  ")
  }
  return lines.joined(separator: "\n")
}

private func functionText(_ name: String, _ function: FunctionDescription) -> String {
  var lines = [function.signature(name), "", function.summary]
  if let details = function.details { lines += ["", details] }
  if let equation = function.equation {
    lines += [""] + equation.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
  }
  func list(_ title: String, _ parameters: [ParameterDescription]) {
    let rows = function.rows(of: parameters).map { [$0.name, $0.parameter.brief, $0.parameter.summary] }
    if !rows.isEmpty { lines += ["", title] + aligned(rows, indent: "  ") }
  }
  list("Arguments", function.parameters + (function.variadic.map { [$0] } ?? []))
  list("Options", function.options)
  if !function.returns.isEmpty {
    let rows = function.returns.flatMap { result in
      [[result.name, result.type.brief, result.summary]]
        + function.rows(ofFieldsIn: result.type, prefix: result.name)
        .map { [$0.name, $0.parameter.brief, $0.parameter.summary] }
    }
    lines += ["", "Returns"] + aligned(rows, indent: "  ")
  }
  if let source = function.source { lines += ["", "Source: " + source] }
  if let example = function.example {
    lines += ["", "Example"] + example.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
  }
  return lines.joined(separator: "\n")
}

private func typeText(_ type: TypeDescription) -> String {
  var lines = [type.name, "", type.summary]
  if !type.fields.isEmpty {
    lines += ["", "Fields"] + aligned(type.fields.map { ["." + $0.name, $0.brief, $0.summary] }, indent: "  ")
  }
  lines += ["", "Methods"] + aligned(type.allMethods.map { [$0.signature(":" + $0.name), $0.summary] }, indent: "  ")
  if !type.metamethods.isEmpty {
    let rows = type.metamethods.map { [$0.signature($0.name), $0.summary] }
    lines += ["", "Operators"] + aligned(rows, indent: "  ")
  }
  return lines.joined(separator: "\n")
}

extension FieldDescription {
  /// `number > 0, assignable`.
  var brief: String {
    type.brief + (unit.map { ", in \($0)" } ?? "") + (isAssignable ? ", assignable" : "")
  }
}
