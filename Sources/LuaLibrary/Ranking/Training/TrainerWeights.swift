import Platform
import Interactions
import LuaHost
import Ranking
import Tensors

/// `weight` of `perigee.trainer`: how much positives count.
enum TrainerWeights {
  static var option: OptionDescription {
    .init(
      "weight",
      .anyTensor.or(
        .table([.init("half_life", .number(above: 0), "When a positive counts half as much.", optional: true)])
      ).or(.choice(["rating"])).or(
        .function("fun(users: BatchRows, positives: BatchRows, place: table): Tensor")),
      "How much each positive counts. Numbers from 0 for the interactions of the train part, user after user as `split:users()` and "
        + "`split:items_of(user)` list them; \"rating\": the data's ratings; { half_life = h }: 2^(-age / h), the age counted from the latest "
        + "interaction of the train part in the data's unit of time; or a function that is called once a batch, with `epoch`, `step`, `number` "
        + "and `negative_count` in `place`, for a tensor [B], or [B, N] of each triplet. A loss that does not read `s.weight` has each positive's "
        + "part and its derivatives multiplied by it; means still divide by all positives. [B, N] multiplies the terms of pairwise losses.",
      optional: true)
  }

  /// Gives the trainer the weights of a call. Returns what checkpoints know them by, where that is no hash of the numbers.
  static func use(in call: LuaCall, _ handle: TrainerHandle) throws -> String? {
    guard call.has("weight") else { return nil }
    let split = handle.split
    switch call.value("weight") {
    case .string:
      try handle.trainer.weigh(by: .interactions(ratings(split, call)))
      return "rating"
    case .function:
      let owned = try call.own(call.value("weight"), by: handle)
      try handle.trainer.weigh(by: .function { try weights(owned, $0, split) })
    case .table(let table) where try table.rawCount() == 0:
      let halfLife = try self.halfLife(table, call)
      try handle.trainer.weigh(by: .interactions(recency(split, halfLife: halfLife, call)))
      return "half_life = \(halfLife)"
    case let value:
      let tensor = try value.asTable == nil ? call.tensor("weight") : TensorTables.tensor(from: value, name: "weight")
      guard tensor.shape == [split.train.count] else {
        throw call.error(
          "weight",
          "got shape \(tensor.shape); want [\(split.train.count)], a number for each interaction of the train part, or a function"
        )
      }
      try handle.trainer.weigh(by: .interactions(tensor.elements()))
    }
    return nil
  }

  // MARK: What the data says

  private static func ratings(_ split: Split, _ call: LuaCall) throws -> [Float] {
    guard let ratings = split.dataset.ratings else {
      throw call.error("weight", "\(split.dataset.name) has no ratings; give numbers or a function")
    }
    return try ofTrainPart(ratings, split, call)
  }

  private static func recency(_ split: Split, halfLife: Double, _ call: LuaCall) throws -> [Float] {
    guard let timestamps = split.dataset.timestamps else {
      throw call.error(
        "weight", "\(split.dataset.name) has no times, which half_life is of; give numbers or a function")
    }
    let times = try ofTrainPart(timestamps, split, call)
    let latest = times.max() ?? 0
    return times.map { Float(exp2(-Double(latest - $0) / halfLife)) }
  }

  private static func halfLife(_ table: LuaTable, _ call: LuaCall) throws -> Double {
    guard let halfLife = try table.rawGet("half_life").asNumber, halfLife > 0 else {
      throw call.error("weight", "want numbers, or { half_life = h } with h above 0 in the data's unit of time")
    }
    return halfLife
  }

  /// Both are sorted by user, then by item.
  private static func ofTrainPart<Number>(_ numbers: [Number], _ split: Split, _ call: LuaCall) throws -> [Number] {
    let (all, train) = (split.dataset.interactions, split.train)
    var result: [Number] = []
    result.reserveCapacity(train.count)
    for user in 0..<train.userCount {
      var place = all.rowOffsets[user]
      for item in train.items(of: user) {
        while place < all.rowOffsets[user + 1], all.items[place] < item { place += 1 }
        guard place < all.rowOffsets[user + 1], all.items[place] == item else {
          throw call.error("weight", "the split has interactions that its data has not; give numbers or a function")
        }
        result.append(numbers[place])
      }
    }
    return result
  }

  // MARK: What a function says

  private static func weights(_ owned: LuaOwned, _ batch: WeightedBatch, _ split: Split) throws -> BatchWeights {
    let function = try owned.function()
    let reader = ParameterReader.evaluation()
    let place: LuaRecord = [
      "epoch": batch.position.epoch, "step": batch.position.step, "number": batch.place.number,
      "negative_count": batch.negativeCount,
    ]
    let text = " (in weight, epoch \(batch.place.epoch), batch \(batch.place.number))"
    do {
      let result =
        try function.call(
          [
            BatchRows(.user, batch.users, split: split, reader: reader),
            BatchRows(.item, batch.positives, split: split, reader: reader), place,
          ], for: CallPurpose.schedule(batch.position)
        ).first ?? .nil
      return try weights(tensor(result, function.state()), batch)
    } catch let error as LuaError where error.kind == .runtime {
      throw error.adding(text)
    } catch let error as LuaArgumentError {
      throw LuaArgumentError("\(error)\(text)")
    }
  }

  private static func tensor(_ value: LuaValue, _ state: LuaState) throws -> Tensor {
    if let source = value.asObject((any TensorSource).self) { return try source.tensor(in: state) }
    return try TensorTables.tensor(from: value, name: "weight")
  }

  private static func weights(_ tensor: Tensor, _ batch: WeightedBatch) throws -> BatchWeights {
    let (rows, count) = (batch.users.count, batch.negativeCount)
    switch tensor.shape {
    case [rows]: return BatchWeights(try tensor.elements())
    case [rows, count]: return BatchWeights(try tensor.elements(), isByTriplet: true)
    default:
      throw LuaArgumentError(
        "weight: got shape \(tensor.shape); want [\(rows)], a number for each positive, or [\(rows), \(count)], one for each triplet"
      )
    }
  }
}
