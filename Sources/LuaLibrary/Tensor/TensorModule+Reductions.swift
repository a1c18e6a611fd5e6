import LuaHost
import Tensors

// What brings the elements along axes together.

extension TensorModule {
  private static var result: [ReturnDescription] {
    [.init("tensor", .tensor, "A new tensor; of rank 0 where no axis is left.")]
  }
  private static var axes: ParameterDescription {
    .init(
      "axis", .integer.or(.list(.integer)), "The axis or axes that go; all of them if it is left out.", optional: true)
  }
  private static var oneAxis: ParameterDescription {
    .init("axis", .integer, "The axis that goes; if it is left out, all are seen as one.", optional: true)
  }
  private static var lastAxis: ParameterDescription { .init("axis", .integer, "Along which.", default: -1) }
  private static var keep: OptionDescription {
    .init("keep", .boolean, "Whether the axes stay with length 1, so that the result broadcasts.", default: false)
  }

  private typealias Reduce = (Tensor, LuaCall, [Int]?, Bool) throws -> Tensor

  private static func reduction(
    _ name: String, _ summary: String, options: [OptionDescription] = [], example: String? = nil,
    _ apply: @escaping Reduce
  ) -> FunctionDescription {
    FunctionDescription(name, summary, example: example, parameters: [axes], options: [keep] + options, returns: result)
    {
      call in
      let tensor = try call.tensor
      return [try apply(tensor, call, call.axes("axis", of: tensor), call.boolean("keep"))]
    }
  }

  static var reductions: [FunctionDescription] {
    let correction = OptionDescription(
      "correction", .integer(atLeast: 0), "Divided by n - correction: 0 for the population's, 1 for the sample's.",
      default: 0)
    let order = OptionDescription(
      "order", .real, "1: sum of |x|. 2: root of the sum of squares. math.huge: the largest |x|.", default: 2)
    return [
      reduction(
        "sum", "The sum, accumulated in float64; 0 of no elements.",
        example: "x:sum()   x:sum(1)   x:sum({ 1, 2 }, { keep = true })"
      ) { try $0.sum(axes: $2, keepingAxes: $3) },
      reduction("mean", "The mean; of no elements an error.") { try $0.mean(axes: $2, keepingAxes: $3) },
      reduction("prod", "The product; 1 of no elements.") { try $0.product(axes: $2, keepingAxes: $3) },
      reduction("min", "The smallest element; NaN where there is one. Of no elements an error.") {
        try $0.minimum(axes: $2, keepingAxes: $3)
      },
      reduction("max", "The largest element; NaN where there is one. Of no elements an error.") {
        try $0.maximum(axes: $2, keepingAxes: $3)
      },
      reduction(
        "variance", "Mean squared distance from the mean; an error unless there are more elements than `correction`.",
        options: [correction]
      ) { x, call, axes, keep in
        try x.variance(axes: axes, correction: call.integer("correction"), keepingAxes: keep)
      },
      reduction("std", "Standard deviation, the root of the variance.", options: [correction]) { x, call, axes, keep in
        try x.standardDeviation(axes: axes, correction: call.integer("correction"), keepingAxes: keep)
      },
      reduction("norm", "Length as a vector; 0 of no elements.", options: [order]) { x, call, axes, keep in
        try x.norm(axes: axes, order: call.float("order"), keepingAxes: keep)
      },
      extreme("argmin", "smallest") { try $0.argumentOfMinimum(axis: $1, keepingAxes: $2) },
      extreme("argmax", "largest") { try $0.argumentOfMaximum(axis: $1, keepingAxes: $2) },
    ]
  }

  private static func extreme(
    _ name: String, _ kind: String, _ apply: @escaping (Tensor, Int?, Bool) throws -> Tensor
  ) -> FunctionDescription {
    FunctionDescription(
      name, "Position, from 1, of the \(kind) element; of the first among equals.", parameters: [oneAxis],
      options: [keep],
      returns: result
    ) { call in
      let tensor = try call.tensor
      return [try apply(tensor, call.axis("axis", of: tensor), call.boolean("keep")) + 1]
    }
  }

  // MARK: Along one axis

  static var alongAxis: [FunctionDescription] {
    [
      FunctionDescription(
        "logsumexp", "log of the sum of exp(x), exact for large values.", parameters: [lastAxis], options: [keep],
        returns: result
      ) { call in
        let tensor = try call.tensor
        return [try tensor.logSumExp(axis: call.requiredAxis("axis", of: tensor), keepingAxes: call.boolean("keep"))]
      },
      FunctionDescription(
        "softmax", "exp(x) divided by its sum.", parameters: [lastAxis],
        returns: [.init("tensor", .tensor, "Of the same shape.")]
      ) { call in
        let tensor = try call.tensor
        return [try tensor.softmax(axis: call.requiredAxis("axis", of: tensor))]
      },
      FunctionDescription(
        "logsoftmax", "The logarithm of softmax, exact for large values.", parameters: [lastAxis],
        returns: [.init("tensor", .tensor, "Of the same shape.")]
      ) { call in
        let tensor = try call.tensor
        return [try tensor.logSoftmax(axis: call.requiredAxis("axis", of: tensor))]
      },
    ]
  }

  static var ordering: [FunctionDescription] {
    let descending = OptionDescription("descending", .boolean, "Whether the largest comes first.", default: false)
    return [
      FunctionDescription(
        "sort", "The elements along an axis in order; NaN comes last.", parameters: [lastAxis], options: [descending],
        returns: [.init("sorted", .tensor, "Of the same shape.")]
      ) { call in
        let tensor = try call.tensor
        let axis = try call.requiredAxis("axis", of: tensor)
        return [try tensor.sorted(axis: axis, descending: call.boolean("descending"))]
      },
      FunctionDescription(
        "argsort", "The positions, from 1, of the elements in order; equal ones keep theirs.", parameters: [lastAxis],
        options: [descending], returns: [.init("positions", .tensor, "Of the same shape.")]
      ) { call in
        let tensor = try call.tensor
        let axis = try call.requiredAxis("axis", of: tensor)
        return [try tensor.argumentsInOrder(axis: axis, descending: call.boolean("descending")) + 1]
      },
      topk,
    ]
  }

  private static var topk: FunctionDescription {
    FunctionDescription(
      "topk", "The k largest (or smallest) elements along an axis, best first.",
      example: "local values, positions = x:topk(20)",
      parameters: [.init("k", .integer(atLeast: 0), "How many."), lastAxis],
      options: [.init("largest", .boolean, "false for the smallest.", default: true)],
      returns: [.init("values", .tensor, "The elements."), .init("positions", .tensor, "Where they are, from 1.")]
    ) { call in
      let tensor = try call.tensor
      let axis = try call.requiredAxis("axis", of: tensor)
      let k = try call.integer("k")
      guard k <= tensor.shape[axis] else {
        throw call.error(
          "k", "want at most \(tensor.shape[axis]), the length of axis \(axis + 1) of shape \(tensor.shape), got \(k)")
      }
      let top = try tensor.top(k, axis: axis, largest: call.boolean("largest"))
      return [top.values, try top.positions + 1]
    }
  }
}
