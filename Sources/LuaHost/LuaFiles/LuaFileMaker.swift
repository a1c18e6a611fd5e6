/// Makes descriptions of what a Lua file's comments say, and notes what they leave out.
struct LuaFileMaker {
  private let source: LuaSource
  private let classes: [String: LuaSource.Class]
  private let library: [String: FunctionDescription]
  private(set) var problems: [String] = []

  init(_ source: LuaSource, classes: [String: LuaSource.Class], library: [String: FunctionDescription]) {
    self.source = source
    self.classes = classes
    self.library = library
  }

  private mutating func note(_ line: Int, _ problem: String) {
    problems.append("\(source.name), line \(line): \(problem)")
  }

  mutating func file() -> LuaFile {
    let head = LuaProse(source.head)
    if head.summary.isEmpty { note(1, "nothing says what the file is; begin it with a comment") }
    let isFunction = source.returned == nil
    return LuaFile(
      name: source.name, summary: head.summary, details: head.details,
      functions: source.functions.map { function($0, head: isFunction && $0.path.isEmpty ? head : nil) },
      isFunction: isFunction)
  }

  /// - Parameter head: What the file says of itself, where it is this function.
  private mutating func function(_ function: LuaSource.Function, head: LuaProse?) -> LuaFile.Function {
    let own = LuaProse(function.text)
    let (name, anchor) = names(of: function)
    if (head ?? own).summary.isEmpty {
      note(function.line, "'\(name)' has no description; write --- what it does above it")
    }
    var parameters = parameters(of: function, name)
    var options: [ParameterDescription] = []
    if function.arguments.last == "given", let read = LuaOptions(function.body) {
      options = self.options(read, of: parameters.last, function)
    } else if let last = parameters.last, case .options(let fields) = last.type.content {
      options = fields
    }
    if !options.isEmpty || function.arguments.last == "given" { _ = parameters.popLast() }
    let variadic = parameters.last?.name == "..." ? parameters.removeLast() : nil
    var description = FunctionDescription(
      String(name.split(separator: ".").last ?? ""), (head ?? own).summary,
      details: head.map { $0.joined(with: own) } ?? own.details, parameters: parameters, options: options,
      returns: returns(of: function, name), body: { _ in [] })
    description.variadic = variadic
    return LuaFile.Function(name: name, anchor: anchor, description: description, line: function.line)
  }

  private func names(of function: LuaSource.Function) -> (name: String, anchor: String) {
    if function.path.isEmpty { return (source.name, source.name) }
    let owner = function.path.prefix { $0 != "." && $0 != ":" }, rest = function.path.dropFirst(owner.count)
    guard String(owner) == source.returned else { return (function.path, "\(source.name).\(function.path)") }
    let full = source.name + rest
    return (rest.hasPrefix(":") ? function.path : full, full)
  }

  private mutating func parameters(of function: LuaSource.Function, _ name: String) -> [ParameterDescription] {
    let tags = function.tags.filter { $0.kind == "param" }
    var described: [String: ParameterDescription] = [:]
    for tag in tags {
      guard let parameter = ParameterDescription(tag, classes: classes) else {
        note(tag.line, "want ---@param name type what it is, got '\(tag.text)'")
        continue
      }
      described[parameter.name] = parameter
      if !function.arguments.contains(parameter.name) {
        note(tag.line, "'\(name)' has no argument '\(parameter.name)'")
      }
    }
    return function.arguments.compactMap { argument in
      if let parameter = described[argument] { return parameter }
      note(
        function.line, "nothing says what '\(argument)' of '\(name)' is; write ---@param \(argument) type what it is")
      return nil
    }
  }

  private mutating func returns(of function: LuaSource.Function, _ name: String) -> [ReturnDescription] {
    function.tags.filter { $0.kind == "return" }.compactMap { tag in
      let result = ReturnDescription(tag, classes: classes)
      if result == nil { note(tag.line, "want ---@return type name what it is, got '\(tag.text)'") }
      return result
    }
  }

  /// Names and defaults are what the function reads; what they mean says the file itself, or the function of the same name in the
  /// library.
  private mutating func options(
    _ read: LuaOptions, of given: ParameterDescription?, _ function: LuaSource.Function
  ) -> [ParameterDescription] {
    var known = library[read.reader]?.options ?? []
    if case .options(let fields)? = given?.type.content { known = fields + known }
    return read.options.compactMap { option in
      guard let meaning = known.first(where: { $0.name == option.name }) else {
        note(function.line, "nothing says what the option '\(option.name)' is; write ---@field of a ---@class for it")
        return nil
      }
      return ParameterDescription(
        option.name, option.type ?? meaning.type, meaning.summary, default: option.defaultValue, unit: meaning.unit,
        optional: option.isOptional)
    }
  }
}
