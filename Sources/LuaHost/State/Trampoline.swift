import CLua
import CLuaShim

/// A Swift function that a Lua closure retains.
final class HostFunction {
  unowned let state: LuaState
  let plan: FunctionPlan
  let run: (LuaState, FunctionPlan) throws -> CInt

  init(state: LuaState, plan: FunctionPlan, run: @escaping (LuaState, FunctionPlan) throws -> CInt) {
    self.state = state
    self.plan = plan
    self.run = run
  }
}

/// Called by the C trampoline. Returns the count of results on the stack, or pushes an error and says how to raise it;
/// nothing is raised while a Swift frame is on the C stack.
func invokeSwift(_ lua: OpaquePointer?, _ object: UnsafeMutableRawPointer?) -> CInt {
  guard let lua, let object else { return 0 }
  let function = Unmanaged<HostFunction>.fromOpaque(object).takeUnretainedValue()
  let state = function.state
  state.checkThread()
  let previous = state.lua
  state.lua = lua
  defer { state.lua = previous }
  do {
    return try function.run(state, function.plan)
  } catch {
    return state.pushRaised(error, from: function.plan.fullName)
  }
}

func releaseSwift(_ object: UnsafeMutableRawPointer?) {
  guard let object else { return }
  Unmanaged<AnyObject>.fromOpaque(object).release()
}

func warnSwift(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?) {
  guard let context, let text else { return }
  Unmanaged<HostContext>.fromOpaque(context).takeUnretainedValue().onWarning(String(cString: text))
}

extension LuaState {
  /// Pushes what an error of a body becomes in Lua.
  fileprivate func pushRaised(_ error: any Error, from name: String) -> CInt {
    reserve(6)
    guard let error = error as? LuaError else {
      push(name.isEmpty ? "\(error)" : "\(name): \(error)")
      return CInt(HOST_RAISE_LOCATED)
    }
    // An error that came through Lua: raise that very value again, with its first traceback.
    if error.isFromLua {
      if error.id == lastErrorID { host_push_cause(lua) } else { push(error.message) }
      guard !error.traceback.isEmpty else {
        host_forget_cause(lua)
        return CInt(HOST_RAISE)
      }
      recordCause(traceback: error.traceback)
      return CInt(HOST_RAISE_AGAIN)
    }
    // Interruption, a script that cannot be read, ...: made by native code.
    push(error.kind == .interrupted ? interruption(error, in: name) : "\(name): \(error.message)")
    return CInt(HOST_RAISE_LOCATED)
  }

  /// A native loop may say where it stopped; a bare interruption says only in which function.
  private func interruption(_ error: LuaError, in name: String) -> String {
    error.message == "interrupted" ? "interrupted in \(name)" : "interrupted in \(name): \(error.message)"
  }

  /// Pushes a Lua function that runs `body` with checked arguments.
  func pushFunction(_ plan: FunctionPlan) {
    let body = plan.description.body
    let direct = plan.description.direct
    switch plan.role {
    case .method(let entry):
      pushHostFunction(plan) { state, plan in
        if let direct, let count = try state.runDirect(direct) { return count }
        return try state.runMethod(plan, of: entry, body)
      }
    default:
      pushHostFunction(plan) { state, plan in
        if let direct, let count = try state.runDirect(direct) { return count }
        let arguments = state.arguments(from: 1)
        return try state.run(plan, arguments, receiver: nil, body)
      }
    }
  }

  func runDirect(_ body: FunctionDescription.DirectBody) throws -> CInt? {
    guard let result = try body(LuaArguments(state: self)) else { return nil }
    try pushInstance(result)
    return 1
  }

  func pushHostFunction(_ plan: FunctionPlan, _ run: @escaping (LuaState, FunctionPlan) throws -> CInt) {
    reserve(4)
    let function = HostFunction(state: self, plan: plan, run: run)
    host_push_function(lua, Unmanaged.passRetained(function).toOpaque())
  }

  /// A Lua function made of a Swift closure, without a description: any arguments, any results.
  public func makeFunction(_ name: String, _ body: @escaping ([LuaValue]) throws -> LuaResults) -> LuaFunction {
    let description = FunctionDescription(name, "", body: { _ in [] })
    pushHostFunction(FunctionPlan(description, fullName: name)) { state, _ in
      try state.push(try body(state.arguments(from: 1)))
    }
    defer { host_pop(lua, 1) }
    return makeReference(at: -1)
  }

  private func runMethod(_ plan: FunctionPlan, of entry: TypeEntry, _ body: FunctionDescription.Body) throws -> CInt {
    let (content, box) = try receiver(of: plan, entry)
    let count = try run(plan, arguments(from: 2), receiver: content.payload, body)
    if content.entry.description.size != nil { updateSize(of: box) }
    return count
  }

  func receiver(
    of plan: FunctionPlan, _ entry: TypeEntry
  ) throws -> (HandleContent, UnsafeMutablePointer<host_box>) {
    if let box = box(at: 1), let content = content(of: box), content.entry === entry { return (content, box) }
    let name = entry.description.name
    guard let box = box(at: 1), handleEntry(at: 1) === entry else {
      let hint = "; methods are called with a colon, as in handle:\(plan.description.name)(...)"
      throw LuaArgumentError("self: want \(name.withArticle), got \(value(at: 1).received)\(hint)")
    }
    guard let content = content(of: box) else { throw LuaArgumentError("self: the \(name) was freed") }
    return (content, box)
  }

  func arguments(from first: CInt) -> [LuaValue] {
    let count = lua_gettop(lua)
    guard count >= first else { return [] }
    reserve(2)
    return (first...count).map { value(at: $0) }
  }

  func run(
    _ plan: FunctionPlan, _ arguments: [LuaValue], receiver: Any?, _ body: FunctionDescription.Body
  ) throws -> CInt {
    let values = try plan.bind(arguments)
    let rest = plan.description.variadic == nil ? [] : Array(arguments.dropFirst(plan.parameterCount))
    let call = LuaCall(
      state: self, plan: plan, values: values, rest: rest, receiver: receiver, isMethod: receiver != nil)
    return try withExtendedLifetime(call) { try push(try body(call)) }
  }

  func push(_ results: LuaResults) throws -> CInt {
    try makeRoom(for: results.values.count + 6)
    for value in results.values { try value.push(onto: self) }
    return CInt(results.values.count)
  }
}
