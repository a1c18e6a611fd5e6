import LuaHost
import Tensors

// The same elements through another shape, parts of a tensor, and tensors put together.

extension TensorModule {
  private static var view: [ReturnDescription] {
    [.init("view", .tensor, "Sees the same elements: a write to one shows in the other.")]
  }
  private static var result: [ReturnDescription] { [.init("tensor", .tensor, "A new tensor.")] }

  static var views: [FunctionDescription] {
    [reshape, flatten, transpose, permute, expand, unsqueeze, squeeze, slice, gather, matmulMethod]
  }

  private static var reshape: FunctionDescription {
    FunctionDescription(
      "reshape", "The elements in row-major order in another shape. A copy where no view can show them so.",
      example: "x:reshape { 2, -1 }",
      parameters: [
        .init(
          "shape", .integer(atLeast: -1).or(.list(.integer(atLeast: -1))),
          "The new lengths; one may be -1 and is computed.")
      ], returns: view
    ) { call in [try call.tensor.reshaped(call.integers("shape"))] }
  }

  private static var flatten: FunctionDescription {
    FunctionDescription("flatten", "All elements on one axis.", returns: view) { call in [try call.tensor.flattened()] }
  }

  private static var transpose: FunctionDescription {
    FunctionDescription(
      "transpose", "Two axes exchanged; of a matrix, its transpose.",
      parameters: [
        .init("first", .integer, "One axis.", default: -2), .init("second", .integer, "The other.", default: -1),
      ], returns: view
    ) { call in
      let tensor = try call.tensor
      return [
        try tensor.transposed(call.requiredAxis("first", of: tensor), call.requiredAxis("second", of: tensor))
      ]
    }
  }

  private static var permute: FunctionDescription {
    FunctionDescription(
      "permute", "The axes in another order.", example: "x:permute { 3, 1, 2 }   -- the last axis comes first",
      parameters: [.init("axes", .list(.integer), "Each axis once.")], returns: view
    ) { call in
      let tensor = try call.tensor
      let axes = try call.axes("axes", of: tensor) ?? []
      guard axes.count == tensor.rank else {
        throw call.error("axes", "got \(axes.count) axes for shape \(tensor.shape); want each axis once")
      }
      return [try tensor.permuted(axes)]
    }
  }

  private static var expand: FunctionDescription {
    FunctionDescription(
      "expand", "Axes of length 1 (or missing in front) stretched, without copying.",
      parameters: [.init("shape", .shape, "The new lengths.")], returns: view
    ) { call in [try call.tensor.expanded(call.integers("shape"))] }
  }

  private static var unsqueeze: FunctionDescription {
    FunctionDescription(
      "unsqueeze", "With a new axis of length 1.",
      parameters: [.init("axis", .integer, "The place that it takes; rank + 1 or -1 is the end.")], returns: view
    ) { call in
      let tensor = try call.tensor
      return [
        try tensor.insertingAxis(call.axis(call.integer("axis"), "axis", rank: tensor.rank + 1, shape: tensor.shape))
      ]
    }
  }

  private static var squeeze: FunctionDescription {
    FunctionDescription(
      "squeeze", "Without the axes of length 1, or without the one that is named.",
      parameters: [.init("axis", .integer, "An axis of length 1.", optional: true)], returns: view
    ) { call in
      let tensor = try call.tensor
      let axis = try call.axis("axis", of: tensor)
      if let axis, tensor.shape[axis] != 1 {
        throw call.error("axis", "axis \(axis + 1) of shape \(tensor.shape) has length \(tensor.shape[axis]); want 1")
      }
      return [try tensor.removingAxis(axis)]
    }
  }

  private static var slice: FunctionDescription {
    FunctionDescription(
      "slice", "A part of each axis; axes that are not mentioned are taken whole.",
      details: "Positions count from 1, or from -1 backwards from the end; `{ from, to }` includes both.",
      example: "x:slice { 2 }   x:slice { {}, { 1, 3 } }   x:slice { { -1, 1, -1 } }   -- the last is x backwards",
      parameters: [
        .init(
          "ranges", .list(.integer.or(.list(.integer))),
          "For each axis a position (the axis goes), `{ from, to }`, `{ from, to, step }` or `{}` for all.")
      ], returns: view
    ) { call in
      let tensor = try call.tensor
      return [try tensor.slice(call.slices("ranges", of: tensor))]
    }
  }

  private static var gather: FunctionDescription {
    FunctionDescription(
      "gather", "Chosen rows (positions of the first axis), in that order and as often as they are named.",
      example: "x:gather { 3, 1, 1 }",
      parameters: [.init("positions", .positions, "From 1; negative ones count from the end.")],
      returns: result
    ) { call in
      let tensor = try call.tensor
      guard tensor.rank > 0 else { throw call.error("self", "a tensor of rank 0 has no rows") }
      let rows = try call.positions("positions", length: tensor.shape[0], of: "axis 1 of shape \(tensor.shape)")
      return [try tensor.gather(rows)]
    }
  }

  // MARK: Together

  static var joining: [FunctionDescription] { [concatenate, stack, matmul] }

  private static var concatenate: FunctionDescription {
    FunctionDescription(
      "concatenate", "Tensors one after another along an axis; their other axes are equal.",
      example: "perigee.concatenate({ a, b }, 2)",
      parameters: [
        .init("parts", .list(.anyTensor), "At least one."), .init("axis", .integer, "Along which.", default: 1),
      ], returns: result
    ) { call in
      let parts = try call.tensors("parts")
      guard let first = parts.first else { throw call.error("parts", "is empty; want at least one tensor") }
      let axis = try call.requiredAxis("axis", of: first)
      do {
        return [try Tensor.concatenate(parts, axis: axis)]
      } catch TensorError.shapes(let operation, let left, let right, _) {
        throw TensorError.shapes(
          operation: operation, left: left, right: right, wanted: "equal lengths except on axis \(axis + 1)")
      }
    }
  }

  private static var stack: FunctionDescription {
    FunctionDescription(
      "stack", "Tensors of one shape beside each other on a new axis.",
      parameters: [
        .init("parts", .list(.anyTensor), "At least one."),
        .init("axis", .integer, "The place of the new axis.", default: 1),
      ], returns: result
    ) { call in
      let parts = try call.tensors("parts")
      guard let first = parts.first else { throw call.error("parts", "is empty; want at least one tensor") }
      let axis = try call.axis(call.integer("axis"), "axis", rank: first.rank + 1, shape: first.shape)
      return [try Tensor.stack(parts, axis: axis)]
    }
  }

  private static let matmulSummary = "The matrix product of the last two axes; axes before them broadcast."

  private static var matmul: FunctionDescription {
    FunctionDescription(
      "matmul", matmulSummary,
      parameters: [
        .init("left", .anyTensor, "`[..., n, m]`, or `[m]`."), .init("right", .anyTensor, "`[..., m, p]`, or `[m]`."),
      ],
      returns: result
    ) { call in [try call.tensor("left").matrixProduct(call.tensor("right"))] }
  }

  private static var matmulMethod: FunctionDescription {
    FunctionDescription(
      "matmul", matmulSummary, parameters: [.init("right", .anyTensor, "`[..., m, p]`, or `[m]`.")], returns: result
    ) { call in [try call.tensor.matrixProduct(call.tensor("right"))] }
  }
}
