import LuaHost
import Ranking

/// What scripts can do with the values of a loss: each operation once, as a method of values and parameters, and where `perigee`
/// has a function of that name, in that function.
enum TracedOperations {
  /// From arguments, of which the first is the receiver, to a value; `nil` where they are not what the operation takes.
  typealias Apply = (LuaArguments, LossTrace) throws -> TracedValue?

  struct Operation {
    let name: String
    let summary: String
    /// After the receiver.
    var parameters: [ParameterDescription] = []
    var example: String?
    let apply: Apply

    /// How many arguments may bring the record that the result belongs to.
    var operandCount: Int { 1 + parameters.count }

    var direct: FunctionDescription.DirectBody {
      { arguments in
        guard let trace = arguments.trace(operandCount) else { return nil }
        return try apply(arguments, trace)
      }
    }
  }

  static var all: [Operation] { unary + binary + comparisons + reductions + others }

  // MARK: Elementwise

  private static func unary(_ name: String, _ summary: String, _ operation: LossOperation) -> Operation {
    Operation(name: name, summary: summary) { arguments, trace in try arguments.operand(1, trace)?.apply(operation) }
  }

  static var unary: [Operation] {
    [
      unary("exp", "e to the power of each number.", .exp),
      unary("log", "Natural logarithm.", .log),
      unary("log1p", "log(1 + x), exact for small x.", .log1p),
      unary("sqrt", "Square root.", .squareRoot),
      unary("square", "x * x.", .square),
      unary("reciprocal", "1 / x.", .reciprocal),
      unary("abs", "Absolute value.", .absolute),
      unary("sign", "-1, 0 or 1; no derivative passes.", .sign),
      unary("tanh", "Hyperbolic tangent.", .tanh),
      unary("sigmoid", "1 / (1 + exp(-x)).", .sigmoid),
      unary("relu", "The larger of x and 0.", .relu),
      unary("softplus", "log(1 + exp(x)), finite for every finite x.", .softplus),
      unary("logsigmoid", "log(sigmoid(x)), finite for every finite x.", .logSigmoid),
    ]
  }

  private static var other: [ParameterDescription] {
    [.init("y", .lossOperand, "The other; the one of lower kind is repeated.")]
  }

  /// - Parameter swapped: `x > y` is `y < x`.
  private static func binary(_ name: String, _ summary: String, _ operation: LossOperation, swapped: Bool = false)
    -> Operation
  {
    Operation(name: name, summary: summary, parameters: other) { arguments, trace in
      guard let x = try arguments.operand(1, trace), let y = try arguments.operand(2, trace) else { return nil }
      return swapped ? try y.apply(operation, x) : try x.apply(operation, y)
    }
  }

  static var binary: [Operation] {
    [
      binary("minimum", "The smaller of two numbers; equal ones share the derivative.", .minimum),
      binary("maximum", "The larger of two numbers; equal ones share the derivative.", .maximum),
      Operation(
        name: "pow", summary: "x to the power of y; NaN for a negative x and a y that is not whole.",
        parameters: other, apply: power),
    ]
  }

  /// A common exponent that the script wrote as a number is part of the loss's form.
  static func power(_ arguments: LuaArguments, _ trace: LossTrace) throws -> TracedValue? {
    guard let x = try arguments.operand(1, trace) else { return nil }
    if let exponent = arguments.number(2) { return try x.power(exponent) }
    guard let y = try arguments.operand(2, trace) else { return nil }
    return try x.apply(.power, y)
  }

  static var comparisons: [Operation] {
    [
      binary("lt", "1 where x < y, else 0.", .less),
      binary("le", "1 where x <= y, else 0.", .lessOrEqual),
      binary("gt", "1 where x > y, else 0.", .less, swapped: true),
      binary("ge", "1 where x >= y, else 0.", .lessOrEqual, swapped: true),
      binary("eq", "1 where x = y, else 0.", .equal),
      binary("ne", "1 where x and y differ, else 0.", .notEqual),
    ]
  }

  // MARK: Over an axis

  private static func axis(_ summary: String, default standard: String? = nil) -> [ParameterDescription] {
    [
      .init(
        "axis", .choice(["negatives", "batch"]), summary, default: standard.map { .string($0) },
        optional: standard == nil)
    ]
  }

  private static func reduction(_ name: String, _ summary: String, _ operation: LossOperation) -> Operation {
    let goes =
      "\"negatives\": one number a positive is left. \"batch\", of one number a positive: one number is left. Left out: "
    return Operation(name: name, summary: summary, parameters: axis(goes + "over everything.")) { arguments, trace in
      guard let x = try arguments.operand(1, trace), let axis = arguments.axis(2, default: .all) else { return nil }
      return try x.reduce(operation, axis)
    }
  }

  private static func along(_ name: String, _ summary: String, _ operation: LossOperation, _ standard: LossAxis?)
    -> Operation
  {
    let names = "Along which; left out: all numbers of the batch together."
    let parameters = standard == nil ? axis(names) : axis("Along which.", default: "negatives")
    return Operation(name: name, summary: summary, parameters: parameters) { arguments, trace in
      guard let x = try arguments.operand(1, trace), let axis = arguments.axis(2, default: standard ?? .all) else {
        return nil
      }
      return try x.along(operation, axis)
    }
  }

  static var reductions: [Operation] {
    [
      reduction("sum", "The sum.", .sum),
      reduction("mean", "The mean.", .mean),
      reduction("max", "The largest number; equal ones share the derivative.", .largest),
      reduction("min", "The smallest number; equal ones share the derivative.", .smallest),
      reduction("logsumexp", "log of the sum of exp(x), exact for large values.", .logSumExp),
      along("softmax", "exp(x) divided by its sum.", .softmax, .negatives),
      along("logsoftmax", "The logarithm of softmax, exact for large values.", .logSoftmax, .negatives),
      along(
        "rank", "Position in ascending order, from 1; of equal ones the first comes first. No derivative passes.",
        .rank,
        nil),
    ]
  }

  // MARK: Others

  static var others: [Operation] {
    [
      Operation(
        name: "cumsum", summary: "Sums of a positive's negatives so far, each included.",
        parameters: [.init("axis", .choice(["negatives"]), "Along which.", default: "negatives")]
      ) { arguments, trace in
        guard arguments.axis(2, default: .negatives) == .negatives else { return nil }
        return try arguments.operand(1, trace)?.cumulated()
      },
      Operation(
        name: "clamp", summary: "Each number brought into a range; NaN stays.",
        parameters: [
          .init("low", .real, "No number is less.", optional: true),
          .init("high", .real, "No number is more.", optional: true),
        ], example: "x:clamp(0, 1)   x:clamp(nil, 10)"
      ) { arguments, trace in
        guard arguments.isAbsent(2) || arguments.number(2) != nil, arguments.isAbsent(3) || arguments.number(3) != nil
        else { return nil }
        return try arguments.operand(1, trace)?.clamped(low: arguments.number(2), high: arguments.number(3))
      },
      Operation(
        name: "leaky_relu", summary: "x, but slope * x below 0.",
        parameters: [.init("slope", .real, "The slope below 0.", default: 0.01)]
      ) { arguments, trace in
        guard arguments.isAbsent(2) || arguments.number(2) != nil else { return nil }
        return try arguments.operand(1, trace)?.leakyRelu(slope: arguments.number(2) ?? 0.01)
      },
      Operation(name: "stop_gradient", summary: "The same numbers, through which no derivative passes.") {
        try $0.operand(1, $1)?.stoppingGradient()
      },
      Operation(
        name: "same_user_sum",
        summary: "Of one number a positive: the sum over the positives of the batch with the same user."
      ) { try $0.operand(1, $1)?.sameUserSum() },
      Operation(
        name: "same_user_mean",
        summary: "Of one number a positive: the mean over the positives of the batch with the same user."
      ) { try $0.operand(1, $1)?.sameUserMean() },
      Operation(
        name: "same_user_max",
        summary: "Of one number a positive: the largest among the positives of the batch with the same user."
      ) { try $0.operand(1, $1)?.sameUserMaximum() },
    ]
  }

  /// `perigee.where`, which is a function only.
  static var choose: Operation {
    Operation(
      name: "where", summary: "", parameters: [.init("yes", .any, ""), .init("no", .any, "")]
    ) { arguments, trace in
      guard let condition = try arguments.operand(1, trace), let yes = try arguments.operand(2, trace),
        let no = try arguments.operand(3, trace)
      else { return nil }
      return try condition.choose(yes, no)
    }
  }
}
