import Evaluation
import Interactions
import LuaHost

/// The options that `perigee.evaluate`, `perigee.evaluate_lists` and `trainer:run { evaluate = ... }` share: described here and read
/// here, whatever table they stand in.
struct EvaluationOptions {
  let call: LuaCall
  /// `evaluate.` where the options stand in a table of that name.
  let prefix: String
  let split: Split

  init(_ call: LuaCall, prefix: String = "", split: Split) {
    self.call = call
    self.prefix = prefix
    self.split = split
  }

  // MARK: Descriptions

  /// What is measured, of whom.
  ///
  /// - Parameter part: The part by default.
  static func measures(on part: EvaluationPart) -> [OptionDescription] {
    [
      .init("on", .choice(EvaluationPart.self), "The part whose items are looked for.", default: .string(part.rawValue))
    ] + MetricOptions.descriptions + UserOptions.descriptions + [
      .init(
        "ties", .choice(TieRule.self),
        "Which of two items with equal scores stands first. `order`: the one that the data has first. `against`: the one that is not "
          + "looked for, so that equal scores win nothing.", default: "order")
    ]
  }

  /// What is ranked.
  static var ranking: [OptionDescription] {
    [mask(default: "auto")] + CandidateOptions.descriptions + [
      .init(
        "any_split", .boolean,
        "Whether a model that was trained on another split than this is taken: what it saw there may be among what is looked for.",
        default: false)
    ]
  }

  static func mask(default mask: String) -> OptionDescription {
    .init(
      "mask", .choice(MaskChoice.self),
      "What a list must not contain. `auto`: the train items, and when testing those of the validation part too where there is one.",
      default: .string(mask))
  }

  // MARK: Reading

  /// All but what `ranking` describes.
  func measures() throws -> EvaluationSettings {
    let metrics = try MetricOptions(self)
    var settings = EvaluationSettings(metrics: metrics.metrics)
    settings.customMetrics = metrics.custom
    settings.part = try call.choice(name("on"))
    settings.ties = try call.choice(name("ties"))
    let users = UserOptions(self)
    settings.users = try users.chosen(settings.part)
    settings.group = users.group(among: settings.users, settings.part)
    settings.itemGroup = users.itemGroup
    return settings
  }

  /// All of them.
  func settings() throws -> EvaluationSettings {
    var settings = try measures()
    settings.mask = try call.choice(name("mask"), as: MaskChoice.self).mask
    (settings.candidates, settings.repeats) = try CandidateOptions.read(self)
    return settings
  }

  /// The evaluation that they describe, with what is to know of its candidates told on standard error.
  func plan() throws -> EvaluationPlan {
    let plan = try split.namingIdentifiers { try EvaluationPlan(split, settings()) }
    for text in plan.candidateReport?.warnings ?? [] { warn("\(name("candidates")): \(text)") }
    return plan
  }

  /// An option's name as the call knows it.
  func name(_ option: String) -> String { prefix + option }

  func value(_ option: String) -> LuaValue { call.value(name(option)) }

  func error(_ option: String, _ problem: String) -> LuaArgumentError { call.error(name(option), problem) }

  /// A user as messages show it: `user '12'`.
  func shownUser(_ user: Int32) -> String { "user '\(split.dataset.userIdentifiers.shownIdentifier(at: Int(user)))'" }

  /// Calls a function of the script for a user; its errors say for which.
  func call(
    _ function: LuaFunction, _ arguments: [any LuaConvertible], of option: String, for user: Int32
  ) throws -> LuaValue {
    try call(function, arguments, of: option, for: shownUser(user))
  }

  /// - Parameter subject: A user or an item as messages show it.
  func call(
    _ function: LuaFunction, _ arguments: [any LuaConvertible], of option: String, for subject: String
  ) throws -> LuaValue {
    do {
      return try function.call(arguments, for: CallPurpose.callback()).first ?? .nil
    } catch let error as LuaError where error.kind == .runtime {
      throw error.adding(" (in \(name(option)), \(subject))")
    }
  }
}

/// `EvaluationMask` as scripts write it.
enum MaskChoice: String, CaseIterable {
  case auto, train
  case trainAndValid = "train+valid"
  case none

  var mask: EvaluationMask {
    switch self {
    case .auto: .automatic
    case .train: .train
    case .trainAndValid: .trainAndValid
    case .none: .nothing
    }
  }
}
