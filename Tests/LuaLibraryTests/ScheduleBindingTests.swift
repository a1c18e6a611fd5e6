import Interactions
import LuaHost
import LuaLibrary
import Testing

/// `perigee.schedules`, and that every number that a trainer reads can be one.
@Suite struct ScheduleBindingTests {
  private func run(_ source: String, split: Split = smallSplit()) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("split", split)
    return try state.run("local perigee = require 'perigee' local s = perigee.schedules\n" + source, name: "t.lua")
  }

  private func message(_ source: String) -> String {
    do {
      _ = try run(source)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func aScheduleIsAFunctionOfTheEpochOrTheStep() throws {
    let values = try run(
      """
      local a = s.linear { from = 0.5, to = 2, steps = 50 }
      local b = s.linear { from = 0, to = 10, steps = 10, by = "step" }
      return a(26), a(26, 7), b(4), b(1, 4), a(0), a(1000)
      """)
    #expect(values == [1.25, 1.25, 3.0, 3.0, 0.5, 2.0])
  }

  @Test func everyShape() throws {
    let values = try run(
      """
      return s.cosine { from = 1, to = 0, steps = 2 }(2), s.warmup { to = 1, steps = 4 }(1),
        s.exponential { from = 1, factor = 0.5 }(3), s.step { from = 1, factor = 0.5, every = 2 }(3),
        s.step { from = 1, factor = 0.5, at = { 3, 4 } }(4), s.cyclic { from = 0, to = 1, period = 4, shape = "saw" }(4),
        s.sequence { parts = { s.warmup { to = 1, steps = 2 }, s.cosine { from = 3, to = 1, steps = 2 } }, at = { 3 } }(4),
        s.plateau { from = 3 }(7)
      """)
    #expect(values == [0.5, 0.25, 0.25, 0.5, 0.25, 0.75, 2.0, 3.0])
  }

  @Test func arithmeticWithNumbersSchedulesAndFunctions() throws {
    let values = try run(
      """
      local a = s.linear { from = 1, to = 4, steps = 3 }
      local function twice(epoch) return 2 * epoch end
      return (a + 1)(2), (1 + a)(2), (a * a)(3), (2 - a)(2), (a - 2)(2), (6 / a)(3), (a / 2)(2), (-a)(2), (a + twice)(2),
        (twice * a)(2), s.min(a, 2)(4), s.max(2, a)(1), s.max(twice, a)(1), (a * 0.3):rounded()(2)
      """)
    #expect(values == [3.0, 3.0, 9.0, 0.0, 0.0, 2.0, 1.0, -2.0, 6.0, 8.0, 2.0, 2.0, 2.0, 1.0])
  }

  @Test func aFunctionInsideOutlivesACollection() throws {
    let values = try run(
      """
      local a = 1 + s.sequence { parts = { 1, function(epoch, step) return epoch * 100 + step end }, at = { 5 } }
      for _ = 1, 5 do collectgarbage() end
      return a(4), a(5, 50)
      """)
    #expect(values == [2.0, 551.0])
  }

  @Test func aScheduleShowsItself() throws {
    let values = try run(
      """
      local a = s.linear { from = 0.5, to = 2, steps = 50, by = "step" }
      local o = perigee.optimizers.adam { rate = a }
      return tostring(a), a.kind, a.by[1], a.settings.steps, tostring(o), o.rate == a, tostring(s.plateau { from = 1 })
      """)
    let text = "schedules.linear(from = 0.5, to = 2, steps = 50, by = step)"
    #expect(values[0].asString == text && values[1] == "linear" && values[2] == "step" && values[3] == "50")
    #expect(values[4].asString == "optimizers.adam(rate = \(text))" && values[5] == true)
    #expect(values[6] == "schedules.plateau(from = 1, factor = 0.1, patience = 3)")
  }

  @Test func wrongSettingsAreNamed() {
    #expect(message("s.linear { from = 1, to = 2, step = 3 }").contains("did you mean 'steps'?"))
    #expect(message("s.linear { from = 1, to = 2, steps = 0 }").contains("steps"))
    #expect(message("s.step { from = 1 }").contains("want one of every and at"))
    #expect(message("s.cyclic { from = 0, to = 1, period = 1 }").contains("period"))
    #expect(message("s.plateau { from = 1, metric = 'NDCG@20' }").contains("did you mean 'ndcg'?"))
    #expect(message("s.sequence { parts = { 1, 2 }, at = { 3, 4 } }").contains("2 parts and 2 numbers in at"))
    #expect(
      message("s.sequence { parts = { 1, s.warmup { to = 1, steps = 3, by = 'step' } }, at = { 4 } }").contains(
        "part 2 counts by step, the sequence by epoch"))
    #expect(message("local a = s.linear { from = 1, to = 2, steps = 3 } return a + 'x'").contains("right"))
    #expect(message("s.linear { from = 1, to = 2, steps = 3 } (1.5)").contains("1.5"))
  }

  @Test func aValueOutOfRangeIsAnErrorOfTheBatchThatReadsIt() {
    #expect(
      message(
        Self.prelude + "local t = trainer { dropout = s.linear { from = 0.5, to = 2, steps = 1 } } t:epoch() t:epoch()"
      ).contains("dropout is 2.0 at epoch 2"))
    #expect(
      message(Self.prelude + "trainer { count = s.linear { from = 1.5, to = 2, steps = 1 } }:step()").contains(
        "count of negatives is 1.5 at epoch 1; want a whole number"))
  }

  // MARK: Every number of a trainer

  private static let prelude = """
    local function trainer(o, make_loss)
      return perigee.trainer {
        model = perigee.models.mf {
          data = split, dim = 8, seed = 1, init = { std = 0.3 }, dropout = o.dropout or 0.1, score = o.score,
          boundary = o.boundary },
        loss = (make_loss or perigee.losses.mse)(o.loss or {}),
        sampler = perigee.samplers.uniform { count = o.count or 4 },
        optimizer = perigee.optimizers.sgd {
          rate = o.rate or 0.5, clip = o.clip, weight_decay = o.weight_decay or 0.01, groups = o.groups },
        regularization = { weight = o.regularization or 0.1 }, batch = 32, seed = 1,
      }
    end

    """

  /// A number: how it is given, where it is assigned, and two values that make a difference.
  struct Number: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var option: String
    /// Empty where it cannot be assigned.
    var field = ""
    var values = (0.2, 0.7)
    var loss = "nil"
    /// What is assigned to the field.
    var assigned = "X"

    static func loss(
      _ name: String, _ number: String, with more: String = "", values: (Double, Double) = (0.2, 0.7),
      score: String = "cosine", boundary: Bool = false
    ) -> Number {
      let settings = more.isEmpty ? "\(number) = X" : "\(number) = X, \(more)"
      return Number(
        testDescription: "\(name) \(number)",
        option: "{ score = '\(score)', boundary = \(boundary ? "'linear'" : "nil"), loss = { \(settings) } }",
        field: "t.loss.\(number)", values: values, loss: "perigee.losses.\(name)")
    }
  }

  static let numbers: [Number] = [
    Number(testDescription: "rate", option: "{ rate = X }", field: "t.rate"),
    Number(testDescription: "rate of the optimizer", option: "{ rate = X }", field: "t.optimizer.rate"),
    Number(testDescription: "clip", option: "{ clip = X }", field: "t.optimizer.clip", values: (0.01, 0.05)),
    Number(testDescription: "weight decay", option: "{ weight_decay = X }", field: "t.optimizer.weight_decay"),
    Number(testDescription: "regularization", option: "{ regularization = X }", field: "t.regularization_weight"),
    Number(testDescription: "dropout", option: "{ dropout = X }", field: "t.model.dropout"),
    Number(testDescription: "count of negatives", option: "{ count = X }", field: "t.sampler.count", values: (2, 5)),
    Number(
      testDescription: "hinge margin", option: "{ loss = { margin = X } }", field: "t.loss.margin",
      loss: "perigee.losses.hinge"),
    Number(
      testDescription: "softmax temperature", option: "{ loss = { temperature = X } }", field: "t.loss.temperature",
      loss: "perigee.losses.softmax"),
    Number(
      testDescription: "bsl temperature", option: "{ loss = { temperature = X } }", field: "t.loss.temperature",
      loss: "perigee.losses.bsl"),
    Number(
      testDescription: "bsl negative exponent", option: "{ loss = { negative_exponent = X } }",
      field: "t.loss.negative_exponent", loss: "perigee.losses.bsl"),
    Number(
      testDescription: "ccl margin", option: "{ loss = { margin = X } }", field: "t.loss.margin",
      values: (-0.5, 0.1), loss: "perigee.losses.ccl"),
    Number(
      testDescription: "ccl negative weight", option: "{ loss = { margin = 0, negative_weight = X } }",
      field: "t.loss.negative_weight", loss: "perigee.losses.ccl"),
    Number(
      testDescription: "mml margin",
      option: "{ loss = { margins = { -0.5, X }, weights = { 1, 2 }, negative_weight = 3 } }",
      field: "t.loss.margins", values: (-0.1, 0.2), loss: "perigee.losses.mml", assigned: "{ -0.5, X }"),
    Number(
      testDescription: "mml weight",
      option: "{ loss = { margins = { -0.5, 0 }, weights = { X, 2 }, negative_weight = 3 } }",
      field: "t.loss.weights", loss: "perigee.losses.mml", assigned: "{ X, 2 }"),
    Number(
      testDescription: "mml positive weight",
      option: "{ loss = { margins = { 0 }, weights = { 1 }, positive_weight = X, negative_weight = 3 } }",
      field: "t.loss.positive_weight", loss: "perigee.losses.mml"),
    Number(
      testDescription: "mml negative weight",
      option: "{ loss = { margins = { 0 }, weights = { 1 }, negative_weight = X } }",
      field: "t.loss.negative_weight", loss: "perigee.losses.mml"),
    Number(testDescription: "rate of a group", option: "{ groups = { { parameters = { 'item' }, rate = X } } }"),
    Number(
      testDescription: "weight decay of a group",
      option: "{ groups = { { parameters = { 'user' }, weight_decay = X } } }"),
    Number(
      testDescription: "clip of a group", option: "{ groups = { { parameters = { 'item' }, clip = X } } }",
      values: (0.01, 0.05)),
    Number.loss("triplet", "margin"),
    Number.loss("contrastive", "margin", with: "distance = 'cosine'", values: (0.9, 1.3)),
    Number.loss("infonce", "temperature"),
    Number.loss("bsl", "positive_temperature", with: "mode = 'paper'"),
    Number.loss("pris", "temperature"),
    Number.loss("self_adversarial", "temperature"),
    Number.loss("warp", "margin"),
    Number.loss("warp", "maximum_weight", values: (0.1, 0.5)),
    Number.loss("cml", "margin", values: (1.5, 3), score: "euclidean"),
    Number.loss("tce", "drop_rate", with: "gradual_steps = 0"),
    Number.loss("tce_bpr", "drop_rate", with: "gradual_steps = 0"),
    Number.loss("rce", "beta"),
    Number.loss("rce_bpr", "beta"),
    Number.loss("uib", "alpha", boundary: true),
    Number.loss("uib", "margin", with: "form = 'margin'", boundary: true),
    Number.loss("sml", "item_weight", score: "euclidean"),
    Number.loss("sml", "margin_weight", values: (1, 8), score: "euclidean"),
    Number.loss("sml_uib", "alpha", score: "euclidean", boundary: true),
  ]

  /// The loss of three batches where the number is the first value in the first batch and the second from then on: by a
  /// schedule, by a function, by assignment between steps; and where it never changes.
  @Test(arguments: numbers)
  func everyNumberIsASchedule(_ number: Number) throws {
    let (first, second) = number.values
    func option(_ text: String) -> String { number.option.replacing("X", with: text) }
    let field = number.field.isEmpty ? "local _" : number.field
    let assigned = number.assigned.replacing("X", with: "\(second)")
    let values = try run(
      Self.prelude + """
        local function losses(t, between)
          local result = {}
          for i = 1, 3 do
            result[i] = ("%.17g"):format(t:step().loss)
            if i == 1 and between then between(t) end
          end
          return table.concat(result, " ")
        end
        local function function_of(epoch, step) return step == 1 and \(first) or \(second) end
        local jump = s.sequence { parts = { \(first), \(second) }, at = { 2 }, by = "step" }
        local l = \(number.loss)
        return losses(trainer(\(option("jump")), l)), losses(trainer(\(option("function_of")), l)),
          losses(trainer(\(option("\(first)")), l), function(t) \(field) = \(assigned) end),
          losses(trainer(\(option("\(first)")), l))
        """)
    #expect(values[0] == values[1], "a schedule is not what the function is")
    if !number.field.isEmpty { #expect(values[0] == values[2], "a schedule is not what an assignment is") }
    #expect(values[0] != values[3], "the number makes no difference")
  }

  @Test func aScheduleCanBeAssigned() throws {
    let values = try run(
      Self.prelude
        + """
        local t, u = trainer {}, trainer {}
        t:step() u:step()
        t.rate = s.linear { from = 1, to = 2, steps = 1, by = "step" }
        t.model.dropout = s.max(0.2, 0.3)
        u.rate, u.model.dropout = 2, 0.3
        collectgarbage()
        return t:step().loss == u:step().loss, t:step().loss == u:step().loss, tostring(t.rate)
        """)
    #expect(values[0] == true && values[1] == true)
    #expect(values[2] == "schedules.linear(from = 1, to = 2, steps = 1, by = step)")
  }

  @Test func aLossWrittenInLuaCallsASchedule() throws {
    let values = try run(
      Self.prelude + """
        local function loss_with(alpha)
          return function()
            return function(b)
              local weight = type(alpha) == "number" and alpha or alpha(b.epoch, b.step)
              return (b.positive - 1) ^ 2 + weight * (b.negative ^ 2):sum("negatives")
            end
          end
        end
        local line = s.linear { from = 1, to = 2, steps = 1, by = "step" }
        local a, one, two = trainer({}, loss_with(line)), trainer({}, loss_with(1)), trainer({}, loss_with(2))
        local first = a:step().loss
        local plateau = s.plateau { from = 0.01, factor = 0.5, patience = 1 }
        local followed = trainer({ rate = plateau }, loss_with(plateau))
        followed:run { epochs = 8, progress = false, evaluate = { metrics = { "recall@5" } } }
        return first == one:step().loss, first == two:step().loss, plateau.value
        """, split: smallSplit(validShare: true))
    #expect(values[0] == true && values[1] == false)
    #expect(values[2].asNumber! < 0.01)
  }

  @Test func aPlateauFollowsTheRun() throws {
    let values = try run(
      Self.prelude + """
        local rate = s.plateau { from = 0.01, factor = 0.5, patience = 1, metric = "recall@5", least = 0.002 }
        local t = trainer { rate = rate }
        local run = t:run { epochs = 12, progress = false, evaluate = { metrics = { "ndcg@5", "recall@5" } } }
        local by_hand = s.plateau { from = 0.01, factor = 0.5, patience = 1, least = 0.002 }
        for i = 1, 11 do by_hand:update(run.epochs[i].metrics["recall@5"]) end
        return rate.value, by_hand.value, rate.best == by_hand.best, rate.misses == by_hand.misses
        """, split: smallSplit(validShare: true))
    #expect(values[0] == values[1] && values[0].asNumber! < 0.01)
    #expect(values[2] == true && values[3] == true)
  }
}
