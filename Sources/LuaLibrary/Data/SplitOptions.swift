import Interactions
import LuaHost
import Platform

/// `dataset:split { ... }`: which options go with which kind.
enum SplitOptions {
  private enum Kind: String, CaseIterable {
    case given, ratio, temporal
    case leaveOneOut = "leave_one_out"
    case kFold = "kfold"

    /// The options that mean something for this kind.
    var options: [String] {
      switch self {
      case .given: ["valid", "seed"]
      case .ratio: ["test", "valid", "by", "seed"]
      case .leaveOneOut: ["by", "valid", "too_few", "seed"]
      case .temporal: ["test", "valid", "test_from", "valid_from"]
      case .kFold: ["folds", "fold", "valid", "seed"]
      }
    }
  }

  static var split: FunctionDescription {
    FunctionDescription(
      "split", "Cuts the set into what is trained on, what selects and what is reported.",
      details: """
        `given` is the published split. `ratio` takes a share of each user's interactions, `leave_one_out` one of each user \
        (and one more for validation unless `valid = false`), both at random or the latest; `temporal` the latest of all, `kfold` one \
        fold of each user's. What a user has too little of stays in train, unless `too_few` says otherwise. The same seed gives the \
        same split.
        """,
      example:
        "local split = data:split { kind = \"given\" }\nlocal late = data:split { kind = \"ratio\", test = 0.2, valid = 0.1, by = \"latest\" }",
      options: [
        .init("kind", .choice(Kind.self), "The rule."),
        .init("test", .number(in: 0..<1), "Share of test: 0.2 if left out (`ratio`, `temporal`).", optional: true),
        .init(
          "valid", .number(in: 0..<1).or(.boolean),
          "Share of validation, 0 if left out; of the train part with `given` and `kfold`. True or false with `leave_one_out`.",
          optional: true),
        .init(
          "by", .choice(SplitRule.Choice.self),
          "Which of a user's interactions go to test, `random` if left out; `latest`: the last by time, those before them to "
            + "validation, equally late ones as the seed draws them (`ratio`, `leave_one_out`).", optional: true),
        .init(
          "too_few", .choice(SplitRule.TooFew.self),
          "What becomes of users with fewer interactions than one for each part, `train` if left out: they train with what they have; "
            + "`drop`: they are in no part, and a warning says how many; `error` (`leave_one_out`).", optional: true),
        .init("folds", .integer(atLeast: 2), "How many folds, 5 if left out (`kfold`).", optional: true),
        .init("fold", .integer(atLeast: 1), "Which fold is test, 1 if left out (`kfold`).", optional: true),
        .init(
          "test_from", .integer.or(.string),
          "Test begins at this time, in the data's unit, or a date: `2021-10-01`, `2021-10-01 12:30:00` (UTC) or "
            + "`2021-10-01T12:30:00+02:00` (`temporal`).",
          optional: true),
        .init(
          "valid_from", .integer.or(.string), "Validation begins at this time (`temporal`, with `test_from`).",
          optional: true),
        .init("seed", .integer(atLeast: 0), "Of the random choices, 0 if left out.", optional: true),
      ],
      returns: [.init("split", .object(Split.self), "The parts.")]
    ) { call in
      let data = call.receiver(Dataset.self)
      let split = try data.split(try rule(call))
      if case .drop? = call.optionalChoice("too_few", as: SplitRule.TooFew.self) { warnOfDroppedUsers(split) }
      return [split]
    }
  }

  private static func warnOfDroppedUsers(_ split: Split) {
    let dropped = split.usersInNoPart
    guard !dropped.isEmpty else { return }
    let count = dropped.reduce(0) { $0 + split.dataset.interactions.items(of: $1).count }
    warn(
      "split: \(dropped.count) of \(split.userCount) users have too few interactions and are in no part, with \(count) of "
        + "\(split.dataset.interactions.count) interactions")
  }

  private static func rule(_ call: LuaCall) throws -> SplitRule {
    let kind: Kind = try call.choice("kind")
    for option in ["test", "valid", "by", "too_few", "folds", "fold", "test_from", "valid_from", "seed"]
    where call.has(option) && !kind.options.contains(option) {
      throw call.error(
        option, "means nothing with kind = \"\(kind.rawValue)\", which takes \(kind.options.joined(separator: ", "))")
    }
    let test = call.optionalNumber("test") ?? 0.2
    let seed = UInt64(call.optionalInteger("seed") ?? 0)
    switch kind {
    case .given: return .given(valid: try validShare(call), seed: seed)
    case .ratio:
      return .ratio(
        test: test, valid: try validShare(call), by: call.optionalChoice("by") ?? .random, seed: seed)
    case .leaveOneOut:
      guard !call.has("valid") || call.optionalBoolean("valid") != nil else {
        throw call.error("valid", "want true or false with kind = \"leave_one_out\": one interaction or none")
      }
      return .leaveOneOut(
        call.optionalChoice("by") ?? .random, valid: call.optionalBoolean("valid") ?? true, seed: seed,
        tooFew: call.optionalChoice("too_few") ?? .train)
    case .temporal: return try temporal(call, test: test)
    case .kFold:
      let folds = call.optionalInteger("folds") ?? 5
      return .kFold(count: folds, fold: call.optionalInteger("fold") ?? 1, valid: try validShare(call), seed: seed)
    }
  }

  private static func temporal(_ call: LuaCall, test: Double) throws -> SplitRule {
    let data = call.receiver(Dataset.self)
    guard let testFrom = try call.time("test_from", in: data) else {
      if call.has("valid_from") { throw call.error("valid_from", "needs test_from as well") }
      return .temporal(test: test, valid: try validShare(call))
    }
    for option in ["test", "valid"] where call.has(option) {
      throw call.error(option, "a share and test_from exclude each other: give one of them")
    }
    return .temporalAt(testFrom: testFrom, validFrom: try call.time("valid_from", in: data))
  }

  private static func validShare(_ call: LuaCall) throws -> Double {
    if call.optionalBoolean("valid") != nil {
      throw call.error("valid", "want a share such as 0.1; true and false go with kind = \"leave_one_out\"")
    }
    return call.optionalNumber("valid") ?? 0
  }
}
