import Interactions
import Tensors

@testable import Ranking

/// Weights of triplets, of tensors that record what is done with them: slow and obvious, the look-ahead step by differentiating twice.
struct SlowTripletImportance {
  /// P, `[U, d]`, and Q, `[I, d]`.
  let users: Tensor
  let items: Tensor
  /// W1, b1, W2, b2.
  let network: [Tensor]
  let triplets: (users: [Int], positives: [Int], negatives: [Int])
  let train: InteractionMatrix
  let isAttached: Bool
  var scale: Float = 1

  /// Means of the items' rows of each user, `[U, I]`.
  private func means() throws -> Tensor {
    let means = try Tensor.zeros([train.userCount, train.itemCount])
    try means.withMutableElements { elements in
      for user in 0..<train.userCount {
        let own = train.items(of: user)
        for item in own { elements[user * train.itemCount + Int(item)] = 1 / Float(own.count) }
      }
    }
    return means
  }

  private func losses(_ users: Tensor, _ items: Tensor) throws -> Tensor {
    let gap = try items.gather(triplets.negatives) - items.gather(triplets.positives)
    return try (users.gather(triplets.users) * gap).sum(axes: [1]).softplus()
  }

  private func weights(_ users: Tensor, _ items: Tensor, _ network: [Tensor]) throws -> Tensor {
    let (users, items) = isAttached ? (users, items) : (users.detached(), items.detached())
    let wide = try (users + means().matrixProduct(items)).gather(triplets.users)
    let states = try Tensor.concatenate(
      [items.gather(triplets.positives) * wide, items.gather(triplets.negatives) * wide], axis: 1)
    let hidden = try (states.matrixProduct(network[0].transposed()) + network[1]).relu()
    return try ((hidden * network[2]).sum(axes: [1]) + network[3].reshaped([1])).sigmoid()
  }

  struct Outcome {
    let weights: [Float]
    /// Of the weighted loss, with respect to P, Q.
    let loss: Double
    let gradients: [[Float]]
    /// Of the plain loss after the step, with respect to the network.
    let movedLoss: Double
    let networkGradients: [[Float]]
  }

  func outcome(rate: Float) throws -> Outcome {
    let leaves = [users, items].map { $0.requiringGradient() }
    let network = network.map { $0.requiringGradient() }
    let weights = try weights(leaves[0], leaves[1], network)
    let inner = try (weights * losses(leaves[0], leaves[1])).sum() * scale
    let gradients = try Tensor.gradients(of: [inner], withRespectTo: leaves, createGraph: true).map { $0! }
    let moved = try zip(leaves, gradients).map { try $0 - $1 * rate }
    let outer = try losses(moved[0], moved[1]).sum() * scale
    let networkGradients = try Tensor.gradients(of: [outer], withRespectTo: network)
    return Outcome(
      weights: try weights.elements(), loss: Double(try inner.item()),
      gradients: try gradients.map { try $0.elements() },
      movedLoss: Double(try outer.item()), networkGradients: try networkGradients.map { try $0!.elements() })
  }
}
