import Interactions
import TestSupport
import Tensors
import Testing

@testable import Ranking

/// Weights of triplets whose step is recorded and differentiated twice: whole trainers, of models with formulas of their own, against the
/// slow version.
@Suite struct RecordedTripletTests {
  enum Kind: String, CaseIterable { case factors, graph, gmf, neumf, mgccf }

  private static let dim = 6
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  // MARK: Models, and their losses once more

  /// A model, its parameters from P and Q on, and the scores of triplets' sides made of their values in plain operations.
  private struct Subject {
    let model: any RankingModel
    let parameters: [Parameter]
    /// The scores of users with items, `[B]`; `nil` where the slow version knows them.
    var scores: ((_ leaves: [Tensor], _ users: [Int], _ items: [Int]) throws -> Tensor)?
    var graph: Tensor?
  }

  private func subject(_ kind: Kind) throws -> Subject {
    switch kind {
    case .factors:
      let model = try randomModel(users: 40, items: 60, dim: Self.dim, score: .dot)
      return Subject(model: model, parameters: [model.userTable!, model.itemTable!])
    case .graph:
      var configuration = LightGCN.Configuration()
      (configuration.dim, configuration.layers, configuration.seed) = (Self.dim, 1, 2)
      configuration.initialization = .normal(standardDeviation: 0.5)
      let model = try LightGCN(configuration, train: train)
      return Subject(
        model: model, parameters: [model.users, model.items], graph: try SlowTripletImportance.layer(of: train))
    case .gmf:
      let model = try NeuralCase(kind: .gmf, users: 40, items: 60, dim: Self.dim).make()
      return Subject(model: model, parameters: model.trainedParameters) { leaves, users, items in
        try (leaves[0].gather(users) * leaves[1].gather(items) * leaves[2]).sum(axes: [1]) + leaves[3].reshaped([1])
      }
    case .neumf: return try networkSubject()
    case .mgccf: return try nearestSubject()
    }
  }

  private func networkSubject() throws -> Subject {
    let model = try NeuralCase(kind: .neumf, users: 40, items: 60, dim: Self.dim, layers: [7, 4]).make()
    return Subject(model: model, parameters: model.trainedParameters) { leaves, users, items in
      let products = try (leaves[0].gather(users) * leaves[1].gather(items) * leaves[4]).sum(axes: [1])
      var z = try Tensor.concatenate([leaves[2].gather(users), leaves[3].gather(items)], axis: 1)
      for layer in 0..<2 {
        z = try (z.matrixProduct(leaves[5 + 2 * layer].transposed()) + leaves[6 + 2 * layer]).relu()
      }
      return try products + (z * leaves[9]).sum(axes: [1]) + leaves[10].reshaped([1])
    }
  }

  private func nearestSubject() throws -> Subject {
    var configuration = MultiGCCF.Configuration()
    (configuration.dim, configuration.seed) = (Self.dim, 4)
    configuration.initialization = .normal(standardDeviation: 0.5)
    func lists(_ count: Int) -> [[Int]] { (0..<count).map { [($0 + 1) % count, ($0 * 7 + 3) % count] } }
    let model = try MultiGCCF(
      configuration, train: train,
      neighbors: (
        NodeLists(lists(40).map { $0.map { Int32($0) } }), NodeLists(lists(60).map { $0.map { Int32($0) } })
      ))
    let own = model.trainedParameters
    let byItem = train.transposed()
    let (ofUsers, ofItems) = (
      try averages((0..<40).map { Set(train.items(of: $0)).map { Int($0) } }, columns: 60),
      try averages((0..<60).map { Set(byItem.items(of: $0)).map { Int($0) } }, columns: 40)
    )
    func rows(_ own: Tensor, _ others: Tensor, _ averages: Tensor, _ near: [[Int]], _ w: ArraySlice<Tensor>) throws
      -> Tensor
    {
      let w = Array(w)
      let graph = try Tensor.concatenate([own, averages.matrixProduct(others)], axis: 1).matrixProduct(w[0]).tanh()
      let similar = try own.gather(near.map { $0[0] }) + own.gather(near.map { $0[1] })
      return try graph + similar.matrixProduct(w[1]).tanh() + own.matrixProduct(w[2]).tanh()
    }
    return Subject(model: model, parameters: [own[0], own[4]] + own[1..<4] + own[5...]) { leaves, users, items in
      let allUsers = try rows(leaves[0], leaves[1], ofUsers, lists(40), leaves[2..<5])
      let allItems = try rows(leaves[1], leaves[0], ofItems, lists(60), leaves[5..<8])
      return try (allUsers.gather(users) * allItems.gather(items)).sum(axes: [1])
    }
  }

  private func averages(_ lists: [[Int]], columns: Int) throws -> Tensor {
    try Tensor(
      lists.flatMap { list in (0..<columns).map { list.contains($0) ? 1 / Float(list.count) : 0 } },
      shape: [lists.count, columns])
  }

  // MARK: Trainings

  /// How a batch is weighed.
  struct Way: CustomStringConvertible {
    var isAttached = true
    var hypergradient = TripletImportance.Hypergradient.secondOrder
    var hasClusters = false
    var accumulatesOuter = false
    var isOfTheCode = false
    var reduction = Reduction.mean

    var description: String {
      "\(isAttached), \(hypergradient), \(hasClusters), \(accumulatesOuter), \(isOfTheCode), \(reduction)"
    }
  }

  private func trainer(_ subject: Subject, _ way: Way, threads: Int = 2) throws -> Trainer {
    let loss = BPRLoss()
    loss.reduction = way.reduction
    let trainer = try Trainer(
      model: subject.model, train: train, loss: loss, sampler: UniformSampler(count: 1),
      optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 33, seed: 9, pool: ThreadPool(threadCount: threads))
    let clusters =
      try way.hasClusters
      ? InterestClusters(count: 5, width: Self.dim, share: 0.7, pull: 0.2, interval: 2, seed: 3) : nil
    let network = try TripletNetwork(
      width: Self.dim, activation: way.isOfTheCode ? .softplus : .sigmoid, hasOffset: !way.isOfTheCode, seed: 4)
    try trainer.learnImportance(
      TripletImportance(
        network, innerRate: 0.05, isAttached: way.isAttached, hypergradient: way.hypergradient,
        aggregate: way.isOfTheCode ? .sum : .mean, accumulatesOuter: way.accumulatesOuter, clusters: clusters))
    trainer.describe()
    return trainer
  }

  private func values(_ parameter: Parameter) throws -> Tensor {
    try Tensor(parameter.currentValues, shape: [parameter.rowCount, parameter.columnCount])
  }

  /// The gradients of a batch in the middle of a training, and what the slow version says of it.
  private func compare(_ kind: Kind, _ way: Way, tolerance: Double = 1e-4) throws {
    let subject = try subject(kind)
    let trainer = try trainer(subject, way)
    let importance = trainer.importance!
    for _ in 0..<20 { try trainer.trainBatch() }
    let rows = try trainer.nextRows()
    let (forward, gradients, _) = try trainer.gradients()
    let slow = try slow(subject, importance, way, rows.users, rows.positives, forward.negatives)
    let outcome = try slow.outcome(rate: 0.05)
    let pull = Double(slow.scale) * 0.2 * (importance.clusters?.divergence ?? 0)
    expectClose(forward.loss + pull, outcome.loss, rtol: 1e-4, atol: 1e-5)
    var wanted = outcome.gradients
    if way.accumulatesOuter {
      wanted = zip(wanted, outcome.outerGradients).map { zip($0, $1).map(+) }
    }
    wanted += outcome.networkGradients
    let parameters = subject.parameters + (importance.clusters.map { [$0.centers] } ?? [])
    for (parameter, wanted) in zip(parameters + importance.network.parameters, wanted) {
      let found = gradients.existing(parameter)?.dense() ?? [Float](repeating: 0, count: wanted.count)
      let size = Double(wanted.map(abs).max()!)
      expectClose(found, wanted, rtol: 1e-3, atol: 1e-9 + tolerance * size, "\(kind), \(way): \(parameter.name)")
    }
  }

  private func slow(
    _ subject: Subject, _ importance: TripletImportance, _ way: Way, _ users: [Int32], _ positives: [Int32],
    _ negatives: [Int32]
  ) throws -> SlowTripletImportance {
    let triplets = (users.map(Int.init), positives.map(Int.init), negatives.map(Int.init))
    var slow = SlowTripletImportance(
      users: try values(subject.parameters[0]), items: try values(subject.parameters[1]),
      network: try importance.network.values(), triplets: triplets, train: train, isAttached: way.isAttached,
      scale: way.reduction == .mean ? 1 / Float(users.count) : 1, graph: subject.graph, isOfTheCode: way.isOfTheCode,
      others: try subject.parameters.dropFirst(2).map(values))
    if let scores = subject.scores {
      slow.losses = { try (scores($0, triplets.0, triplets.2) - scores($0, triplets.0, triplets.1)).softplus() }
    }
    slow.clusters = try importance.clusters.map { clusters in
      let count = clusters.count
      return .init(
        labels: clusters.labels.map(Int.init), centers: try values(clusters.centers), share: 0.7, pull: 0.2,
        target: try Tensor(clusters.made!.target!.compact, shape: [clusters.labels.count, count]), tau: 1)
    }
    return slow
  }

  @Test(arguments: Kind.allCases, [true, false])
  func gradientsAreThoseOfTheSlowVersion(_ kind: Kind, _ isAttached: Bool) throws {
    for hasClusters in [false, true] {
      try compare(kind, Way(isAttached: isAttached, hasClusters: hasClusters))
      try compare(kind, Way(isAttached: isAttached, hasClusters: hasClusters, isOfTheCode: true))
    }
    // What is said of models whose step is recorded in any case.
    try compare(kind, Way(isAttached: isAttached, hypergradient: .exact, reduction: .sum))
  }

  @Test(arguments: Kind.allCases, [true, false])
  func theOuterLossMovesTheModelToo(_ kind: Kind, _ hasClusters: Bool) throws {
    for isAttached in [true, false] {
      let way = Way(isAttached: isAttached, hypergradient: .exact, hasClusters: hasClusters, accumulatesOuter: true)
      try compare(kind, way)
    }
    try compare(kind, Way(hasClusters: hasClusters, accumulatesOuter: true, isOfTheCode: true, reduction: .sum))
  }

  /// Networks with layers that are 0 on one side have no derivative to compare with there.
  @Test(arguments: [Kind.gmf, .mgccf], [true, false])
  func differencesAreNear(_ kind: Kind, _ isAttached: Bool) throws {
    let found = try [TripletImportance.Hypergradient.exact, .finiteDifferences].map { hypergradient in
      let trainer = try trainer(
        subject(kind), Way(isAttached: isAttached, hypergradient: hypergradient, reduction: .sum))
      // No hidden number near 0.
      let network = trainer.importance!.network
      try network.bias.setValues((0..<Self.dim).map { $0 % 3 == 0 ? -9 : 9 })
      try network.output.setValues(network.output.currentValues.map { 0.1 * $0 })
      let gradients = try trainer.gradients().gradients
      return network.parameters.map { gradients.of($0).dense() }
    }
    for (near, exact) in zip(found[1], found[0]) {
      expectClose(near, exact.map(Double.init), rtol: 2e-2, atol: 1e-2 * Double(exact.map(abs).max()!))
      #expect(near != exact)
    }
  }

  /// What the released code gives to the model, which adds the outer loss's derivative.
  @Test(arguments: ["til_ui", "til_mi"], ["attached.a", "attached.b", "detached.a", "detached.b"])
  func theSlowVersionIsTheReleasedCode(_ family: String, _ name: String) throws {
    let golden = try Golden("\(family).hypergradient_\(name)")
    let outcome = try TripletProblem(golden).slow.outcome(rate: Float(golden.number("parameters.inner_step")))
    for (symbol, index) in [("P", 0), ("Q", 1)] + (family == "til_mi" ? [("Phi", 2)] : []) {
      let found = zip(outcome.gradients[index], outcome.outerGradients[index]).map(+)
      expectClose(
        found, golden.numbers("expected.values.theta_gradient_released_code.\(symbol)"), rtol: 2e-4, atol: 2e-5)
    }
  }

  @Test(arguments: [Kind.neumf, .mgccf, .factors]) func sameBitsAtAnyThreadCount(_ kind: Kind) throws {
    func trained(_ threads: Int) throws -> [UInt32] {
      let way = Way(hasClusters: true, accumulatesOuter: kind == .factors)
      let trainer = try trainer(subject(kind), way, threads: threads)
      for _ in 0..<20 { try trainer.trainBatch() }
      return trainer.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
    }
    let one = try trained(1)
    for threads in [2, 3] { #expect(try trained(threads) == one) }
  }

  /// Checkpoints of one way do not go on in another.
  @Test func checkpointsKnowTheWay() throws {
    let ways = [
      Way(hypergradient: .exact), Way(hypergradient: .secondOrder), Way(hypergradient: .exact, accumulatesOuter: true),
      Way(hypergradient: .exact, isOfTheCode: true),
    ]
    let texts = try ways.map { try trainer(subject(.factors), $0).importance!.text }
    #expect(Set(texts).count == ways.count)
  }
}
