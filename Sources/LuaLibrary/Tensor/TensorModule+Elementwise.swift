import LuaHost
import Tensors

// What is done with each element by itself: functions (`perigee.exp(x)`, `x:exp()`), operators, comparisons.

extension TensorModule {
  private typealias Unary = (name: String, summary: String, apply: (Tensor) throws -> Tensor)
  private typealias Binary = (name: String, summary: String, apply: (Tensor, Tensor) throws -> Tensor)

  private static var result: [ReturnDescription] { [.init("tensor", .tensor, "A new tensor.")] }

  private static var unary: [Unary] {
    [
      ("exp", "e to the power of each element.", { try $0.exp() }),
      ("log", "Natural logarithm.", { try $0.log() }),
      ("log1p", "log(1 + x), exact for small x.", { try $0.log1p() }),
      ("sqrt", "Square root.", { try $0.squareRoot() }),
      ("square", "x * x.", { try $0.square() }),
      ("reciprocal", "1 / x.", { try $0.reciprocal() }),
      ("abs", "Absolute value.", { try $0.absolute() }),
      ("sign", "-1, 0 or 1.", { try $0.sign() }),
      ("sin", "Sine.", { try $0.sin() }),
      ("cos", "Cosine.", { try $0.cos() }),
      ("tanh", "Hyperbolic tangent.", { try $0.tanh() }),
      ("sigmoid", "1 / (1 + exp(-x)).", { try $0.sigmoid() }),
      ("relu", "The larger of x and 0.", { try $0.relu() }),
      ("softplus", "log(1 + exp(x)), finite for every finite x.", { try $0.softplus() }),
      ("logsigmoid", "log(sigmoid(x)), finite for every finite x.", { try $0.logSigmoid() }),
      ("floor", "The next whole number below.", { try $0.floor() }),
      ("ceil", "The next whole number above.", { try $0.ceil() }),
      ("round", "The nearest whole number, halves to the even one.", { try $0.round() }),
      ("is_finite", "1 for a number, 0 for infinity and NaN.", { try $0.isFinite() }),
    ]
  }

  private static var binary: [Binary] {
    [
      ("pow", "x to the power of y; NaN for a negative x and a y that is not whole.", { try $0.power($1) }),
      ("minimum", "The smaller of two elements; NaN where either is.", { try $0.minimum($1) }),
      ("maximum", "The larger of two elements; NaN where either is.", { try $0.maximum($1) }),
    ]
  }

  static var elementwiseFunctions: [FunctionDescription] {
    unary.map { name, summary, apply in
      FunctionDescription(name, summary, parameters: [.init("x", .operand, "Its elements.")], returns: result) { call in
        [try apply(call.operand("x"))]
      }
    }
      + binary.map { name, summary, apply in
        FunctionDescription(
          name, summary,
          parameters: [.init("x", .operand, "One."), .init("y", .operand, "The other; both broadcast.")],
          returns: result
        ) { call in [try apply(call.operand("x"), call.operand("y"))] }
      } + [choose]
  }

  static var elementwiseMethods: [FunctionDescription] {
    unary.map { name, summary, apply in
      FunctionDescription(name, summary, returns: result) { call in [try apply(call.tensor)] }
    } + binary.map(method) + [clamp]
  }

  static var comparisons: [FunctionDescription] {
    let all: [Binary] = [
      ("lt", "1 where x < y, else 0.", { try $0.less(than: $1) }),
      ("le", "1 where x <= y, else 0.", { try $0.lessOrEqual(to: $1) }),
      ("gt", "1 where x > y, else 0.", { try $0.greater(than: $1) }),
      ("ge", "1 where x >= y, else 0.", { try $0.greaterOrEqual(to: $1) }),
      ("eq", "1 where x = y, else 0.", { try $0.equal(to: $1) }),
      ("ne", "1 where x and y differ, else 0.", { try $0.notEqual(to: $1) }),
    ]
    return all.map(method)
  }

  private static func method(_ binary: Binary) -> FunctionDescription {
    FunctionDescription(
      binary.name, binary.summary, parameters: [.init("y", .operand, "The other; both broadcast.")], returns: result
    ) { call in [try binary.apply(call.tensor, call.operand("y"))] }
  }

  private static var clamp: FunctionDescription {
    FunctionDescription(
      "clamp", "Each element brought into a range; NaN stays.", example: "x:clamp(0, 1)   x:clamp(nil, 10)",
      parameters: [
        .init("low", .real, "No element is less.", optional: true),
        .init("high", .real, "No element is more.", optional: true),
      ], returns: result
    ) { call in
      [try call.tensor.clamped(call.optionalFloat("low") ?? -.infinity, call.optionalFloat("high") ?? .infinity)]
    }
  }

  private static var choose: FunctionDescription {
    FunctionDescription(
      "where", "Elements of one tensor where a condition is not 0, of another elsewhere.",
      example: "perigee.where(x:gt(0), x, 0)",
      parameters: [
        .init("condition", .operand, "0 or not 0."), .init("yes", .operand, "Taken where it is not 0."),
        .init("no", .operand, "Taken where it is 0; all three broadcast."),
      ], returns: result
    ) { call in [try Tensor.where(call.operand("condition"), call.operand("yes"), call.operand("no"))] }
  }

  static var operators: [FunctionDescription] {
    let all: [Binary] = [
      ("__add", "Sum of each two elements; shapes broadcast.", { try $0 + $1 }),
      ("__sub", "Difference of each two elements.", { try $0 - $1 }),
      ("__mul", "Product of each two elements; `matmul` is the product of matrices.", { try $0 * $1 }),
      ("__div", "Quotient of each two elements.", { try $0 / $1 }),
      ("__pow", "Power of each two elements.", { try $0.power($1) }),
    ]
    let negative = FunctionDescription(
      "__unm", "Each element negated.", parameters: [.init("x", .anyTensor, "The tensor.")], returns: result
    ) { call in [try -call.operand("x")] }
    return all.map { name, summary, apply in
      FunctionDescription(
        name, summary, parameters: [.init("left", .operand, "One."), .init("right", .operand, "The other.")],
        returns: result
      ) { call in [try apply(call.operand("left"), call.operand("right"))] }
    } + [negative]
  }
}
