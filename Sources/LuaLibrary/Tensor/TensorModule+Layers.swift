import LuaHost
import Tensors

// What models are made of besides arithmetic. Each is there as a function, which takes the tensor first
// (`perigee.dropout(x, { ... })`), and as a method (`x:dropout { ... }`).

extension TensorModule {
  private static var result: [ReturnDescription] { [.init("tensor", .tensor, "A new tensor.")] }

  /// A function and the method of the same name.
  private struct Layer {
    let description: FunctionDescription
    let apply: (Tensor, LuaCall) throws -> Tensor

    init(
      _ name: String, _ summary: String, details: String? = nil, source: String? = nil, example: String? = nil,
      parameters: [ParameterDescription] = [], options: [OptionDescription] = [],
      apply: @escaping (Tensor, LuaCall) throws -> Tensor
    ) {
      description = FunctionDescription(
        name, summary, details: details, source: source, example: example, parameters: parameters, options: options,
        returns: TensorModule.result
      ) { _ in [] }
      self.apply = apply
    }

    var function: FunctionDescription {
      var result = description
      let apply = apply
      result.parameters.insert(.init("x", .anyTensor, "The tensor."), at: 0)
      result.body = { call in [try apply(call.tensor("x"), call)] }
      return result
    }

    var method: FunctionDescription {
      var result = description
      let apply = apply
      result.body = { call in [try apply(call.tensor, call)] }
      return result
    }
  }

  static var layerFunctions: [FunctionDescription] { layers.map(\.function) + [straightThrough] }
  static var layerMethods: [FunctionDescription] { layers.map(\.method) }

  private static var layers: [Layer] {
    [leakyRelu, dropout, normalize, cumulativeSum, segments("sum"), segments("mean")]
  }

  private static var leakyRelu: Layer {
    Layer(
      "leaky_relu", "x where it is positive, else slope * x.",
      parameters: [.init("slope", .number, "Factor of what is negative.", default: 0.01)]
    ) { x, call in try x.leakyRelu(slope: call.float("slope")) }
  }

  private static var dropout: Layer {
    Layer(
      "dropout", "Each element is 0 with probability `rate`, else divided by 1 - rate.",
      details: "Which ones depends on the seed, the position and the element's place, and on nothing else.",
      example: "perigee.dropout(x, { rate = 0.1, seed = 7, position = step })   x:dropout { rate = 0.1, seed = 7 }",
      options: [
        .init("rate", .number(in: 0..<1), "Probability that an element is dropped."),
        .init("seed", .integer(atLeast: 0), "The same seed and position drop the same elements."),
        .init("position", .integer, "A further coordinate of the random numbers, such as the step.", default: 0),
      ]
    ) { x, call in
      try x.dropout(call.float("rate"), seed: UInt64(call.integer("seed")), position: call.integer("position"))
    }
  }

  private static var normalize: Layer {
    Layer(
      "normalize", "x / max(norm of x, floor) along an axis: rows of length 1.",
      parameters: [.init("axis", .integer, "Along which the length is taken.", default: -1)],
      options: [.init("floor", .number(above: 0), "The least that is divided by.", default: 1e-12)]
    ) { x, call in try x.normalized(axis: call.requiredAxis("axis", of: x), floor: call.float("floor")) }
  }

  private static var cumulativeSum: Layer {
    Layer(
      "cumsum", "Running sums along an axis: element i is the sum of the elements up to i.",
      parameters: [.init("axis", .integer, "Along which.", default: -1)]
    ) { x, call in try x.cumulativeSum(axis: call.requiredAxis("axis", of: x)) }
  }

  private static func segments(_ kind: String) -> Layer {
    Layer(
      "segment_\(kind)",
      "For each segment the \(kind) of the rows (positions of the first axis) that belong to it; 0 where there are none.",
      example: "perigee.segment_\(kind)(perigee.tensor { 1, 2, 3 }, { 2, 1, 2 }, 2)   -- "
        + (kind == "sum" ? "{ 2, 4 }" : "{ 2, 2 }"),
      parameters: [
        .init("segments", .positions, "For each row its segment, from 1."),
        .init("count", .integer(atLeast: 0), "Number of segments."),
      ]
    ) { x, call in
      let count = try call.integer("count")
      let segments = try call.positions("segments", length: count, of: "the segments", fromEnd: false)
      guard x.rank > 0, x.shape[0] == segments.count else {
        throw call.error("segments", "\(segments.count) segments for shape \(x.shape); want one for each row")
      }
      return try kind == "sum"
        ? Tensor.segmentSum(x, segments: segments, count: count)
        : Tensor.segmentMean(x, segments: segments, count: count)
    }
  }

  private static var straightThrough: FunctionDescription {
    FunctionDescription(
      "straight_through", "The elements of `hard`; the gradient goes to `soft`, as if that were returned.",
      source: "Bengio, Leonard and Courville, 2013, section 4",
      example: "local p = x:sigmoid()   local choice = perigee.straight_through(p:gt(0.5), p)",
      parameters: [
        .init("hard", .anyTensor, "The value."), .init("soft", .anyTensor, "Receives the gradient; of the same shape."),
      ], returns: result
    ) { call in [try Tensor.straightThrough(call.tensor("hard"), call.tensor("soft"))] }
  }
}
