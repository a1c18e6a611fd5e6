import CLua
import CLuaShim
import Platform

extension LuaState {
  /// Makes a module and its inner modules available to `require`: `require "perigee"`, `require "perigee.losses"`. Nothing
  /// global is defined. Returns the table of the module.
  @discardableResult
  public func install(_ module: ModuleDescription) throws -> LuaTable {
    let table = try makeModule(module, path: module.name)
    helpIndex.roots.append(module)
    return table
  }

  private func makeModule(_ module: ModuleDescription, path: String) throws -> LuaTable {
    let table = makeTable()
    for type in module.types { try register(type, path: path) }
    for function in module.functions {
      let plan = FunctionPlan(function, fullName: path + "." + function.name)
      try table.set(function.name, makeDescribed(plan))
    }
    for constant in module.constants { try table.set(constant.name, constant.value) }
    for inner in module.modules { try table.set(inner.name, try makeModule(inner, path: path + "." + inner.name)) }
    if let address = table.address { helpIndex.modules[address] = (path, module) }
    helpIndex.tables.append(table)
    try completeModule(table, module, path: path)
    try setLoaded(table, name: path)
    return table
  }

  func makeDescribed(_ plan: FunctionPlan) -> LuaFunction {
    pushFunction(plan)
    defer { host_pop(lua, 1) }
    return makeReference(at: -1)
  }

  /// `package.loaded[name] = table`: tracebacks then name the functions in full.
  private func setLoaded(_ table: LuaTable, name: String) throws {
    guard let package = try globals.get("package").asTable else { return }
    try package.get("loaded").asTable?.set(name, table)
  }

  /// Makes a type known without a module, for example in a test.
  public func register(_ type: TypeDescription) throws { try register(type, path: "") }

  private func register(_ type: TypeDescription, path: String) throws {
    guard !registry.contains(type) else { return }
    reserve(16)
    let top = lua_gettop(lua)
    defer { lua_settop(lua, top) }
    // The entry is needed by the methods, the metatable's key by the entry: reserve the key first.
    lua_createtable(lua, 0, 0)
    let key = luaL_ref(lua, host_registry_index())
    let entry = TypeEntry(
      description: type, metatable: key, fullName: path.isEmpty ? type.name : path + "." + type.name)
    pushMethods(of: entry)
    pushGetters(of: entry)
    pushSetters(of: entry)
    pushFallbacks(of: entry)
    host_push_metatable(lua, type.name)
    pushMetamethods(of: entry)
    guard let address = lua_topointer(lua, -1) else { return }
    lua_rawseti(lua, host_registry_index(), lua_Integer(key))
    registry.add(entry, metatable: address)
  }

  private func pushMethods(of entry: TypeEntry) {
    lua_createtable(lua, 0, 0)
    for method in entry.description.allMethods where method.name != freeName {
      pushFunction(FunctionPlan(method, fullName: entry.description.name + ":" + method.name, role: .method(entry)))
      host_raw_set_string(lua, -2, method.name)
    }
    let free = FunctionPlan(freeDescription, fullName: entry.description.name + ":" + freeName, role: .method(entry))
    pushHostFunction(free) { state, plan in
      guard let box = state.box(at: 1), state.handleEntry(at: 1) === entry else {
        throw LuaArgumentError("self: want \(entry.description.name.withArticle), got \(state.value(at: 1).received)")
      }
      _ = try plan.bind(state.arguments(from: 2))
      state.free(box)
      return 0
    }
    host_raw_set_string(lua, -2, freeName)
  }

  private func pushGetters(of entry: TypeEntry) {
    lua_createtable(lua, 0, 0)
    for field in entry.description.fields {
      let description = FunctionDescription(field.name, field.summary, body: { _ in [] })
      let plan = FunctionPlan(description, fullName: entry.description.name + "." + field.name, role: .method(entry))
      pushHostFunction(plan) { state, plan in
        let (content, _) = try state.receiver(of: plan, entry)
        return try state.push([try field.read(content.payload)])
      }
      host_raw_set_string(lua, -2, field.name)
    }
  }

  private func pushSetters(of entry: TypeEntry) {
    lua_createtable(lua, 0, 0)
    for field in entry.description.fields {
      let parameter = ParameterDescription(field.name, field.type, field.summary)
      let description = FunctionDescription(field.name, field.summary, parameters: [parameter], body: { _ in [] })
      let name = entry.description.name + "." + field.name
      let plan = FunctionPlan(description, fullName: name, role: .method(entry))
      pushHostFunction(plan) { state, plan in
        let (content, box) = try state.receiver(of: plan, entry)
        guard let set = field.write else { throw LuaArgumentError("this field cannot be assigned") }
        let value = state.value(at: 2)
        guard let checked = field.type.matching(value) else {
          throw LuaArgumentError(field.type.mismatch(with: value))
        }
        let call = LuaCall(state: state, plan: plan, values: [checked], rest: [], receiver: content.payload)
        try set(content.payload, call)
        if content.entry.description.size != nil { state.updateSize(of: box) }
        return 0
      }
      host_raw_set_string(lua, -2, field.name)
    }
  }

  /// What happens with keys that are neither method nor field: the type's own `__index`, or an error that suggests.
  private func pushFallbacks(of entry: TypeEntry) {
    let type = entry.description
    lua_createtable(lua, 0, 2)
    if let index = type.metamethods.first(where: { $0.name == "__index" }) {
      pushFallback(index, entry)
    } else {
      pushUnknown(entry, "__index", known: type.allMethods.map(\.name) + type.fields.map(\.name))
    }
    host_raw_set_string(lua, -2, "index")
    if let assign = type.metamethods.first(where: { $0.name == "__newindex" }) {
      pushFallback(assign, entry)
    } else {
      pushUnknown(entry, "__newindex", known: type.fields.filter(\.isAssignable).map(\.name))
    }
    host_raw_set_string(lua, -2, "newindex")
  }

  /// A key that is a string is a misspelt field, also for a type that is indexed by position.
  private func pushFallback(_ description: FunctionDescription, _ entry: TypeEntry) {
    let type = entry.description
    let acceptsNames = description.parameters.dropFirst().first?.type.acceptsStrings ?? true
    let known = type.allMethods.map(\.name) + type.fields.map(\.name)
    let plan = FunctionPlan(description, fullName: type.name, role: .metamethod)
    pushHostFunction(plan) { state, plan in
      if let direct = description.direct, let count = try state.runDirect(direct) { return count }
      let arguments = state.arguments(from: 1)
      if !acceptsNames, arguments.count > 1, let name = arguments[1].asString {
        throw LuaArgumentError("unknown field '\(shown(name))'\(suggestion(for: name, in: known))")
      }
      return try state.run(plan, arguments, receiver: nil, plan.description.body)
    }
  }

  private func pushUnknown(_ entry: TypeEntry, _ name: String, known: [String]) {
    let description = FunctionDescription(name, "", body: { _ in [] })
    let plan = FunctionPlan(description, fullName: entry.description.name, role: .metamethod)
    let fields = Set(entry.description.fields.map(\.name))
    pushHostFunction(plan) { state, _ in
      let key = state.value(at: 2)
      guard let name = key.asString else { throw LuaArgumentError("cannot be indexed with \(key.received)") }
      if fields.contains(name) { throw LuaArgumentError("the field '\(name)' cannot be assigned") }
      throw LuaArgumentError("unknown field '\(shown(name))'\(suggestion(for: name, in: known))")
    }
  }

  /// The operators, and `__tostring`.
  private func pushMetamethods(of entry: TypeEntry) {
    let type = entry.description
    for description in type.metamethods where description.name != "__index" && description.name != "__newindex" {
      let plan = FunctionPlan(
        description, fullName: "\(type.name) '\(operatorText(description.name))'", role: .metamethod)
      pushFunction(plan)
      host_raw_set_string(lua, -2, description.name)
    }
    guard !type.metamethods.contains(where: { $0.name == "__tostring" }) else { return }
    let description = FunctionDescription("__tostring", "", body: { _ in [] })
    pushHostFunction(FunctionPlan(description, fullName: "tostring", role: .metamethod)) { state, _ in
      guard let box = state.box(at: 1) else { throw LuaArgumentError("want \(type.name.withArticle)") }
      guard let content = state.content(of: box) else { return try state.push(["\(type.name)(freed)"]) }
      return try state.push([type.describe(content.payload)])
    }
    host_raw_set_string(lua, -2, "__tostring")
  }
}

let freeName = "free"

private var freeDescription: FunctionDescription {
  FunctionDescription(
    freeName, "Releases the native memory now; the handle cannot be used afterwards.",
    details: "Lua's collector does this by itself; a `local x <close> = ...` variable does it at the end of its block.",
    body: { _ in [] })
}

extension TypeDescription {
  /// The described methods, and `free` that every type has.
  var allMethods: [FunctionDescription] {
    methods.contains { $0.name == freeName } ? methods : methods + [freeDescription]
  }
}

extension LuaType {
  var acceptsStrings: Bool {
    switch content {
    case .any, .string, .choice: true
    case .union(let types): types.contains(where: \.acceptsStrings)
    default: false
    }
  }
}

extension LuaDefault: LuaConvertible {
  public func push(onto state: LuaState) throws {
    switch self {
    case .list(let elements): try elements.push(onto: state)
    default: state.push(scalar ?? .nil) as Void
    }
  }
}

/// How an operator is written: `+` for `__add`.
func operatorText(_ metamethod: String) -> String {
  let texts = [
    "__add": "+", "__sub": "-", "__mul": "*", "__div": "/", "__mod": "%", "__pow": "^", "__unm": "-", "__idiv": "//",
    "__concat": "..", "__len": "#", "__eq": "==", "__lt": "<", "__le": "<=", "__call": "()", "__index": "[]",
    "__newindex": "[]=",
  ]
  return texts[metamethod] ?? metamethod
}
