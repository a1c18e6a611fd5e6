import Interactions
import LuaHost
import Ranking
import Tensors

/// Negatives that were given beforehand.
extension SamplersModule {
  static var fixed: FunctionDescription {
    FunctionDescription(
      "fixed", "Negatives that are given beforehand, a list for each user or for each pair of the train part.",
      details:
        "Of `negatives`, `file` and `tensor` give one. A user without a list, or with an empty one, is left out. Lists are taken as they "
        + "are: repetitions and items of the user's train part too.",
      example: """
        local sampler = perigee.samplers.fixed {
          data = split, negatives = { ["196"] = { 242, 302 }, ["22"] = { 377 } }, order = "random",
        }
        """,
      options: [
        .init("data", .object(Split.self), "Whose users and items."), count,
        .init(
          "negatives", .map(.list(.string.or(.integer))), "Items by user, with the data's own identifiers.",
          optional: true),
        .init(
          "file", .string,
          "Lines `user item item ...`, or NCF's `(user,item) item ...`, with the data's own identifiers, gzipped or not.",
          optional: true),
        .init(
          "tensor", .anyTensor,
          "Positions of items, from 1: `[users, K]`, or `[pairs, K]` with `per = \"pair\"`.", optional: true),
        .init(
          "per", .choice(["user", "pair"]),
          "Whose the rows of `tensor` are; pairs of the train part stand by user and, for each, by item, in the order of positions.",
          default: "user"),
        .init(
          "order", .choice(FixedSampler.Order.self),
          "given: the first `count` of a list, in their order. random: drawn from the list, with replacement.",
          default: "given"),
      ], returns: [.init("sampler", .object(FixedSampler.self), "The sampler.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      let isOfPairs = try call.string("per") == "pair"
      if isOfPairs, !call.has("tensor") {
        throw call.error(
          "per", "lists by pair are given as a tensor [pairs, K], one row for each pair of the train part")
      }
      let sampler = FixedSampler(
        count: 1, lists: try lists(call, split), per: isOfPairs ? .pair : .user, order: try call.choice("order"))
      sampler.count = try call.schedule("count", ownedBy: sampler)
      try sampler.prepare(split.train)
      return [sampler]
    }
  }

  private static func lists(_ call: LuaCall, _ split: Split) throws -> CandidateLists {
    let given = ["negatives", "file", "tensor"].filter(call.has)
    guard given.count == 1 else {
      throw LuaArgumentError(
        "got \(given.isEmpty ? "none" : given.joined(separator: " and ")) of negatives, file and tensor; want one of them"
      )
    }
    if call.has("file") {
      return try CandidateLists(
        path: call.string("file"), for: split.dataset, isInterrupted: { [state = call.state] in state.isInterrupted })
    }
    return try call.has("tensor") ? listsOfTensor(call, split) : listsOfTable(call, split)
  }

  private static func listsOfTable(_ call: LuaCall, _ split: Split) throws -> CandidateLists {
    var lists = [[Int32]](repeating: [], count: split.userCount)
    try call.table("negatives").forEachEntry { key, value in
      let user = try call.user(key, of: "negatives", in: split.dataset)
      guard lists[user].isEmpty else {
        throw call.error(
          "negatives", "has two lists for user '\(split.dataset.userIdentifiers.shownIdentifier(at: user))'")
      }
      lists[user] = try (value.asTable?.array() ?? []).map {
        Int32(try call.item($0, of: "negatives", in: split.dataset))
      }
    }
    return CandidateLists(lists)
  }

  private static func listsOfTensor(_ call: LuaCall, _ split: Split) throws -> CandidateLists {
    let tensor = try call.tensor("tensor")
    guard tensor.rank == 2 else {
      throw call.error("tensor", "got shape \(tensor.shape); want [users, K] or [pairs, K]")
    }
    let items = try itemNumbers(tensor, itemCount: split.itemCount) { call.error("tensor", $0) }
    return CandidateLists(
      rowOffsets: (0...tensor.shape[0]).map { $0 * tensor.shape[1] }, items: items)
  }

  /// Dense items of positions from 1.
  static func itemNumbers(_ tensor: Tensor, itemCount: Int, _ error: (String) -> any Error) throws -> [Int32] {
    try tensor.elements().enumerated().map { place, value in
      guard let position = Int(exactly: value), (1...itemCount).contains(position) else {
        let row = place / max(1, tensor.shape.last ?? 1) + 1
        throw error(
          "\(shortNumber(value)) in row \(row) is the position of no item; want a whole number from 1 to \(itemCount)")
      }
      return Int32(position - 1)
    }
  }

  private static func shortNumber(_ value: Float) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }

  static var fixedType: TypeDescription {
    TypeDescription(
      FixedSampler.self, "Negatives that were given.",
      fields: [
        countField(\FixedSampler.count),
        FieldDescription(
          "order", .choice(FixedSampler.Order.self), "Which of a list are taken.",
          get: { (s: FixedSampler) in s.order.rawValue }),
      ], size: { $0.lists.items.count * 4 + $0.lists.rowOffsets.count * 8 },
      describe: { "samplers.fixed(count = \($0.count), order = \($0.order.rawValue))" })
  }
}

extension FixedSampler: LuaObject { public static var luaName: String { "FixedSampler" } }
