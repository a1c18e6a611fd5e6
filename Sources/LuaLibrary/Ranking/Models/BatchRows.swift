import Interactions
import LuaHost
import Ranking
import Tensors

/// Users or items of a batch as `encode` receives them: what parameters are indexed by.
public final class BatchRows: LuaObject {
  public static var luaName: String { "BatchRows" }
  let owner: Parameter.Owner
  /// Dense numbers.
  let identifiers: [Int32]
  /// The positive beside each user, where each row of a batch is encoded; `nil` at evaluation.
  let positives: [Int32]?
  let split: Split
  let reader: ParameterReader

  init(
    _ owner: Parameter.Owner, _ identifiers: [Int32], positives: [Int32]? = nil, split: Split, reader: ParameterReader
  ) {
    self.owner = owner
    self.identifiers = identifiers
    self.positives = positives
    self.split = split
    self.reader = reader
  }

  static var type: TypeDescription {
    TypeDescription(
      BatchRows.self,
      "Users or items of a batch; parameters are indexed by it. Where a function takes a tensor it is that of their positions "
        + "in the data, from 1, as `gather` wants them: `x:gather(users)`.", methods: [names, positions, history],
      fields: [FieldDescription("count", .integer, "How many.", get: { (r: BatchRows) in r.identifiers.count })],
      metamethods: [
        FunctionDescription(
          "__len", "How many.", parameters: [.init("self", .object(BatchRows.self), "The rows.")],
          returns: [.init("count", .integer, "How many.")]
        ) { call in [try call.object("self", as: BatchRows.self).identifiers.count] }
      ] + TensorModule.arithmetic, size: { $0.identifiers.count * 4 },
      describe: { "\($0.identifiers.count) \($0.owner.rawValue)s of a batch" })
  }

  private static var names: FunctionDescription {
    FunctionDescription(
      "names", "Their identifiers in the data.", returns: [.init("names", .list(.string), "In the rows' order.")]
    ) { call in
      let rows = call.receiver(BatchRows.self)
      let data = rows.split.dataset
      return [
        (rows.owner == .user ? data.userIdentifiers : data.itemIdentifiers).identifiers(rows.identifiers.map(Int.init))
      ]
    }
  }

  private static var positions: FunctionDescription {
    FunctionDescription(
      "positions", "Their positions in the data, from 1.",
      details: "Where rows of all users, or of all nodes of a graph, are in one tensor.",
      example: "local rows = all:gather(users:positions())",
      returns: [.init("positions", .tensor, "`[count]`.")]
    ) { call in [try call.receiver(BatchRows.self).tensor(in: call.state)] }
  }

  private static var history: FunctionDescription {
    FunctionDescription(
      "history", "The train items of each user, one user after another.",
      details:
        "With `each_row = true` a user's history leaves out the positive beside the user in training. The lists are made for "
        + "`perigee.segment_sum`: `parameters.item[history.items]` has a row for each entry, `history.segments` says whose it is.",
      example: """
        local history = users:history()
        local mean = perigee.segment_mean(parameters.item[history.items], history.segments, #users)
        """,
      options: [.init("max", .integer(atLeast: 1), "Items of a history that count, the last ones.", optional: true)],
      returns: [
        .init(
          "history", .table, "`items` (rows to index parameters by), `segments` and `lengths` (tensors): see above.")
      ]
    ) { call in
      let rows = call.receiver(BatchRows.self)
      guard rows.owner == .user else { throw LuaArgumentError("items have no history; ask users:history()") }
      let lists = UserHistory(rows.split.train, maximum: call.optionalInteger("max")).lists(
        of: rows.identifiers, leavingOut: rows.positives)
      return [
        [
          "items": BatchRows(.item, lists.items, split: rows.split, reader: rows.reader),
          "segments": try Tensor(lists.histories.map { Float($0 + 1) }),
          "lengths": try Tensor(lists.lengths.map(Float.init)),
        ] as LuaRecord
      ]
    }
  }
}

extension BatchRows: TensorSource {
  /// Their positions in the data, from 1: `[count]`.
  func tensor(in state: LuaState) throws -> Tensor {
    // A float32 tells whole numbers apart up to here.
    if let large = identifiers.first(where: { $0 >= 1 << 24 }) {
      throw LuaArgumentError(
        "position \(large + 1) of a \(owner.rawValue) is beyond 2^24 and no number of a tensor; index a parameter by these rows"
      )
    }
    return try Tensor(identifiers.map { Float($0 + 1) })
  }
}
