import LuaHost
import Tensors

/// `Tensor` in Lua: the functions of `perigee` that make and combine tensors, and the type with its methods and operators.
///
/// Everything that counts is counted from 1 here: axes and positions. A negative one counts from the end, -1 is the last; 0 is
/// an error. Ranges include both ends, as in Lua's `for` and `string.sub`. `TensorPositions.swift` alone translates.
enum TensorModule {
  static var functions: [FunctionDescription] {
    let files = [readNumpy, readSafetensors, writeSafetensors]
    let all =
      making.about("Tensors: making") + random.about("Tensors: random numbers") + files.about("Tensors: files")
      + elementwiseFunctions.about("Tensors: element by element") + layerFunctions.about("Tensors: layers")
      + joining.about("Tensors: joining") + gradientFunctions.about("Tensors: gradients")
    return all.map(\.namingOperationOnce)
  }

  static var type: TypeDescription {
    TypeDescription(
      Tensor.self,
      "Numbers (float32) in a grid of any rank. `==` asks whether two are the same object; `eq` compares elements. Where a "
        + "function takes a tensor it takes a parameter as well, and the users or items of a batch: their positions, from 1.",
      methods: readingMethods + ([assign] + gradientMethods).map(\.namingOperationOnce),
      fields: [
        FieldDescription("shape", .list(.integer), "The length of each axis.", get: { (t: Tensor) in t.shape }),
        FieldDescription("rank", .integer, "Number of axes.", get: { (t: Tensor) in t.rank }),
        FieldDescription("count", .integer, "Number of elements.", get: { (t: Tensor) in t.count }),
      ] + gradientFields,
      metamethods: arithmetic + indexing.map(\.namingOperationOnce),
      size: { handleBytes + $0.chargedBytes() }, describe: \.description)
  }

  /// Methods that change nothing, so that whatever stands for a tensor can have them; see `TensorSource`.
  static var readingMethods: [FunctionDescription] {
    let all =
      elementwiseMethods.about("Element by element") + comparisons.about("Comparisons") + reductions.about("Reductions")
      + alongAxis.about("Along an axis") + layerMethods.about("Layers") + views.about("Other views")
      + ordering.about("Order") + conversions.about("Conversions")
    return all.map(\.namingOperationOnce)
  }

  /// The operators, for tensors and whatever stands for one.
  static var arithmetic: [FunctionDescription] { operators.map(\.namingOperationOnce) }

  /// About what a tensor takes besides its elements: the objects, shape and strides.
  private static let handleBytes = 256
}

extension Tensor: LuaObject { public static var luaName: String { "Tensor" } }

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
