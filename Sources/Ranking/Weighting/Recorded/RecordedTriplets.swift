import Interactions
import Tensors

/// Triplets of any model that is made of recorded operations: the weighted loss J as a function of whole tables, differentiated twice.
///
/// With Θ the model's parameters, Λ the network and v = ∇ Σ l at Θ - a ∇J, which is a constant, the network's derivative is
/// -a ∇_Λ <∇_Θ J, v>, and that of the outer loss with respect to the model, which the authors' code adds, v - a ∇_Θ <∇_Θ J, v>.
///
/// A batch costs some ten times its forward pass, and memory for the gradients of all parameters several times over.
final class RecordedTriplets: WeighedTriplets {
  let weights: [Float]
  let coversScores = false
  private let batch: TripletBatch
  private let importance: TripletImportance
  private let objective: RecordedObjective
  private let rate: Float
  /// The values of the model's parameters, of the network's, and of learned centers.
  private let tables: [Tensor]
  private let network: [Tensor]
  private let centers: [Tensor]
  private let losses: Tensor
  private let recordedWeights: Tensor

  init(_ batch: TripletBatch, _ importance: TripletImportance, innerRate: Float, share: Float, gamma: Float) throws {
    (self.batch, self.importance, rate) = (batch, importance, innerRate)
    objective = try RecordedObjective(batch, importance, share: share, gamma: gamma)
    tables = try batch.model.trainedParameters.map { try Self.leaf($0) }
    network = try importance.network.parameters.map { try Self.leaf($0) }
    centers = try importance.clusters.map { [try Self.leaf($0.centers)] } ?? []
    losses = try objective.losses(tables)
    recordedWeights = try objective.weights(tables, centers.first, network)
    weights = try recordedWeights.elements()
  }

  private static func leaf(_ parameter: Parameter) throws -> Tensor {
    let values = parameter.table.compactValues(parameter.values)
    return try Tensor(values, shape: [parameter.rowCount, parameter.columnCount]).requiringGradient()
  }

  // MARK: Gradients

  func addGradients(to gradients: GradientSet) throws {
    let pull = try objective.pull(tables, centers.first)
    if let pull { importance.clusters?.divergence = Double(try pull.item() / (objective.gamma * batch.scale)) }
    try addBeside(pull, to: gradients)
    let inner = try derivative(of: plus(objective.total(losses, recordedWeights), pull), createGraph: true)
    let outer = try outerDerivative(zip(tables, inner).map { try $0.detached() - $1.detached() * rate })
    if importance.hypergradient == .finiteDifferences {
      try add(differences(along: outer), to: importance.network.parameters, in: gradients)
    }
    guard importance.hypergradient != .finiteDifferences || importance.accumulatesOuter else { return }
    try addSecondOrder(inner, outer, to: gradients)
  }

  private func plus(_ a: Tensor, _ b: Tensor?) throws -> Tensor { try b.map { try a + $0 } ?? a }

  /// What J says of rows and centers by way of the weights and of L_c.
  private func addBeside(_ pull: Tensor?, to gradients: GradientSet) throws {
    let through = try plus(objective.total(losses.detached(), recordedWeights), pull)
    try add(
      Tensor.gradients(of: [through], withRespectTo: tables + centers, retainGraph: true), to: moving, in: gradients)
  }

  /// ∇_Θ, zeros where nothing depends on a parameter.
  private func derivative(of value: Tensor, createGraph: Bool) throws -> [Tensor] {
    let found = try Tensor.gradients(
      of: [value], withRespectTo: tables, retainGraph: true, createGraph: createGraph)
    return try zip(found, tables).map { try $0 ?? Tensor.zeros($1.shape) }
  }

  /// v: what the plain loss says of parameters after the look-ahead step.
  private func outerDerivative(_ moved: [Tensor]) throws -> [Tensor] {
    let leaves = moved.map { $0.requiringGradient() }
    let outer = try objective.losses(leaves).sum() * batch.scale
    return try zip(Tensor.gradients(of: [outer], withRespectTo: leaves), leaves).map {
      try $0 ?? Tensor.zeros($1.shape)
    }
  }

  private func addSecondOrder(_ inner: [Tensor], _ outer: [Tensor], to gradients: GradientSet) throws {
    let products = try zip(inner, outer).filter { $0.0.requiresGradient }.map { try ($0 * $1).sum() }
    func derivatives(_ leaves: [Tensor]) throws -> [Tensor?] {
      guard !products.isEmpty else { return leaves.map { _ in nil } }
      return try Tensor.gradients(of: products, withRespectTo: leaves, retainGraph: true).map {
        try $0.map { try $0 * -rate }
      }
    }
    if importance.hypergradient != .finiteDifferences {
      try add(derivatives(network), to: importance.network.parameters, in: gradients)
    }
    guard importance.accumulatesOuter else { return }
    try add(derivatives(tables + centers), to: moving, in: gradients)
    try add(outer, to: batch.model.trainedParameters, in: gradients)
  }

  /// What J moves: the model's parameters and learned centers.
  private var moving: [Parameter] { batch.model.trainedParameters + (importance.clusters?.parameters ?? []) }

  /// The network's derivative by central differences along v (see `TripletImportancePass+Differences.swift`).
  private func differences(along outer: [Tensor]) throws -> [Tensor?] {
    let squares = try outer.reduce(0.0) { try $0 + Double(($1 * $1).sum().item()) }
    guard squares > 0 else { return network.map { _ in nil } }
    let step = Float(0.01 / squares.squareRoot())
    let sides = try [step, -step].map { step in
      let moved = try zip(tables, outer).map { try $0.detached() + $1 * step }
      let weights = try objective.weights(importance.isAttached ? moved : tables, centers.first, network)
      return try Tensor.gradients(
        of: [objective.total(objective.losses(moved), weights)], withRespectTo: network)
    }
    return try zip(sides[0], sides[1]).map { ahead, behind in
      guard let ahead, let behind else { return nil }
      return try (ahead - behind) * (-rate / (2 * step))
    }
  }

  // MARK: Adding

  /// Of centers that stay where they are nobody wants to know.
  private func add(_ found: [Tensor?], to parameters: [Parameter], in gradients: GradientSet) throws {
    for (parameter, gradient) in zip(parameters, found) {
      if let gradient { try add(gradient, to: parameter, in: gradients) }
    }
  }

  /// Of tables of users and of items the rows that have a gradient alone.
  private func add(_ gradient: Tensor, to parameter: Parameter, in gradients: GradientSet) throws {
    let columns = parameter.columnCount
    try gradient.contiguous().withElements { values in
      let rows = (0..<Int32(parameter.rowCount)).filter { row in
        parameter.owner == .shared || (0..<columns).contains { values[Int(row) * columns + $0] != 0 }
      }
      guard !rows.isEmpty else { return }
      gradients.of(parameter).add(values.baseAddress!, distance: columns, rows: rows, from: rows)
    }
  }
}
