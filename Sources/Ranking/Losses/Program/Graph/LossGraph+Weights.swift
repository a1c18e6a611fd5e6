/// Weights of positives in a loss that is one number.
extension LossGraph {
  /// The same with each positive's part multiplied by its weight: sums over the batch become weighted ones. What does not depend on
  /// the batch stays as it is.
  ///
  /// - Throws: `LossProgramError` where the number is no sum of such sums with factors known beforehand.
  mutating func weigh(_ loss: ID, by weight: ID) throws -> ID {
    // In the order in which they were made: a sum may be a long chain.
    var weighed: [ID: ID] = [:]
    for id in 0...loss where kind(id) == .scalar {
      let node = nodes[id]
      switch node.operation {
      case _ where !dependsOnBatch[id]: weighed[id] = id
      case .batchSum: weighed[id] = batchSum(multiply(weight, node.a))
      case .negate: weighed[id] = weighed[node.a].map { negate($0) }
      case .add: weighed[id] = both(node, weighed).map { add($0, $1) }
      case .subtract: weighed[id] = both(node, weighed).map { subtract($0, $1) }
      case .multiply where !dependsOnBatch[node.a]: weighed[id] = weighed[node.b].map { multiply(node.a, $0) }
      case .multiply where !dependsOnBatch[node.b]: weighed[id] = weighed[node.a].map { multiply($0, node.b) }
      case .divide where !dependsOnBatch[node.b]: weighed[id] = weighed[node.a].map { divide($0, node.b) }
      default: break
      }
    }
    if let result = weighed[loss] { return result }
    throw LossProgramError(
      "the trainer has a weight, and the loss is no sum over positives; multiply by s.weight in the loss")
  }

  private func both(_ node: Node, _ weighed: [ID: ID]) -> (ID, ID)? {
    guard let a = weighed[node.a], let b = weighed[node.b] else { return nil }
    return (a, b)
  }
}
