import Tensors

/// Triplets whose losses are functions of inner products, differentiated by hand.
final class FactorTriplets: WeighedTriplets {
  /// `[B]`
  let weights: [Float]
  private let pass: TripletImportancePass
  private let importance: TripletImportance
  private let pull: ClusterPull?
  private let userTable: Parameter
  private let itemTable: Parameter
  private let everyItemMoves: Bool

  init(
    _ pass: TripletImportancePass, _ weights: [Float], _ importance: TripletImportance, _ pull: ClusterPull?,
    _ batch: TripletBatch
  ) {
    (self.pass, self.weights, self.importance, self.pull) = (pass, weights, importance, pull)
    (userTable, itemTable, everyItemMoves) = (batch.userTable, batch.itemTable, batch.everyItemMoves)
  }

  /// Of rows that a graph makes, the training step takes what scores say back to the tables.
  var coversScores: Bool { pass.encoding == nil }

  func addGradients(to gradients: GradientSet) throws {
    let outcome = try differentiate(gradients.of(itemTable))
    if coversScores {
      gradients.of(userTable).add(pass.buffers.userSums, distance: pass.stride, rows: pass.users.rows)
      if !pass.reachesTable {
        gradients.of(itemTable).add(pass.buffers.itemSums, distance: pass.stride, rows: pass.items.rows)
      }
    } else if pass.settings.isAttached {
      gradients.of(userTable).add(pass.buffers.attachedUsers, distance: pass.stride, rows: pass.users.rows)
    }
    if let clusters = importance.clusters, clusters.motion == .learned {
      let centers = gradients.of(clusters.centers)
      centers.addAll(pass.buffers.centerGradients, distance: pass.stride)
      if let pull { centers.addAll(pull.centers, distance: pass.stride) }
    }
    let network = importance.network
    outcome.hidden.withUnsafeBufferPointer {
      gradients.of(network.hidden).addAll($0.baseAddress!, distance: 2 * network.width)
    }
    gradients.of(network.bias).add(outcome.bias, row: 0)
    gradients.of(network.output).add(outcome.output, row: 0)
    if network.hasOffset { gradients.of(network.offset).add(outcome.offset) }
  }

  /// Gives all items their gradients, and looks ahead before those of others are added to them. Both are padded alike: `check` lets no
  /// table with biases through.
  private func differentiate(_ items: RowGradients) throws -> TripletImportancePass.Outcome {
    guard pass.reachesTable else {
      pass.differentiateBeside(into: nil)
      return try pass.lookAhead()
    }
    var outcome: TripletImportancePass.Outcome?
    if items.hasBlock {
      let table = try pass.ownTable()
      pass.differentiateBeside(into: table)
      outcome = try pass.lookAhead()
      items.addAll(table, distance: pass.stride)
    } else {
      try items.takeBlock(pool: pass.pool, keepsZeros: everyItemMoves) {
        pass.differentiateBeside(into: $0)
        outcome = try pass.lookAhead()
      }
    }
    return outcome!
  }
}
