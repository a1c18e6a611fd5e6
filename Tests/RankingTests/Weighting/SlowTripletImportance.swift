import Foundation
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
  var clusters: Clusters?
  /// What makes rows that score of all users' and items' rows, `[U + I, U + I]`; they score themselves where `nil`.
  var graph: Tensor?
  /// The sum of a user's items, ln(1 + e^x) for the sigmoid, and no b2.
  var isOfTheCode = false
  /// What a model is made of beside P and Q, and its losses of all of them: of P, Q and the others.
  var others: [Tensor] = []
  var losses: (([Tensor]) throws -> Tensor)?

  /// TIL-MI's: where items belong, Φ `[K, d]`, α, γ, and where items are drawn, `[I, K]`.
  struct Clusters {
    let labels: [Int]
    let centers: Tensor
    let share: Float
    let pull: Float
    let target: Tensor
    let tau: Float
  }

  /// Means of the items' rows of each user, `[U, I]`.
  private func means() throws -> Tensor {
    let means = try Tensor.zeros([train.userCount, train.itemCount])
    try means.withMutableElements { elements in
      for user in 0..<train.userCount {
        let own = train.items(of: user)
        for item in own { elements[user * train.itemCount + Int(item)] = isOfTheCode ? 1 : 1 / Float(own.count) }
      }
    }
    return means
  }

  /// LightGCN's: half the rows themselves, half those of a layer.
  static func layer(of train: InteractionMatrix) throws -> Tensor {
    let nodes = train.userCount + train.itemCount
    let byItem = train.transposed()
    let graph = try Tensor.zeros([nodes, nodes])
    try graph.withMutableElements { elements in
      for node in 0..<nodes { elements[node * nodes + node] = 0.5 }
      for user in 0..<train.userCount {
        for item in Set(train.items(of: user)) {
          let degrees = Float(Set(train.items(of: user)).count * Set(byItem.items(of: Int(item))).count)
          let (one, other) = (user, train.userCount + Int(item))
          elements[one * nodes + other] = 0.5 / degrees.squareRoot()
          elements[other * nodes + one] = 0.5 / degrees.squareRoot()
        }
      }
    }
    return graph
  }

  private func losses(of leaves: [Tensor]) throws -> Tensor {
    if let losses { return try losses(leaves) }
    var (users, items) = (leaves[0], leaves[1])
    if let graph {
      let rows = try graph.matrixProduct(Tensor.concatenate([users, items], axis: 0))
      users = try rows.gather(Array(0..<train.userCount))
      items = try rows.gather(Array(train.userCount..<train.userCount + train.itemCount))
    }
    let gap = try items.gather(triplets.negatives) - items.gather(triplets.positives)
    return try (users.gather(triplets.users) * gap).sum(axes: [1]).softplus()
  }

  private func weights(_ users: Tensor, _ items: Tensor, _ centers: Tensor?, _ network: [Tensor]) throws -> Tensor {
    let detached = { (rows: Tensor) in isAttached ? rows : rows.detached() }
    let (users, items, centers) = (detached(users), detached(items), centers.map(detached))
    let wide = try (users + means().matrixProduct(items)).gather(triplets.users)
    let shifted = try clusters.map { try items + centers!.gather($0.labels) * $0.share } ?? items
    let states = try Tensor.concatenate(
      [shifted.gather(triplets.positives) * wide, shifted.gather(triplets.negatives) * wide], axis: 1)
    let hidden = try (states.matrixProduct(network[0].transposed()) + network[1]).relu()
    let number = try (hidden * network[2]).sum(axes: [1])
    return try isOfTheCode ? number.softplus() : (number + network[3].reshaped([1])).sigmoid()
  }

  /// γ L_c.
  private func pull(_ items: Tensor, _ centers: Tensor, _ clusters: Clusters) throws -> Tensor {
    let (count, width) = (items.shape[0], items.shape[1])
    let gaps = try items.reshaped([count, 1, width]) - centers.reshaped([1, centers.shape[0], width])
    let logs = try ((gaps * gaps).sum(axes: [2]) * (1 / clusters.tau) + 1).log() * (-(clusters.tau + 1) / 2)
    let assigned = try logs - logs.exp().sum(axes: [1], keepingAxes: true).log()
    let entropy = try clusters.target.elements().reduce(Float(0)) { $1 > 0 ? $0 + $1 * Float(log(Double($1))) : $0 }
    return try ((clusters.target * assigned).sum() * -1 + entropy) * clusters.pull
  }

  struct Outcome {
    let weights: [Float]
    /// Of the weighted loss, γ L_c included, with respect to P, Q, the others and Φ.
    let loss: Double
    let gradients: [[Float]]
    /// Of the plain loss after the step, with respect to the same before it.
    let outerGradients: [[Float]]
    /// Of the plain loss after the step, with respect to the network.
    let movedLoss: Double
    let networkGradients: [[Float]]
  }

  func outcome(rate: Float) throws -> Outcome {
    let leaves = ([users, items] + others + (clusters.map { [$0.centers] } ?? [])).map { $0.requiringGradient() }
    let model = 2 + others.count
    let network = network.map { $0.requiringGradient() }
    let weights = try weights(leaves[0], leaves[1], clusters == nil ? nil : leaves[model], network)
    var inner = try (weights * losses(of: Array(leaves[..<model]))).sum() * scale
    if let clusters { inner = try inner + pull(leaves[1], leaves[model], clusters) * scale }
    // Centers that nothing reaches have none.
    let gradients = try zip(leaves, Tensor.gradients(of: [inner], withRespectTo: leaves, createGraph: true)).map {
      try $1 ?? Tensor.zeros($0.shape)
    }
    let moved = try zip(leaves, gradients).map { try $0 - $1 * rate }
    let outer = try losses(of: Array(moved[..<model])).sum() * scale
    let found = try Tensor.gradients(of: [outer], withRespectTo: network + leaves)
    func elements(_ found: some Collection<Tensor?>, _ values: [Tensor]) throws -> [[Float]] {
      try zip(found, values).map { try $0?.elements() ?? [Float](repeating: 0, count: $1.count) }
    }
    return Outcome(
      weights: try weights.elements(), loss: Double(try inner.item()),
      gradients: try gradients.map { try $0.elements() },
      outerGradients: try elements(found.dropFirst(network.count), leaves), movedLoss: Double(try outer.item()),
      networkGradients: try elements(found.prefix(network.count), network))
  }
}
