import Interactions
import LuaHost
import Ranking

/// A term written in Lua.
extension TermsModule {
  static var custom: FunctionDescription {
    FunctionDescription(
      "custom", "A term of your own: a function of parameters, differentiated by what it does with them.",
      details:
        "`value(p, context)` is called once a batch with `parameters` and returns one number as a tensor. `p.name:tensor()` is a whole "
        + "parameter, `p.name[context.users]` the rows of the batch's users (give `data` for that). It may read only parameters that it "
        + "names; those that are not the model's are trained and saved with it.",
      example: """
        local term = perigee.terms.custom {
          name = "unit length", data = split, parameters = { user = model.parameters.user },
          value = function(p, context)
            local lengths = perigee.sum(p.user[context.users]:square(), 2)
            return 0.1 * (lengths - 1):square():mean()
          end,
        }
        """,
      options: [
        .init(
          "parameters", .map(.object(Parameter.self)), "What it may read, by any keys: the function's first argument."),
        .init("value", .function("fun(parameters: table, context: TermContext): Tensor"), "See above."),
        .init("data", .object(Split.self), "Whose users and items `context` has.", optional: true), name("custom"),
      ], returns: [.init("term", .object(LuaTerm.self), "The term.")]
    ) { call in
      let term = LuaTerm(
        name: try call.string("name"), parameters: try LuaModelModule.named(call),
        split: call.optionalObject("data", as: Split.self))
      term.function = try call.own(call.value("value"), by: term)
      term.table = try call.own(call.value("parameters"), by: term)
      return [term]
    }
  }
}
