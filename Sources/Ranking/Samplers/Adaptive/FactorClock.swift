import Tensors

/// Keeps the orders of the factors, and makes them anew after so many draws.
final class FactorClock: Stateful {
  private var orders: FactorOrders?
  /// Draws before the batch under way, since the orders were made, and those of the batch.
  private var draws = 0
  private var drawsOfBatch = 0
  /// The batch under way: asked again, it has the same answer.
  private var batch = (epoch: 0, number: 0)
  /// Whose orders they are; nobody's yet where they come from a snapshot.
  private weak var training: AnyObject?
  private var isRestored = false

  /// - Parameter make: Gives `nil` for rows that are no numbers; nothing has changed then.
  func orders(
    in context: SamplingContext, every interval: Int, make: () throws -> FactorOrders?
  ) throws -> FactorOrders? {
    let place = (context.place.epoch, context.place.number)
    let isKnown = (training === context.training || isRestored) && orders?.itemCount == context.itemCount
    let before = batch == place ? draws : draws + drawsOfBatch
    if !isKnown || before >= interval {
      guard let made = try make() else { return nil }
      (orders, draws) = (made, 0)
    } else {
      draws = before
    }
    (batch, drawsOfBatch) = (place, context.rowCount * context.count)
    (training, isRestored) = (context.training, false)
    return orders
  }

  // MARK: Snapshots

  /// The orders too: the rows from which they were made have moved since.
  func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    guard let orders else { return snapshot }
    snapshot["orders"] = .counts(orders.items)
    snapshot["variances"] = .doubles(orders.variances)
    snapshot["place"] = .integers([draws, drawsOfBatch, batch.epoch, batch.number].map(Int64.init))
    return snapshot
  }

  func restoration(from snapshot: Snapshot) throws -> () -> Void {
    var restored: FactorOrders?
    var place = [0, 0, 0, 0]
    if !snapshot.isEmpty {
      let variances = try snapshot.doubles("variances")
      let items = try snapshot.counts("orders")
      place = try snapshot.integers("place", count: 4)
      let itemCount = items.count / max(1, variances.count)
      guard itemCount * variances.count == items.count, items.allSatisfy({ (0..<Int32(itemCount)).contains($0) }) else {
        throw TrainingError.setting("what was saved of the factors' orders does not fit together")
      }
      restored = FactorOrders(itemCount: itemCount, factorCount: variances.count, items: items, variances: variances)
    }
    return { [self] in
      orders = restored
      (draws, drawsOfBatch, batch) = (place[0], place[1], (place[2], place[3]))
      (training, isRestored) = (nil, true)
    }
  }
}
