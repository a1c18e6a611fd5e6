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

  let coversScores = true

  func addGradients(to gradients: GradientSet) throws {
    let outcome = try differentiate(gradients.of(userTable), gradients.of(itemTable))
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

  /// Gives the tables' rows their gradients, and looks ahead. A block is padded as a row of the pass is: `check` lets no table with biases
  /// through.
  private func differentiate(_ users: RowGradients, _ items: RowGradients) throws -> TripletImportancePass.Outcome {
    let pool = pass.pool
    var outcome: TripletImportancePass.Outcome?
    if pass.encoding != nil {
      try users.takeBlock(pool: pool) { userBlock in
        try items.takeBlock(pool: pool, keepsZeros: everyItemMoves) { itemBlock in
          pass.differentiateBeside(into: itemBlock)
          outcome = try pass.lookAhead(tables: (userBlock, itemBlock))
        }
      }
      return outcome!
    }
    if pass.reachesTable {
      try items.takeBlock(pool: pool, keepsZeros: everyItemMoves) {
        pass.differentiateBeside(into: $0)
        outcome = try pass.lookAhead()
      }
    } else {
      pass.differentiateBeside(into: nil)
      outcome = try pass.lookAhead()
      items.add(pass.buffers.itemSums, distinct: pass.items.rows, pool: pool)
    }
    users.add(pass.buffers.userSums, distinct: pass.users.rows, pool: pool)
    return outcome!
  }
}
