import LuaHost
import Tensors

// Functions of `perigee` that make tensors out of numbers.

extension TensorModule {
  private static var result: [ReturnDescription] { [.init("tensor", .tensor, "A new tensor.")] }
  private static var shape: ParameterDescription { .init("shape", .shape, "Lengths of the axes, `{}` for one number.") }

  static var making: [FunctionDescription] { [tensor, zeros, ones, full, arange, linspace, eye, oneHot] }

  private static var tensor: FunctionDescription {
    FunctionDescription(
      "tensor", "A tensor from a number, a nested table of numbers, or a copy of a tensor.",
      example: "local x = perigee.tensor { { 1, 2, 3 }, { 4, 5, 6 } }   -- shape 2, 3",
      parameters: [.init("data", .real.or(.table).or(.anyTensor), "The numbers; inner tables have equal lengths.")],
      returns: result
    ) { call in [try call.optionalTensor("data")?.copy() ?? TensorTables.tensor(from: call.value("data"), name: "data")]
    }
  }

  private static var zeros: FunctionDescription {
    FunctionDescription(
      "zeros", "A tensor of zeros.", example: "perigee.zeros { 2, 3 }", parameters: [shape], returns: result
    ) { call in [try Tensor.zeros(call.integers("shape"))] }
  }

  private static var ones: FunctionDescription {
    FunctionDescription("ones", "A tensor of ones.", parameters: [shape], returns: result) { call in
      [try Tensor.ones(call.integers("shape"))]
    }
  }

  private static var full: FunctionDescription {
    FunctionDescription(
      "full", "A tensor with one value everywhere.", parameters: [shape, .init("value", .real, "Of each element.")],
      returns: result
    ) { call in [try Tensor.full(call.integers("shape"), call.float("value"))] }
  }

  private static var arange: FunctionDescription {
    FunctionDescription(
      "arange", "The numbers that a loop `for i = from, to, step` visits; with one argument 1, 2, ... up to it.",
      details: "`to` is included where a step lands on it; rounding of the steps does not lose it.",
      example: "perigee.arange(4)            -- 1 2 3 4\nperigee.arange(0, 1, 0.25)   -- 0 0.25 0.5 0.75 1",
      parameters: [
        .init("from", .number, "The first number; the last one if it is the only argument."),
        .init("to", .number, "The last number.", optional: true), .init("step", .number, "The distance.", default: 1),
      ], returns: result
    ) { call in
      let only = call.optionalNumber("to") == nil
      let from = only ? 1 : try call.number("from")
      let to = try only ? call.number("from") : call.number("to")
      let step = try call.number("step")
      guard step != 0 else { throw call.error("step", "is 0") }
      let steps = (to - from) / step
      guard steps < 0x1p48 else { throw call.error("to", "\(steps) elements are too many") }
      let count = max(0, (steps + 1e-9 * max(1, steps)).rounded(.down) + 1)
      return [try Tensor.arange(from: from, to: from + (count - 0.5) * step, by: step)]
    }
  }

  private static var linspace: FunctionDescription {
    FunctionDescription(
      "linspace", "Numbers at equal distances, both ends included.",
      parameters: [
        .init("from", .number, "The first number."), .init("to", .number, "The last number."),
        .init("count", .integer(atLeast: 0), "How many."),
      ], returns: result
    ) { call in [try Tensor.linspace(from: call.number("from"), to: call.number("to"), count: call.integer("count"))] }
  }

  private static var eye: FunctionDescription {
    FunctionDescription(
      "eye", "The square matrix with ones on the diagonal.",
      parameters: [.init("size", .integer(atLeast: 0), "Rows and columns.")], returns: result
    ) { call in [try Tensor.identity(call.integer("size"))] }
  }

  private static var oneHot: FunctionDescription {
    FunctionDescription(
      "one_hot", "For each position a row with a single 1 there.",
      example: "perigee.one_hot({ 3, 1 }, 3)   -- { { 0, 0, 1 }, { 1, 0, 0 } }",
      parameters: [
        .init("positions", .positions, "Positions from 1."),
        .init("classes", .integer(atLeast: 1), "Length of a row."),
      ], returns: [.init("tensor", .tensor, "`[positions, classes]`.")]
    ) { call in
      let classes = try call.integer("classes")
      let positions = try call.positions("positions", length: classes, of: "the classes", fromEnd: false)
      return [try Tensor.oneHot(positions, classes: classes)]
    }
  }

  // MARK: Random numbers

  private static var seed: OptionDescription {
    .init("seed", .integer(atLeast: 0), "The same seed gives the same numbers, at any number of threads.")
  }

  static var random: [FunctionDescription] {
    [
      uniform, normal, xavier("uniform") { try Tensor.xavierUniform($0, gain: $1, stream: $2) },
      xavier("normal") { try Tensor.xavierNormal($0, gain: $1, stream: $2) },
    ]
  }

  private static var uniform: FunctionDescription {
    FunctionDescription(
      "random_uniform", "Numbers uniform in low <= x < high.",
      example: "perigee.random_uniform { shape = { 2, 3 }, low = -1, high = 1, seed = 7 }",
      options: [
        .init("shape", .shape, "Lengths of the axes."), seed, .init("low", .number, "The least.", default: 0),
        .init("high", .number, "The bound above.", default: 1),
      ], returns: result
    ) { call in
      [
        try Tensor.uniform(
          call.integers("shape"), from: call.float("low"), to: call.float("high"), stream: stream(call))
      ]
    }
  }

  private static var normal: FunctionDescription {
    FunctionDescription(
      "random_normal", "Normally distributed numbers.",
      example: "perigee.random_normal { shape = { 2, 3 }, std = 0.1, seed = 7 }",
      options: [
        .init("shape", .shape, "Lengths of the axes."), seed, .init("mean", .number, "Their mean.", default: 0),
        .init("std", .number(atLeast: 0), "Their standard deviation.", default: 1),
      ], returns: result
    ) { call in
      let (mean, deviation) = try (call.float("mean"), call.float("std"))
      return [
        try Tensor.normal(call.integers("shape"), mean: mean, standardDeviation: deviation, stream: stream(call))
      ]
    }
  }

  private static func xavier(
    _ kind: String, _ make: @escaping ([Int], Float, RandomStream) throws -> Tensor
  ) -> FunctionDescription {
    FunctionDescription(
      "xavier_\(kind)", "Initial parameters, \(kind)ly distributed, whose spread follows from the shape.",
      equation: kind == "uniform"
        ? "bound = gain * sqrt(6 / (rows + columns))" : "std = gain * sqrt(2 / (rows + columns))",
      source: "Glorot and Bengio, AISTATS 2010",
      options: [
        .init("shape", .list(.integer(atLeast: 1)), "Rows, columns and any further axes."), seed,
        .init("gain", .number(above: 0), "Factor of the spread.", default: 1),
      ], returns: result
    ) { call in [try make(call.integers("shape"), call.float("gain"), stream(call))] }
  }

  private static func stream(_ call: LuaCall) throws -> RandomStream {
    RandomStream(seed: UInt64(try call.integer("seed")), purpose: "tensor")
  }
}
