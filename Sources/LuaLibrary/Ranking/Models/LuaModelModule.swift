import Interactions
import LuaHost
import Ranking
import Tensors

/// `perigee.model`: a model written in Lua.
enum LuaModelModule {
  static var model: FunctionDescription {
    FunctionDescription(
      "model", "A model written in Lua: parameters, and a function that makes rows of users and items from them.",
      details:
        "`encode(users, items, parameters, batch)` is called once a batch and returns the users' rows and the items' rows, tensors of "
        + "shape [count, dim]. `batch` says where training is: `epoch` and `number`, the batch in its epoch, from 1, and `stream`, random "
        + "numbers that are the same for the same seed and place, for dropout and for sampled neighbors. It is nil at evaluation, and its "
        + "stream is nil where a sampler scores. What it does with parameters is recorded, and gradients go back through it. Where a side's rows "
        + "are the rows of a parameter as they stand, return the parameter itself: it scores and steps at the speed of a native "
        + "model. `score` is a name, or a function of users [B, 1, dim] and items [B, N, dim] that gives scores [B, N]. The model "
        + "trains, evaluates, recommends and saves like a native one.",
      example: """
        local model = perigee.model {
          data = split, score = "dot",
          parameters = {
            user = perigee.parameter { name = "user", per = "user", data = split, dim = 32, init = { std = 0.1 } },
            item = perigee.parameter { name = "item", per = "item", data = split, dim = 32, init = { std = 0.1 } },
          },
          encode = function(users, items, p) return perigee.tanh(p.user[users]), p.item end,
        }
        """,
      options: [
        .init("data", .object(Split.self), "Whose users and items."),
        .init("name", .string, "Its name in messages.", default: "model"),
        .init("parameters", .map(.object(Parameter.self)), "What the optimizer moves, by any keys."),
        .init(
          "encode", .function("fun(users: BatchRows, items: BatchRows, parameters: table, batch: table|nil): any, any"),
          "See above."),
        .init(
          "score",
          .choice(ScoreFunction.self).or(.function("fun(users: Tensor, items: Tensor): Tensor")),
          "How two rows make a score, as for `perigee.models.mf`.", default: "cosine"),
        .init(
          "each_row", .boolean,
          "Whether each row of a batch is encoded by itself, beside its positive (see `users:history`), not each user once.",
          default: false),
        .init("boundary", .choice(Boundary.Kind.self), "As for `perigee.models.mf`.", optional: true),
        .init(
          "dropout", .schedule(.dropout), "Share of a user's row that is dropped in training.", default: 0),
        .init("dropout_on", ModelsModule.rowDropoutPlace, "As for `perigee.models.mf`.", default: "scoring"),
        .init("seed", .integer(atLeast: 0), "Of the boundary's first values.", default: 0),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in [try make(call)] }
  }

  private static func make(_ call: LuaCall) throws -> ModelHandle {
    let split = try call.object("data", as: Split.self)
    let handle = ModelHandle(split: split)
    let functions = try LuaModelFunctions(call, owner: handle)
    let parameters = try named(call)
    let custom = call.optionalFunction("score") != nil
    if custom, call.has("boundary") {
      throw call.error("boundary", "is a product with the user's row; a model that computes its scores has none")
    }
    let model = LuaModel(
      name: try call.string("name"), split: split,
      function: custom ? nil : try call.choice("score"), parameters: parameters,
      encodesEachRow: try call.boolean("each_row"), encoder: functions.encode,
      scorer: custom ? functions.score : nil)
    try model.probe()
    if let kind = call.optionalString("boundary").flatMap(Boundary.Kind.init) {
      if parameters.contains(where: { $0.name == "boundary" }) {
        throw call.error("boundary", "the model has a parameter named 'boundary' already; give that one another name")
      }
      try model.addBoundary(kind, seed: UInt64(try call.integer("seed")))
    }
    handle.model = model
    model.dropoutPlace = try call.choice("dropout_on")
    handle.dropout = try call.schedule("dropout", ownedBy: handle)
    call.state.updateSize(of: handle)
    return handle
  }

  /// In the order of their names, so that nothing depends on the order of a Lua table.
  static func named(_ call: LuaCall) throws -> [Parameter] {
    var found: [Parameter] = []
    try call.table("parameters").forEachEntry { _, value in
      if let parameter = value.asObject(Parameter.self), !found.contains(where: { $0 === parameter }) {
        found.append(parameter)
      }
    }
    found.sort { $0.name < $1.name }
    for (one, next) in zip(found, found.dropFirst()) where one.name == next.name {
      throw call.error("parameters", "two are named '\(one.name)'; give each a name of its own")
    }
    guard !found.isEmpty else {
      throw call.error("parameters", "there are none; there would be nothing to learn")
    }
    return found
  }
}

/// The Lua functions of a model, held by its handle.
private struct LuaModelFunctions {
  private let encodeFunction: LuaOwned
  private let parameters: LuaOwned
  private let scoreFunction: LuaOwned?

  init(_ call: LuaCall, owner: ModelHandle) throws {
    encodeFunction = try call.own(call.value("encode"), by: owner)
    parameters = try call.own(call.value("parameters"), by: owner)
    scoreFunction = call.optionalFunction("score") == nil ? nil : try call.own(call.value("score"), by: owner)
  }

  func encode(_ users: BatchRows, _ items: BatchRows, _ batch: LuaRecord?, _ purpose: CallPurpose) throws -> (
    users: LuaValue, items: LuaValue
  ) {
    let results = try encodeFunction.function().call([users, items, parameters.value(), batch], for: purpose)
    guard results.count >= 2 else {
      throw LuaArgumentError("encode returned \(results.count) values; want the users' rows and the items' rows")
    }
    return (results[0], results[1])
  }

  func score(_ users: Tensor, _ items: Tensor, _ purpose: CallPurpose) throws -> Tensor {
    let results = try scoreFunction!.function().call([users, items], for: purpose)
    guard let scores = results.first?.asObject(Tensor.self) else {
      throw LuaArgumentError("score returned \(results.first?.typeName ?? "nothing"); want a tensor [B, N]")
    }
    return scores
  }
}
