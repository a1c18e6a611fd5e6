import Interactions
import LuaHost
import Ranking
import Tensors

/// `perigee.losses.traced` and `perigee.losses.evaluate`.
enum LossFunctions {
  static var all: [FunctionDescription] { [traced, evaluate, measure, corruptedRate] }

  static var lossOrFunction: LuaType {
    .object((any Loss).self, named: "loss").or(.function("fun(s: LossScores): LossValue"))
  }

  private static var traced: FunctionDescription {
    FunctionDescription(
      "traced", "A loss of your own, from a function over the scores of a batch.",
      details:
        "The function is called once a batch. The values that it receives record what it does with them; the record is compiled, "
        + "once for each form that it takes, to a program that computes the value and all derivatives in one pass. Numbers may be "
        + "others in each batch. A trainer does this by itself with a function as its loss.",
      example: """
        local function boundary_loss(s)
          local up = perigee.softplus(s.boundary - s.positive)
          local down = perigee.softplus(s.negative - s.boundary):mean("negatives")
          return (up + 2 * down):mean()
        end
        local loss = perigee.losses.traced(boundary_loss, { name = "boundary" })
        """,
      parameters: [
        .init(
          "fn", .function("fun(s: LossScores): LossValue"),
          "From the scores to one number, or to one for each positive, of which the mean is taken.")
      ],
      options: [
        .init("name", .string, "What messages call it; else the place of the function.", optional: true),
        .init(
          "fuse", .boolean,
          "false: every operation is computed by itself, with differentiable tensors. Slower, with the same result; a loss that uses "
            + "operations which only tensors have is computed like that in any case.", default: true),
      ],
      returns: [.init("loss", .object(LuaLoss.self), "A loss for `perigee.trainer`.")]
    ) { call in
      [try LuaLoss.make("fn", name: call.optionalString("name"), fuses: call.boolean("fuse"), in: call)]
    }
  }

  static var type: TypeDescription {
    TypeDescription(
      LuaLoss.self, "A loss written in Lua.",
      methods: [
        FunctionDescription(
          "program", "The compiled program of the last batch, in words.",
          returns: [.init("text", .string, "What is computed once a batch, and what for each block of rows.")]
        ) { call in
          guard let text = call.receiver(LuaLoss.self).programText else {
            throw LuaArgumentError("the loss was not computed yet; train a batch, or see perigee.losses.evaluate")
          }
          return [text]
        }
      ],
      fields: [
        FieldDescription("name", .string, "What messages call it.", get: { (l: LuaLoss) in l.name }),
        FieldDescription(
          "fused", .boolean, "Whether it is compiled; false where it is computed with tensors.",
          get: { (l: LuaLoss) in !l.computesWithTensors }),
        FieldDescription(
          "compiled", .integer, "How many forms of it were compiled so far.", get: { (l: LuaLoss) in l.compiledCount }),
        FieldDescription(
          "parameters", .list(.object(Parameter.self)), "The parameters that it has read so far.",
          get: { (l: LuaLoss) in l.parameters }),
      ], describe: { "losses.traced(\($0.name))" })
  }

  private static var measure: FunctionDescription {
    FunctionDescription(
      "measure", "What a loss costs: the fastest of several repeats on random scores, without a model.",
      details:
        "A loss that needs the boundary, item scores or a parameter of users or items cannot be measured like this.",
      parameters: [.init("loss", lossOrFunction, "A loss, or a function as for `traced`.")],
      options: [
        .init("batch", .integer(in: 1...(1 << 20)), "Positives.", default: 256),
        .init("negatives", .integer(in: 1...(1 << 20)), "Negatives of each.", default: 100),
        .init("repeats", .integer(in: 1...1_000_000), "How often.", default: 200),
      ],
      returns: [
        .init(
          "seconds", .table,
          "`prepare` a batch: schedules; of a loss in Lua its function, its record and the search for its program. `first`: the same "
            + "at the first batch, when it is compiled. `evaluate`: value and derivatives.")
      ]
    ) { call in
      let (loss, handle) = try loss("loss", in: call)
      return try withExtendedLifetime(handle) {
        let timing = try LossTiming(
          of: loss, rows: try call.integer("batch"), negatives: try call.integer("negatives"),
          repeats: try call.integer("repeats"), check: call.state.checkInterrupt)
        return [
          ["prepare": timing.preparation, "first": timing.firstPreparation, "evaluate": timing.evaluation] as LuaRecord
        ]
      }
    }
  }

  // MARK: On given scores

  private static var evaluate: FunctionDescription {
    FunctionDescription(
      "evaluate", "The value and the derivatives of a loss on given scores, without training.",
      example: """
        local value, gradients = perigee.losses.evaluate(perigee.losses.bpr {}, {
          positive = perigee.tensor { 0.5, 0.1 }, negative = perigee.tensor { { 0.4, 0.2 }, { 0.3, 0.6 } },
        })
        print(value, gradients.negative)
        """,
      parameters: [.init("loss", lossOrFunction, "A loss, or a function as for `traced`.")],
      options: [
        .init("positive", .tensor, "`[B]`, score of each positive."),
        .init("negative", .tensor, "`[B, N]`, score of each negative."),
      ]
        + Channel.inputs.map { .init($0.name, .tensor, $0.inputHelp, optional: true) } + [
          .init(
            "data", .object(Split.self),
            "Whose train part the loss is to know, as from a trainer: `sml`, `warp` and `cml`.",
            optional: true),
          .init(
            "users", .list(.integer(atLeast: 1)),
            "The user of each positive, counted from 1: rows of a parameter, and who is the same. All different if left out.",
            optional: true),
          .init("positive_items", .list(.integer(atLeast: 1)), "B items, counted from 1.", optional: true),
          .init("negative_items", .list(.integer(atLeast: 1)), "B times N items, counted from 1.", optional: true),
          .init("epoch", .integer(atLeast: 1), "For schedules.", default: 1),
          .init("step", .integer(atLeast: 1), "For schedules.", default: 1),
        ],
      returns: [
        .init("value", .number, "The loss."),
        .init(
          "gradients", .table,
          "Tensors `positive`, `negative`, those inputs that have derivatives where it reads them, and `parameters` by name."
        ),
      ]
    ) { call in
      let (loss, handle) = try loss("loss", in: call)
      return try withExtendedLifetime(handle) {
        let rows = try call.object("positive", as: Tensor.self).count
        let evaluation = try LossEvaluation(
          of: loss, on: try scores(call), train: call.optionalObject("data", as: Split.self)?.train,
          epoch: try call.integer("epoch"), step: try call.integer("step"))
        return [evaluation.value, try gradients(evaluation, rows: rows)]
      }
    }
  }

  private static var corruptedRate: FunctionDescription {
    FunctionDescription(
      "corrupted_rate", "The share of samples that stand on the wrong side.",
      details: "A trainer with `corrupted` says it of each epoch.",
      equation: "pairs: s_n > s_p of all pairs; with a boundary: b > s_p or s_n > b of all positives and negatives",
      source: "\"Learning Explicit User Interest Boundary for Recommendation\", WWW 2022, section 4.8",
      example: """
        local scores = batch:forward()
        local rate = perigee.losses.corrupted_rate {
          positive = scores.positive, negative = scores.negative, boundary = scores.boundary }
        """,
      options: [
        .init("positive", .tensor, "`[B]`, score of each positive."),
        .init("negative", .tensor, "`[B, N]`, score of each negative."),
        .init("boundary", .tensor, "`[B]`; pairs are counted if left out.", optional: true),
      ],
      returns: [
        .init("rate", .number, "Of all samples."),
        .init("positives", .number, "Of the positives; nil for pairs."),
        .init("negatives", .number, "Of the negatives; nil for pairs."),
      ]
    ) { call in
      let (positive, negative) = (try call.tensor("positive"), try call.tensor("negative"))
      let boundary = call.has("boundary") ? try call.tensor("boundary") : nil
      guard positive.shape.count == 1, negative.shape.count == 2, negative.shape[0] == positive.shape[0],
        positive.count > 0, negative.count > 0, boundary.map({ $0.shape == positive.shape }) ?? true
      else {
        throw LuaArgumentError(
          "positive has shape \(positive.shape), negative \(negative.shape)\(boundary.map { ", boundary \($0.shape)" } ?? ""); want [B], "
            + "[B, N] and [B]")
      }
      let samples = CorruptedSamples(
        positives: try positive.elements(), negatives: try negative.elements(), boundaries: try boundary?.elements())
      return boundary == nil ? [samples.rate] : [samples.rate, samples.positiveRate, samples.negativeRate]
    }
  }

  /// The loss that a script gave, or one made of its function, and the value whose life it shares.
  static func loss(_ name: String, in call: LuaCall) throws -> (loss: any Loss & LuaObject, value: LuaValue) {
    if call.optionalFunction(name) != nil {
      let loss = try LuaLoss.make(name, in: call)
      return (loss, try call.state.makeValue(loss))
    }
    guard let loss = call.value(name).asObject((any Loss & LuaObject).self) else {
      throw call.error(name, "want a loss")
    }
    return (loss, call.value(name))
  }

  private static func scores(_ call: LuaCall) throws -> LossEvaluation.Scores {
    let positive = try call.object("positive", as: Tensor.self)
    let negative = try call.object("negative", as: Tensor.self)
    guard positive.rank == 1 || (positive.rank == 2 && positive.shape[1] == 1) else {
      throw call.error("positive", "want [B], got shape \(positive.shape)")
    }
    let wanted = "want [\(positive.count), N]"
    guard negative.rank == 2, negative.shape[0] == positive.count else {
      throw call.error("negative", "\(wanted), got shape \(negative.shape)")
    }
    var scores = LossEvaluation.Scores(positive: try positive.elements(), negative: try negative.elements())
    for channel in Channel.inputs {
      scores.inputs[channel] = try call.optionalObject(channel.name, as: Tensor.self)?.elements()
    }
    func rows(_ name: String) -> [Int32]? { call.optionalIntegers(name)?.map { Int32(clamping: $0 - 1) } }
    scores.users = rows("users")
    scores.positiveItems = rows("positive_items")
    scores.negativeItems = rows("negative_items")
    return scores
  }

  private static func gradients(_ evaluation: LossEvaluation, rows: Int) throws -> LuaRecord {
    func plane(_ numbers: [Float]) throws -> Tensor { try Tensor(numbers, shape: [rows, numbers.count / rows]) }
    var record: LuaRecord = [
      "positive": try Tensor(evaluation.positive, shape: [rows]), "negative": try plane(evaluation.negative),
    ]
    for channel in Channel.inputs {
      guard let numbers = evaluation.inputs[channel] else { continue }
      record.append(channel.name, channel.shape == .row ? try Tensor(numbers, shape: [rows]) : try plane(numbers))
    }
    let parameters = try evaluation.parameters.map { parameter, gradient in
      (parameter.name, try Tensor(gradient, shape: [parameter.rowCount, parameter.columnCount]) as any LuaConvertible)
    }
    record.append("parameters", LuaRecord(parameters))
    return record
  }
}
