/// Ways to go on with a line of Lua.
public struct LuaCompletion: Equatable, Sendable {
  /// Where the word that the candidates replace begins: an offset in UTF-8 bytes.
  public var start: Int
  /// Whole words, sorted; files and folders behind other words.
  public var candidates: [String]
}

extension LuaState {
  /// Candidates for the end of `text`: globals and keywords, fields of tables, fields and methods of handles, names of
  /// options inside `f { ... }`, names in a string that an option allows, module names in `require "..."`.
  ///
  /// Nothing of the script runs: tables are read without metamethods, fields of handles are not asked for their value.
  public func completions(for text: String) -> LuaCompletion {
    let bytes = Array(text.utf8)
    let context = CompletionContext(bytes)
    if let string = context.openString { return completions(inString: string, context, bytes) }
    let word = context.lastWord
    let start = bytes.count - word.last.utf8.count
    if word.path.isEmpty, let options = optionNames(context) {
      return LuaCompletion(start: start, candidates: matching(options.map { $0 + " = " }, word.last))
    }
    if word.path.isEmpty {
      return LuaCompletion(start: start, candidates: matching(globalNames() + keywords, word.last))
    }
    guard let owner = resolve(word.path) else { return LuaCompletion(start: start, candidates: []) }
    return LuaCompletion(start: start, candidates: matching(members(of: owner, methodsOnly: word.isMethod), word.last))
  }

  private func matching(_ names: [String], _ prefix: String) -> [String] {
    Array(Set(names.filter { $0.hasPrefix(prefix) && (!$0.hasPrefix("_") || prefix.hasPrefix("_")) })).sorted()
  }

  // MARK: What a path refers to

  private enum Referent {
    case value(LuaValue)
    /// A value that was not asked for, of a known type.
    case instance(TypeDescription)
    case function(FunctionDescription)
  }

  private func resolve(_ path: [CompletionContext.Step]) -> Referent? {
    guard let first = path.first, let value = rawGlobal(first.name) else { return nil }
    var referent = Referent.value(value)
    for step in path.dropFirst() {
      guard let next = step.isCall ? result(of: referent) : member(step.name, of: referent) else { return nil }
      referent = next
    }
    return referent
  }

  private func rawGlobal(_ name: String) -> LuaValue? {
    rawEntry(name, of: globals)
  }

  private func rawEntry(_ name: String, of table: LuaTable) -> LuaValue? {
    guard let value = try? table.rawGet(name), !value.isNil else { return nil }
    return value
  }

  private func member(_ name: String, of referent: Referent) -> Referent? {
    switch referent {
    case .value(.table(let table)): return rawEntry(name, of: table).map { .value($0) }
    case .value(.handle(let handle)):
      return registry.byName[handle.typeName].flatMap { member(name, of: .instance($0.description)) }
    case .value(.string): return rawGlobal("string").flatMap { member(name, of: .value($0)) }
    case .instance(let type):
      if let method = type.allMethods.first(where: { $0.name == name }) { return .function(method) }
      guard let field = type.fields.first(where: { $0.name == name }) else { return nil }
      guard case .object(let typeName, _) = field.type.content else { return nil }
      return registry.byName[typeName].map { .instance($0.description) }
    default: return nil
    }
  }

  private func description(of referent: Referent) -> FunctionDescription? {
    switch referent {
    case .value(.function(let function)): plan(of: function)?.description
    case .function(let function): function
    default: nil
    }
  }

  /// What a described function returns, by its description: nothing is called.
  private func result(of referent: Referent) -> Referent? {
    guard case .object(let typeName, _)? = description(of: referent)?.returns.first?.type.content else { return nil }
    return registry.byName[typeName].map { .instance($0.description) }
  }

  private func members(of referent: Referent, methodsOnly: Bool) -> [String] {
    switch referent {
    case .value(.table(let table)):
      var names: [String] = []
      try? table.forEachEntry { key, value in
        guard let name = key.asString, name.isIdentifier else { return }
        if !methodsOnly || value.asFunction != nil { names.append(name) }
      }
      return names
    case .value(.handle(let handle)):
      guard let entry = registry.byName[handle.typeName] else { return [] }
      return members(of: .instance(entry.description), methodsOnly: methodsOnly)
    case .value(.string): return rawGlobal("string").map { members(of: .value($0), methodsOnly: true) } ?? []
    case .instance(let type): return methodsOnly ? type.allMethods.map(\.name) : type.fields.map(\.name)
    default: return []
    }
  }

  // MARK: Options

  /// The names of options that fit at the end, where that is a key of a table given to a described function.
  private func optionNames(_ context: CompletionContext) -> [String]? {
    guard context.isAtKey, let options = options(at: context) else { return nil }
    return options.map(\.name).filter { !context.keysGiven.contains($0) }
  }

  private func options(at context: CompletionContext) -> [OptionDescription]? {
    guard let call = context.optionsCall, var options = function(call.callee)?.options else { return nil }
    for key in call.nesting {
      guard let option = options.first(where: { $0.name == key }) else { return nil }
      options = option.type.nestedOptions
    }
    return options
  }

  private func function(_ callee: [CompletionContext.Step]) -> FunctionDescription? {
    resolve(callee).flatMap { description(of: $0) }
  }

  // MARK: Strings

  private func completions(
    inString string: CompletionContext.OpenString, _ context: CompletionContext, _ bytes: [UInt8]
  ) -> LuaCompletion {
    let typed = String(decoding: bytes[string.start...], as: UTF8.self)
    func closed(_ names: [String]) -> [String] {
      matching(names, typed).map { $0.hasSuffix("@") ? $0 : $0 + string.quote }
    }
    if ["require", "help"].contains(string.callee.last?.name), string.callee.count == 1 {
      let isModule = string.callee[0].name == "require"
      let names = isModule ? helpIndex.modules.values.map(\.path) : allSubjects.map(\.name)
      return LuaCompletion(start: string.start, candidates: closed(names))
    }
    guard let parameter = parameter(string, context) else { return LuaCompletion(start: string.start, candidates: []) }
    let words = closed(parameter.type.choices + (parameter.completion?.words(typed) ?? []))
    let files = parameter.completesPaths ? paths(typed, closedBy: string.quote).sorted() : []
    return LuaCompletion(start: string.start, candidates: words + files.filter { !words.contains($0) })
  }

  /// The option or argument that the string is, or stands in a list of.
  private func parameter(
    _ string: CompletionContext.OpenString, _ context: CompletionContext
  ) -> ParameterDescription? {
    if let key = context.keyBeforeValue { return options(at: context)?.first { $0.name == key } }
    guard let parameters = function(string.callee)?.parameters, parameters.indices.contains(string.argument) else {
      return nil
    }
    return parameters[string.argument]
  }
}

extension ParameterDescription {
  /// By convention a file or folder is called so wherever one is taken.
  fileprivate var completesPaths: Bool {
    completion?.paths ?? (type.acceptsStrings && ["path", "folder", "file", "checkpoint"].contains(name))
  }
}

extension LuaType {
  /// The names that a string of this type may be.
  fileprivate var choices: [String] {
    switch content {
    case .choice(let names): names
    case .list(let element, _): element.choices
    case .union(let types): types.flatMap(\.choices)
    default: []
    }
  }
}

extension String {
  var isIdentifier: Bool {
    guard let first = utf8.first, !(48...57).contains(first), !keywords.contains(self) else { return false }
    return utf8.allSatisfy(isNameByte)
  }
}

func isNameByte(_ byte: UInt8) -> Bool {
  byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
}

let keywords = [
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
  "or", "repeat", "return", "then", "true", "until", "while",
]
