import LuaHost
import Tensors

// Differentiation: `x:requires_gradient()`, `loss:backward()`, `perigee.gradient(y, x)`.

extension TensorModule {
  private static var retainGraph: OptionDescription {
    .init(
      "retain_graph", .boolean, "Whether the graph may be used again; otherwise its memory is freed on the way.",
      default: false)
  }
  private static var createGraph: OptionDescription {
    .init(
      "create_graph", .boolean, "Whether the gradients can themselves be differentiated. Also retains the graph.",
      default: false)
  }
  private static var outputGradient: OptionDescription {
    .init(
      "gradient", .tensor, "What each element of the result counts; needed where it is not a single number.",
      optional: true)
  }

  static var gradientFunctions: [FunctionDescription] {
    [gradient, rowGradient, noGradient, stopGradient, checkGradient]
  }

  static var gradientMethods: [FunctionDescription] { [requiresGradient, detach, backward, clearGradient] }

  static var gradientFields: [FieldDescription] {
    [
      FieldDescription(
        "gradient", .tensor.or(.any), "What `backward` has brought to this tensor so far; nil before.",
        get: { (t: Tensor) in t.gradient }),
      FieldDescription(
        "recorded", .boolean, "Whether operations on this tensor are recorded, so that they can be differentiated.",
        get: { (t: Tensor) in t.requiresGradient }),
    ]
  }

  // MARK: Methods

  private static var requiresGradient: FunctionDescription {
    FunctionDescription(
      "requires_gradient", "From here on records what is computed from this tensor, so that it can be differentiated.",
      details: "A result of recorded operations is recorded already and stays as it is.",
      example: """
        local x = perigee.tensor { 1, 2, 3 }:requires_gradient()
        x:square():sum():backward()
        print(x.gradient)            -- 2 4 6
        """,
      returns: [.init("self", .tensor, "This tensor.")]
    ) { call in
      try call.tensor.requireGradient()
      return [call.receiverValue]
    }
  }

  private static var detach: FunctionDescription {
    FunctionDescription(
      "detach", "The same elements without their history: nothing flows back through the result.",
      returns: [.init("view", .tensor, "Sees the same elements.")]
    ) { call in [try call.tensor.detached()] }
  }

  private static var backward: FunctionDescription {
    FunctionDescription(
      "backward",
      "Adds the derivatives of this tensor to `gradient` of every tensor that it depends on and that requires one.",
      details: "Call `clear_gradient` before the next pass, or the gradients add up.",
      example: "loss:backward()   loss:backward { retain_graph = true }",
      options: [outputGradient, retainGraph, createGraph]
    ) { call in
      try call.tensor.backward(
        gradient: call.optionalObject("gradient"), retainGraph: call.boolean("retain_graph"),
        createGraph: call.boolean("create_graph"))
      return []
    }
  }

  private static var clearGradient: FunctionDescription {
    FunctionDescription(
      "clear_gradient", "Forgets what `backward` has brought.", returns: [.init("self", .tensor, "This tensor.")]
    ) { call in
      try call.tensor.clearGradient()
      return [call.receiverValue]
    }
  }

  // MARK: Functions

  private static var gradient: FunctionDescription {
    FunctionDescription(
      "gradient", "The derivatives of a tensor with respect to others, without touching their `gradient`.",
      example: """
        local slope = perigee.gradient(y, x, { create_graph = true })
        local curvature = perigee.gradient(slope:sum(), x)
        local dw, db = perigee.gradient(loss, { w, b })
        """,
      parameters: [
        .init("result", .tensor, "What is differentiated."),
        .init(
          "inputs", .tensor.or(.list(.tensor)),
          "With respect to what; each requires a gradient, or depends on one that does."),
      ],
      options: [
        outputGradient, retainGraph, createGraph,
        .init(
          "allow_unused", .boolean,
          "Whether an input that the result does not depend on gives nil; otherwise it is an error.",
          default: false),
      ],
      returns: [.init("gradients", .tensor, "One for each input, of its shape; several results.")]
    ) { call in
      let inputs = try call.objects("inputs", as: Tensor.self)
      for (index, input) in inputs.enumerated() where !input.requiresGradient {
        throw call.error(
          "inputs[\(index + 1)]",
          "the tensor of shape \(input.shape) does not require a gradient; call x:requires_gradient() before computing with it"
        )
      }
      let createsGraph = try call.boolean("create_graph")
      let gradients = try Tensor.gradients(
        of: [call.object("result")], withRespectTo: inputs, outputGradients: [call.optionalObject("gradient")],
        retainGraph: call.boolean("retain_graph"), createGraph: createsGraph)
      return LuaResults(
        try gradients.enumerated().map { index, gradient -> any LuaConvertible in
          // A script may write into what it gets; two gradients may be one.
          if let gradient { return createsGraph ? gradient : try gradient.copy() }
          guard try call.boolean("allow_unused") else {
            throw call.error(
              "inputs[\(index + 1)]", "the result does not depend on it; pass allow_unused = true to get nil for it")
          }
          return LuaValue.nil
        })
    }
  }

  private static var rowGradient: FunctionDescription {
    FunctionDescription(
      "row_gradient",
      "The derivative with respect to a table of which rows were gathered: only the rows that have one.",
      details: "As `gradient`, without the zeros of all other rows.",
      example: "local positions, values = perigee.row_gradient(loss, table)",
      parameters: [
        .init("result", .tensor, "What is differentiated."), .init("table", .tensor, "Requires a gradient."),
      ], options: [outputGradient, retainGraph],
      returns: [
        .init("positions", .list(.integer), "The rows, ascending."),
        .init("values", .tensor, "Their gradients: `[positions, ...]`."),
      ]
    ) { call in
      let table = try call.object("table", as: Tensor.self)
      guard table.requiresGradient else {
        throw call.error("table", "does not require a gradient; call x:requires_gradient() before computing with it")
      }
      let found = try Tensor.rowGradient(
        of: [call.object("result")], withRespectTo: table, outputGradients: [call.optionalObject("gradient")],
        retainGraph: call.boolean("retain_graph"))
      return [found.rows.map { $0 + 1 }, found.values]
    }
  }

  private static var noGradient: FunctionDescription {
    FunctionDescription(
      "no_gradient",
      "Calls a function without recording: its results cannot be differentiated, and tensors may be written in place.",
      example: "perigee.no_gradient(function() w:assign(w - 0.1 * w.gradient) end)",
      parameters: [.init("body", .function("fun(...): any"), "What is called.")],
      variadic: .init("arguments", .any, "What it is called with."),
      returns: [.init("results", .any, "What it returns.")]
    ) { call in
      let body = try call.function("body")
      let arguments = call.rest
      return LuaResults(try withoutGradient { try body.call(arguments) })
    }
  }

  private static var stopGradient: FunctionDescription {
    FunctionDescription(
      "stop_gradient", "The same elements as a constant: nothing flows back through the result.",
      example: "perigee.stop_gradient(weight) * loss",
      parameters: [.init("x", .operand, "A tensor or a number.")],
      returns: [.init("view", .tensor, "Sees the same elements.")]
    ) { call in [try call.operand("x").detached()] }
  }

  private static var checkGradient: FunctionDescription {
    FunctionDescription(
      "check_gradient",
      "Compares the gradients of a function with central finite differences; where they disagree, an error says where.",
      details: """
        The function is called with the tensors, four times for each of their elements, and must give the same for the same \
        inputs. A result of more than one number is weighted by fixed numbers and summed. A kink (of `relu`, `abs`, `clamp`) \
        within two steps of an element shows as a disagreement: move the input, or make the step smaller.
        """,
      example: "perigee.check_gradient(function(x, y) return (x * y):sum() end, { x, y })",
      parameters: [
        .init("body", .function("fun(...: Tensor): Tensor"), "What is checked."),
        .init("inputs", .tensor.or(.list(.tensor)), "Where."),
      ],
      options: [
        .init(
          "step", .number(above: 0), "Distance of the differences, relative to an element above 1.", default: 0.015625),
        .init(
          "tolerance", .number(above: 0), "The error that is allowed, relative to the largest derivative, or 1.",
          default: 0.001),
      ],
      returns: [.init("error", .number, "The largest absolute error.")]
    ) { call in
      let body = try call.function("body")
      var check = GradientCheck()
      check.step = try call.float("step")
      check.tolerance = try call.number("tolerance")
      do {
        let largest = try check.largestError(at: call.objects("inputs")) { inputs in
          let results = try body.call(inputs as [any LuaConvertible])
          guard let result = results.first?.asObject(Tensor.self) else {
            throw call.error(
              "body", "want a function that returns a Tensor, it returned \(results.first?.typeName ?? "nothing")")
          }
          return result
        }
        return [largest]
      } catch let disagreement as GradientCheck.Disagreement {
        throw LuaArgumentError(disagreement.description(from: 1))
      }
    }
  }
}
