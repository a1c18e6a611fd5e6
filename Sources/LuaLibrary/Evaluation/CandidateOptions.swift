import Evaluation
import Interactions
import LuaHost
import Platform

/// `candidates` and `repeats`: what the items that are looked for are ranked among.
enum CandidateOptions {
  static var descriptions: [OptionDescription] {
    [
      .init(
        "candidates",
        .string.or(
          .table([
            .init("count", .integer(atLeast: 1), "Items that are drawn for each user."),
            .init("seed", .integer(atLeast: 0), "Of the draw.", default: 0),
          ])),
        "What is ranked. `all`: every item. `{ count = 100, seed = 1 }`: for each user so many distinct items that the user has in no part, "
          + "drawn once by the seed, the same for every part and model. `given`: the lists that came with the data. A table from users to "
          + "lists of items; or the path of a file with lines `user item item ...`, or NCF's `(user,item) item ...`. Only the scores "
          + "of candidates are computed, and lists are ranked as they are unless `mask` says otherwise. Numbers compare with others of the same candidates alone.",
        default: "all"),
      .init(
        "repeats", .choice(CandidateRepeats.self),
        "How often a candidate counts that a list holds twice, or that is looked for itself: `once`, as in NCF's code, or `each` time "
          + "that it is listed, as in UIB's.", default: "once"),
    ]
  }

  private static let drawOptions = ["count", "seed"]

  static func read(_ options: EvaluationOptions) throws -> (Candidates, CandidateRepeats) {
    let repeats: CandidateRepeats = try options.call.choice(options.name("repeats"))
    let candidates = try candidates(options)
    if case .all = candidates, options.call.has(options.name("repeats")) {
      throw options.error("repeats", "is for lists of candidates; say which, candidates = \"given\" for example")
    }
    return (candidates, repeats)
  }

  private static func candidates(_ options: EvaluationOptions) throws -> Candidates {
    if let table = options.value("candidates").asTable { return try candidates(table, options) }
    switch try options.call.string(options.name("candidates")) {
    case "all": return .all
    case "given": return .given
    case let path: return .lists(try lists(path, options))
    }
  }

  // MARK: A file

  private static func lists(_ path: String, _ options: EvaluationOptions) throws -> CandidateLists {
    do {
      return try options.call.interruptible { isInterrupted in
        try CandidateLists(path: path, for: options.split.dataset, isInterrupted: isInterrupted)
      }
    } catch let error as DataError where error != .interrupted {
      let near = nearestName(to: path, in: ["all", "given"]).map { "; did you mean \"\($0)\"?" } ?? ""
      throw options.error("candidates", "\(error)\(near)")
    }
  }

  // MARK: A table

  /// A table whose values are tables is one of lists by user; any other holds options.
  private static func candidates(_ table: LuaTable, _ options: EvaluationOptions) throws -> Candidates {
    var draw: [String: LuaValue] = [:]
    var lists = ItemTable(options, of: options.name("candidates"))
    try table.forEachEntry { key, value in
      if let list = value.asTable {
        try lists.add(key, list)
      } else if let name = key.asString, drawOptions.contains(name) {
        draw[name] = value
      } else {
        throw stranger(key, value, options)
      }
    }
    if draw.isEmpty { return .lists(lists.candidates()) }
    guard lists.isEmpty else {
      throw options.error(
        "candidates", "want { count = 100, seed = 1 } or lists of items by user, got both in one table")
    }
    return .drawn(
      count: try whole(draw["count"], "count", atLeast: 1, options),
      seed: UInt64(try draw["seed"].map { try whole($0, "seed", atLeast: 0, options) } ?? 0))
  }

  private static func stranger(_ key: LuaValue, _ value: LuaValue, _ options: EvaluationOptions) -> LuaArgumentError {
    guard let name = key.asString else {
      return options.error(
        "candidates",
        "want { count = 100, seed = 1 } or a list of items for each user, got a \(value.typeName) for one of them")
    }
    return options.error("candidates", "unknown option '\(shown(name))'\(suggestion(for: name, in: drawOptions))")
  }

  private static func whole(
    _ value: LuaValue?, _ name: String, atLeast bound: Int, _ options: EvaluationOptions
  ) throws -> Int {
    guard let number = value?.asInteger, number >= bound else {
      throw options.error(
        "candidates", "\(name): want an integer of at least \(bound), got \(value?.typeName ?? "nothing")")
    }
    return number
  }
}
