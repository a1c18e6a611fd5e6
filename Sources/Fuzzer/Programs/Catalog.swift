import LuaHost

/// All that the descriptions describe, ordered for a generator of programs.
struct Catalog {
  /// The members of one module or type each, from which programs choose.
  let groups: [[Callable]]
  let callables: [Callable]
  /// The members of a type, by its name in lower case.
  let members: [String: [Callable]]
  /// What returns a handle, by what the handle can be used for.
  let producers: [String: [Callable]]
  /// What calls a function back with a value of a type.
  let contexts: [String: [Callable]]
  /// The strings of the examples: names of axes, metrics and data sets.
  let words: [String]

  /// - Parameter only: What programs choose has this in its name; they may need more to get there.
  init(_ module: ModuleDescription, only: String? = nil) {
    var groups: [[Callable]] = []
    Self.collect(module, path: module.name, into: &groups)
    self.groups = Self.balanced(groups.map { $0.filter { only == nil || $0.label.contains(only!) } })
    callables = groups.flatMap { $0 }
    members = Dictionary(grouping: callables.filter { $0.owner != nil }) { $0.owner!.lowercased() }
    var producers: [String: [Callable]] = [:]
    for callable in callables {
      // What a method of a type returns is of use, but it brings no first one of that type into being.
      for tag in callable.tags(ofResult: 0) where callable.owner?.lowercased() != tag {
        producers[tag, default: []].append(callable)
      }
    }
    self.producers = producers
    contexts = Self.contexts(callables, producers)
    words = Self.words(callables)
  }

  /// Small groups together are one: programs choose a group first, and there is a type for every loss.
  private static func balanced(_ groups: [[Callable]]) -> [[Callable]] {
    let small = groups.filter { $0.count < 8 }.flatMap { $0 }
    return (groups.filter { $0.count >= 8 } + [small]).filter { !$0.isEmpty }
  }

  private static func collect(_ module: ModuleDescription, path: String, into groups: inout [[Callable]]) {
    groups.append(
      module.functions.map {
        Callable(form: .function, label: "\(path).\($0.name)", owner: nil, description: $0)
      })
    for type in module.types { groups.append(members(of: type)) }
    for inner in module.modules { collect(inner, path: "\(path).\(inner.name)", into: &groups) }
  }

  private static func members(of type: TypeDescription) -> [Callable] {
    var result = type.methods.map {
      Callable(form: .method, label: "\(type.name):\($0.name)", owner: type.name, description: $0)
    }
    result += type.metamethods.map {
      Callable(form: .metamethod, label: "\(type.name).\($0.name)", owner: type.name, description: $0)
    }
    for field in type.fields {
      let read = FunctionDescription(
        field.name, field.summary, returns: [ReturnDescription(field.name, field.type, field.summary)],
        body: { _ in [] })
      let label = "\(type.name).\(field.name)"
      result.append(Callable(form: .read, label: label, owner: type.name, description: read))
      guard field.isAssignable else { continue }
      let value = ParameterDescription(field.name, field.type, field.summary)
      let write = FunctionDescription(field.name, field.summary, parameters: [value], body: { _ in [] })
      result.append(Callable(form: .assignment, label: label + " =", owner: type.name, description: write))
    }
    return result
  }

  /// A type is met in a callback where the callback is given one, or something that has one.
  private static func contexts(
    _ callables: [Callable], _ producers: [String: [Callable]]
  ) -> [String: [Callable]] {
    var result: [String: [Callable]] = [:]
    for callable in callables {
      let types = (callable.description.parameters + callable.description.options).map(\.type)
      for tag in Set(types.flatMap(\.signatures).flatMap(\.parameters)) { result[tag, default: []].append(callable) }
    }
    let given = result
    for tag in producers.keys where given[tag] == nil {
      let owners = producers[tag]!.compactMap { $0.owner?.lowercased() }
      if let context = owners.lazy.compactMap({ given[$0] }).first { result[tag] = context }
    }
    return result
  }

  private static func words(_ callables: [Callable]) -> [String] {
    var words: Set<String> = []
    for example in callables.compactMap(\.description.example) {
      let parts = example.split(separator: "\"", omittingEmptySubsequences: false)
      for part in stride(from: 1, to: parts.count, by: 2) where !parts[part].contains("\n") {
        words.insert(String(parts[part]))
      }
    }
    return words.filter { !$0.contains("/") }.sorted()
  }
}
