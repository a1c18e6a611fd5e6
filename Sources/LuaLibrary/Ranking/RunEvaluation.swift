import Evaluation
import Interactions
import Laboratory
import LuaHost
import Platform
import Ranking

/// What is measured during a run of a trainer or a solver, its option `evaluate`, and what ends it early.
struct RunEvaluation {
  let every: Int
  let part: EvaluationPart
  let measure: () throws -> [(name: String, value: Double)]
  /// What early stopping may watch.
  private let names: [String]

  static var option: OptionDescription {
    .init(
      "evaluate",
      .options(
        [
          .init("every", .integer(atLeast: 1), "Epochs between two evaluations.", default: 1)
        ] + EvaluationOptions.measures(on: .valid) + EvaluationOptions.ranking), "Evaluation during the run.",
      optional: true)
  }

  /// `nil` where the call does not ask for it.
  init?(_ model: ModelHandle, _ split: Split, _ call: LuaCall) throws {
    guard call.has("evaluate") else { return nil }
    let part: EvaluationPart = try call.choice("evaluate.on")
    guard part == .test || split.valid != nil else {
      throw call.error(
        "evaluate.on",
        "\(split) has no validation part; split with valid = 0.1, or say on = \"test\" (nothing is selected then)")
    }
    if !(try call.boolean("evaluate.any_split")) { try model.checkTraining(on: split, "evaluate", call) }
    let plan = try EvaluationOptions(call, prefix: "evaluate.", split: split).plan()
    every = try call.integer("evaluate.every")
    self.part = part
    names = plan.resultNames
    measure = { try model.evaluate(plan).named }
  }

  // MARK: Early stopping

  static var stoppingOptions: [OptionDescription] {
    [
      .init("patience", .integer(atLeast: 1), "Evaluations without improvement that end the run.", optional: true),
      .init(
        "monitor", .string,
        "The metric that early stopping watches, of a group `ndcg@10/group`; the first by default.", optional: true),
      .init("min_improvement", .number(atLeast: 0), "What counts as improvement.", default: 0),
      .init(
        "select_on_test", .boolean, "Allows early stopping on the test part, as some published codes do.",
        default: false),
    ]
  }

  /// `nil` where the call does not ask for it.
  ///
  /// - Parameter evaluation: That of the same call.
  static func stopping(_ evaluation: RunEvaluation?, _ call: LuaCall) throws -> EarlyStopping? {
    guard let patience = call.optionalInteger("patience") else {
      if call.has("monitor") { throw call.error("monitor", "is for early stopping: give patience too") }
      return nil
    }
    guard let evaluation else {
      throw call.error("patience", "early stopping needs evaluate = { on = \"valid\", metrics = { ... } }")
    }
    if evaluation.part == .test, !(try call.boolean("select_on_test")) {
      throw call.error(
        "patience",
        "this would select on the test part; evaluate on \"valid\" (split with valid = 0.1), or say select_on_test = true"
      )
    }
    let names = evaluation.names
    let monitor = call.optionalString("monitor") ?? names[0]
    guard names.contains(monitor) else {
      throw call.error("monitor", "'\(shown(monitor))' is not among the metrics \(names.joined(separator: ", "))")
    }
    return EarlyStopping(metric: monitor, patience: patience, minimumImprovement: try call.number("min_improvement"))
  }
}
