import LuaHost
import Ranking
import Tensors

extension GradientSet: LuaObject {
  public static var luaName: String { "Gradients" }
}

/// What `batch:gradients()` returns.
enum GradientSetBinding {
  static var type: TypeDescription {
    TypeDescription(
      GradientSet.self,
      "Gradients by parameter, as one vector: those rows of each parameter that have one, 0 for all others.",
      methods: [add, scale, dot, norm, copy, tensor],
      fields: [
        FieldDescription(
          "parameters", .list(.object(Parameter.self)), "Those with a gradient.",
          get: { (g: GradientSet) in LuaList(g.all.filter { !$0.isEmpty }.map(\.parameter)) })
      ], size: { $0.byteCount },
      describe: { set in
        let parts = set.all.filter { !$0.isEmpty }.map {
          "\($0.parameter.name): \($0.rows.count) of \($0.parameter.rowCount) rows"
        }
        return "gradients(\(parts.joined(separator: ", ")))"
      })
  }

  private static var itself: ReturnDescription { .init("gradients", .object(GradientSet.self), "Itself.") }

  private static var add: FunctionDescription {
    FunctionDescription(
      "add", "Adds other gradients to these.",
      parameters: [.init("other", .object(GradientSet.self), "The others; they stay as they are.")], returns: [itself]
    ) { call in
      let set = call.receiver(GradientSet.self)
      set.add(try call.object("other", as: GradientSet.self))
      return [call.receiverValue]
    }
  }

  private static var scale: FunctionDescription {
    FunctionDescription(
      "scale", "Multiplies these gradients by a number.", parameters: [.init("factor", .number, "The number.")],
      returns: [itself]
    ) { call in
      call.receiver(GradientSet.self).scale(Float(try call.number("factor")))
      return [call.receiverValue]
    }
  }

  private static var dot: FunctionDescription {
    FunctionDescription(
      "dot", "The inner product with other gradients, added up in float64.",
      example: "local agree = first:gradients():dot(kept) > 0",
      parameters: [.init("other", .object(GradientSet.self), "The others.")],
      returns: [.init("product", .number, "Rows that only one of them has count 0.")]
    ) { call in
      [call.receiver(GradientSet.self).dot(try call.object("other", as: GradientSet.self))]
    }
  }

  private static var norm: FunctionDescription {
    FunctionDescription(
      "norm", "The length of all gradients as one vector.", returns: [.init("norm", .number, "Not negative.")]
    ) { call in [call.receiver(GradientSet.self).norm()] }
  }

  private static var copy: FunctionDescription {
    FunctionDescription(
      "copy", "A copy that `add` and `scale` of these do not reach.",
      returns: [.init("gradients", .object(GradientSet.self), "The copy.")]
    ) { call in [call.receiver(GradientSet.self).copy()] }
  }

  private static var tensor: FunctionDescription {
    FunctionDescription(
      "tensor", "The gradient of all rows of a parameter.",
      example: "print(batch:gradients():tensor(model.parameters.user))",
      parameters: [.init("parameter", .object(Parameter.self), "The parameter.")],
      returns: [.init("gradient", .tensor, "`[rows, columns]`, 0 for rows without a gradient.")]
    ) { call in
      let parameter = try call.object("parameter", as: Parameter.self)
      let dense = call.receiver(GradientSet.self).existing(parameter)?.dense()
      let shape = [parameter.rowCount, parameter.columnCount]
      return [try dense.map { try Tensor($0, shape: shape) } ?? Tensor.zeros(shape)]
    }
  }
}
