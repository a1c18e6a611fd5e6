import LuaHost
import Tensors

/// `Tensor` in Lua: the functions of `perigee` that make and combine tensors, and the type with its methods and operators.
///
/// Everything that counts is counted from 1 here: axes and positions. A negative one counts from the end, -1 is the last; 0 is
/// an error. Ranges include both ends, as in Lua's `for` and `string.sub`. `TensorPositions.swift` alone translates.
enum TensorModule {
  static var functions: [FunctionDescription] {
    (making + random + [readNumpy] + elementwiseFunctions + layerFunctions + joining + gradientFunctions).map(
      \.namingOperationOnce)
  }

  static var type: TypeDescription {
    TypeDescription(
      Tensor.self,
      "Numbers (float32) in a grid of any rank. `==` asks whether two are the same object; `eq` compares elements.",
      methods: (elementwiseMethods + comparisons + reductions + alongAxis + layerMethods + views + ordering
        + conversions
        + gradientMethods)
        .map(\.namingOperationOnce),
      fields: [
        FieldDescription("shape", .list(.integer), "The length of each axis.", get: { (t: Tensor) in t.shape }),
        FieldDescription("rank", .integer, "Number of axes.", get: { (t: Tensor) in t.rank }),
        FieldDescription("count", .integer, "Number of elements.", get: { (t: Tensor) in t.count }),
      ] + gradientFields,
      metamethods: (operators + indexing).map(\.namingOperationOnce),
      size: { handleBytes + $0.chargedBytes() }, describe: \.description)
  }

  /// About what a tensor takes besides its elements: the objects, shape and strides.
  private static let handleBytes = 256
}

extension Tensor: LuaObject { public static var luaName: String { "Tensor" } }

extension LuaType {
  static var tensor: LuaType { .object(Tensor.self) }
  /// What takes part in arithmetic.
  static var operand: LuaType { .tensor.or(.real) }
  static var shape: LuaType { .integer(atLeast: 0).or(.list(.integer(atLeast: 0))) }
}

extension LuaCall {
  /// A tensor, or a number as a tensor of rank 0.
  func operand(_ name: String) throws -> Tensor {
    try optionalObject(name, as: Tensor.self) ?? Tensor(float(name))
  }

  var tensor: Tensor { receiver(Tensor.self) }
}

extension FunctionDescription {
  /// The function's own name stands in front of every message, so that of the operation within would say it twice.
  var namingOperationOnce: FunctionDescription {
    var result = self
    let body = body
    result.body = { call in
      do { return try body(call) } catch let error as TensorError { throw LuaArgumentError(error.problem) }
    }
    return result
  }
}
