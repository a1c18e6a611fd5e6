import LuaHost
import Ranking
import Tensors

/// What a loss does when it uses an operation that only tensors have: it starts again, with tensors.
enum TensorFallback {
  static var tensor: FunctionDescription {
    FunctionDescription(
      "tensor", "The numbers as a tensor: `[]`, `[B]` of one number a positive, `[B, N]` of one for each negative.",
      details:
        "A loss that asks for it is not compiled but computed with tensors, operation by operation, and says so once.",
      returns: [.init("tensor", .tensor, "It requires a gradient where the value does.")]
    ) { call in
      let value = call.receiver(TracedValue.self)
      return [try value.trace.tensor(of: value, for: "tensor")]
    }
  }

  /// Methods of tensors that values of a loss do not have.
  private static let names: Set<String> = {
    Set(TensorModule.type.methods.map(\.name)).subtracting(TracedOperations.all.map(\.name))
  }()

  static var index: FunctionDescription {
    FunctionDescription(
      "__index", "A method that only tensors have: the loss is then computed with tensors, see `tensor`.",
      parameters: [
        .init("self", .lossValue, "The value."), .init("name", .any, "Name of a method of Tensor."),
      ], returns: [.init("method", .function, "The method.")]
    ) { call in
      let value = try call.object("self", as: TracedValue.self)
      guard let name = call.value("name").asString else {
        throw LuaArgumentError("cannot be indexed: a value has numbers only once the loss is computed")
      }
      guard names.contains(name) else {
        let known = TracedValueBinding.methods.map(\.name) + ["tensor", "kind"]
        throw LuaArgumentError("unknown field '\(name)'\(suggestion(for: name, in: known))")
      }
      _ = try value.trace.tensor(of: value, for: name)
      return LuaResults(try method(name, call.state))
    }
  }

  /// `value:name(...)` as the tensor's method of that name.
  private static func method(_ name: String, _ state: LuaState) throws -> [LuaValue] {
    let numbers = state.makeFunction("tensor") { arguments in
      guard let value = arguments.first?.asObject(TracedValue.self) else {
        throw LuaArgumentError("self: want a LossValue; methods are called with a colon")
      }
      return [try value.trace.tensor(of: value, for: name)]
    }
    let chunk = try state.load(
      "local name, numbers = ...\nreturn function(self, ...)\n  local x = numbers(self)\n  return x[name](x, ...)\nend",
      name: "=\(name)")
    return try chunk.call(name, numbers)
  }
}
