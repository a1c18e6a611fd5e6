import Tensors

/// Keeps the orders of the factors, and makes them anew after so many draws.
final class FactorClock: Stateful {
  private struct Kept {
    var orders: FactorOrders
    /// Draws before the batch under way, since the orders were made, and those of the batch.
    var draws: Int
    var drawsOfBatch: Int
    /// The batch under way: asked again, it has the same answer.
    var batch: (epoch: Int, number: Int)
  }

  private var kept = SamplerMemory<Kept>()

  /// - Parameter make: Gives `nil` for rows that are no numbers; nothing has changed then.
  func orders(
    in context: SamplingContext, every interval: Int, make: () throws -> FactorOrders?
  ) throws -> FactorOrders? {
    let batch = (context.place.epoch, context.place.number)
    var (orders, draws): (FactorOrders?, Int) = (nil, 0)
    if let earlier = kept.content(in: context), earlier.orders.itemCount == context.itemCount {
      let before = earlier.batch == batch ? earlier.draws : earlier.draws + earlier.drawsOfBatch
      if before < interval { (orders, draws) = (earlier.orders, before) }
    }
    guard let orders = try orders ?? make() else { return nil }
    kept.keep(
      Kept(orders: orders, draws: draws, drawsOfBatch: context.rowCount * context.count, batch: batch), in: context)
    return orders
  }

  // MARK: Snapshots

  /// The orders too: the rows from which they were made have moved since.
  func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    guard let kept = kept.content else { return snapshot }
    snapshot["orders"] = .counts(kept.orders.items)
    snapshot["variances"] = .doubles(kept.orders.variances)
    snapshot["place"] = .integers(
      [kept.draws, kept.drawsOfBatch, kept.batch.epoch, kept.batch.number].map(Int64.init))
    return snapshot
  }

  func restoration(from snapshot: Snapshot) throws -> () -> Void {
    var restored: Kept?
    if !snapshot.isEmpty {
      let variances = try snapshot.doubles("variances")
      let items = try snapshot.counts("orders")
      let place = try snapshot.integers("place", count: 4)
      let itemCount = items.count / max(1, variances.count)
      guard itemCount * variances.count == items.count, items.allSatisfy({ (0..<Int32(itemCount)).contains($0) }) else {
        throw TrainingError.setting("what was saved of the factors' orders does not fit together")
      }
      restored = Kept(
        orders: FactorOrders(itemCount: itemCount, factorCount: variances.count, items: items, variances: variances),
        draws: place[0], drawsOfBatch: place[1], batch: (place[2], place[3]))
    }
    return { [self] in kept.restore(restored) }
  }
}
