import Interactions
import Tensors
import Testing

@testable import Ranking

/// LightGCN against published vectors and against whole matrices in float64.
@Suite struct LightGCNTests {
  static let pools = [1, 2, 3].map { ThreadPool(threadCount: $0) }

  // MARK: Published vectors

  private func train(_ golden: Golden, users: Int, items: Int) -> InteractionMatrix {
    let edges = golden.rows("inputs.edges")
    return InteractionMatrix(
      userCount: users, itemCount: items, users: edges.map { Int32($0[0]) }, items: edges.map { Int32($0[1]) })
  }

  private func model(_ golden: Golden, boundary: Boundary.Kind? = nil) throws -> LightGCN {
    let (users, items) = (golden.rows("inputs.E_user"), golden.rows("inputs.E_item"))
    var configuration = LightGCN.Configuration()
    configuration.dim = users[0].count
    configuration.layers = Int(try golden.number("parameters.layers"))
    configuration.normalization =
      golden.text("parameters.normalization") == "row_with_self_loop" ? .row : .symmetric
    configuration.boundary = boundary
    let model = try LightGCN(configuration, train: train(golden, users: users.count, items: items.count))
    try model.users.setValues(golden.floats("inputs.E_user"))
    try model.items.setValues(golden.floats("inputs.E_item"))
    return model
  }

  @Test(arguments: ["lightgcn.k1", "lightgcn.k3", "lightgcn.til_row_norm_option"], ["a", "b"])
  func propagation(_ name: String, _ instance: String) throws {
    let golden = try Golden("\(name).\(instance)")
    let model = try model(golden)
    expectClose(try model.userEmbeddings(), golden.numbers("expected.values.out_user"), "\(golden.name) users")
    expectClose(try model.itemEmbeddings(), golden.numbers("expected.values.out_item"), "\(golden.name) items")
    let gradients = try derivative(model, [golden.floats("inputs.G_user"), golden.floats("inputs.G_item")])
    expectClose(gradients[0], golden.numbers("expected.gradients.E_user"), "\(golden.name) dE users")
    expectClose(gradients[1], golden.numbers("expected.gradients.E_item"), "\(golden.name) dE items")
  }

  /// Of `Σ <out, gradient>` over all rows, with respect to the ego rows.
  private func derivative(_ model: LightGCN, _ gradients: [[Float]]) throws -> [[Float]] {
    let reader = ParameterReader.training(pool: .shared)
    let request = EncodingRequest(
      users: (0..<model.userCount).map(Int32.init), items: (0..<model.itemCount).map(Int32.init))
    let rows = try model.encode(request, reader)
    let set = GradientSet()
    try reader.addGradients(
      of: [rows.users!, rows.items!],
      outputGradients: gradients.map { try Tensor($0, shape: [$0.count / model.dim, model.dim]) }, to: set)
    return [set.of(model.users).dense(), set.of(model.items).dense()]
  }

  @Test(arguments: ["a", "b"]) func boundaryOfThePropagatedRowAndPenaltyOfTheEgoRows(_ instance: String) throws {
    let golden = try Golden("lightgcn_uib.\(instance)")
    let model = try model(golden, boundary: .linear)
    try model.boundary!.parameter.setValues(golden.floats("inputs.W"))
    let loss = BoundaryLoss()
    loss.alpha = Schedule(try golden.number("parameters.alpha"))
    loss.reduction = .sum
    let batch = GivenBatch(
      users: golden.integers("inputs.user"), positives: golden.integers("inputs.pos"),
      negatives: golden.rows("inputs.neg").map { $0.map(Int32.init) })
    var settings = GivenBatch.Settings()
    settings.regularization = (try golden.number("parameters.upsilon"), .batch)
    let result = try parameterGradients(of: model, batch, loss, settings)
    expectClose(result.gradients["user"]!, golden.numbers("expected.gradients.E_user"), "\(golden.name) users")
    expectClose(result.gradients["item"]!, golden.numbers("expected.gradients.E_item"), "\(golden.name) items")
    expectClose(result.gradients["boundary"]!, golden.numbers("expected.gradients.W"), "\(golden.name) W")
  }

  @Test(arguments: ["a", "b"]) func penaltyOfTheEgoRowsOfABatch(_ instance: String) throws {
    let golden = try Golden("l2.lightgcn_mean.\(instance)")
    let (users, items) = (golden.rows("inputs.P"), golden.rows("inputs.Q"))
    var configuration = LightGCN.Configuration()
    configuration.dim = users[0].count
    let model = try LightGCN(
      configuration, train: randomInteractions(users: users.count, items: items.count, pairs: 9, seed: 2))
    try model.users.setValues(golden.floats("inputs.P"))
    try model.items.setValues(golden.floats("inputs.Q"))
    let negatives = golden.rows("inputs.neg").map { $0.map(Int32.init) }
    let batch = GivenBatch(
      users: golden.integers("inputs.user"), positives: golden.integers("inputs.pos"), negatives: negatives)
    var settings = GivenBatch.Settings()
    settings.regularization = (try golden.number("parameters.coefficient"), .batchMean)
    let result = try parameterGradients(of: model, batch, LinearLoss.zero(batch), settings)
    expectClose(result.gradients["user"]!, golden.numbers("expected.gradients.P"), "\(golden.name) P")
    expectClose(result.gradients["item"]!, golden.numbers("expected.gradients.Q"), "\(golden.name) Q")
  }

  // MARK: Whole matrices

  /// Nodes of all degrees, 0 among them: the last user and the last two items have no edge.
  static func graph(users: Int, items: Int, pairs: Int, seed: UInt64) -> InteractionMatrix {
    let inner = randomInteractions(users: users - 1, items: items - 2, pairs: pairs, seed: seed)
    return InteractionMatrix(
      userCount: users, itemCount: items, rowOffsets: inner.rowOffsets + [inner.count], items: inner.items)
  }

  static func model(
    _ train: InteractionMatrix, dim: Int = 5, layers: Int = 3, weights: [Double]? = nil,
    normalization: GraphNormalization = .symmetric
  ) throws -> LightGCN {
    var configuration = LightGCN.Configuration()
    configuration.dim = dim
    configuration.layers = layers
    configuration.layerWeights = weights
    configuration.normalization = normalization
    configuration.initialization = .normal(standardDeviation: 0.5)
    return try LightGCN(configuration, train: train)
  }

  private static let softmax = LossCase.all.first { $0.name == "softmax mean" }!

  /// One step of each kind of batch, and what it says of the gradient, against the same with whole matrices.
  private func compare(
    _ model: LightGCN, _ train: InteractionMatrix, _ batch: GivenBatch, _ settings: GivenBatch.Settings = .init(),
    masks: [Double]? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let optimizer = Optimizer(.sgd(momentum: 0), rate: 1)
    var slow = try SlowGraphTraining(model, train, optimizer, Self.softmax)
    let result = try parameterGradients(of: model, batch, try Self.softmax.make(), settings)
    expectClose(result.loss, slow.loss(batch, masks: masks), rtol: 1e-5, "loss", sourceLocation: sourceLocation)
    slow.step(batch, settings, masks: masks)
    let largest = slow.gradient.reduce(0) { max($0, abs($1)) }
    #expect(largest > 1e-3, "a test that compares zeros shows nothing", sourceLocation: sourceLocation)
    expectClose(
      result.gradients["user"]! + result.gradients["item"]!, slow.gradient, rtol: 1e-5, atol: 5e-6 * largest,
      "gradients", sourceLocation: sourceLocation)
  }

  @Test(arguments: [1, 2, 3, 5], GraphNormalization.allCases)
  func everyDepth(_ layers: Int, _ normalization: GraphNormalization) throws {
    let train = Self.graph(users: 9, items: 12, pairs: 30, seed: UInt64(layers))
    let model = try Self.model(train, layers: layers, normalization: normalization)
    try compare(model, train, .random(rows: 7, negatives: 3, users: 9, items: 12, seed: 5))
    // One pair, between nodes without an edge.
    try compare(model, train, GivenBatch(users: [8], positives: [11], negatives: [[10]]))
    try compare(model, train, GivenBatch(users: [0], positives: [0], negatives: [[1]]))
  }

  @Test(arguments: [1, 15, 16, 17, 32, 40, 48, 64, 70, 100, 128, 131]) func everyRowLength(_ dim: Int) throws {
    let train = Self.graph(users: 9, items: 12, pairs: 40, seed: 3)
    for normalization in GraphNormalization.allCases {
      try compare(
        Self.model(train, dim: dim, layers: 2, normalization: normalization), train,
        .random(rows: 5, negatives: 2, users: 9, items: 12, seed: 8))
    }
  }

  /// More nodes than a task takes.
  @Test func largerGraphs() throws {
    let train = Self.graph(users: 300, items: 600, pairs: 900, seed: 3)
    try compare(Self.model(train), train, .random(rows: 40, negatives: 2, users: 300, items: 600, seed: 8))
  }

  @Test(arguments: [[0.0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0.5, -0.25, 0, 2]], GraphNormalization.allCases)
  func layerWeights(_ weights: [Double], _ normalization: GraphNormalization) throws {
    let train = Self.graph(users: 9, items: 12, pairs: 30, seed: 4)
    try compare(
      Self.model(train, weights: weights, normalization: normalization), train,
      .random(rows: 7, negatives: 3, users: 9, items: 12, seed: 6))
  }

  @Test func aGraphWithoutEdgesIsTheRowsAlone() throws {
    let train = InteractionMatrix(userCount: 3, itemCount: 4, users: [], items: [])
    let model = try Self.model(train, dim: 3)
    expectClose(try model.userEmbeddings(), model.users.currentValues.map { $0 / 4 }, "users")
    try compare(model, train, .random(rows: 5, negatives: 2, users: 3, items: 4, seed: 6))
  }

  @Test(arguments: Regularization.Scope.allCases) func everyPenalty(_ scope: Regularization.Scope) throws {
    // Two components: what one does not reach has no gradient.
    let train = InteractionMatrix(userCount: 5, itemCount: 6, users: [0, 0, 1, 2, 3, 3], items: [0, 1, 1, 2, 3, 4])
    var settings = GivenBatch.Settings()
    settings.regularization = (0.3, scope)
    let batch = GivenBatch(users: [0, 0, 1], positives: [1, 0, 1], negatives: [[1, 0], [5, 1], [0, 0]])
    try compare(Self.model(train, layers: 2), train, batch, settings)
    settings.clip = 0.05
    try compare(Self.model(train, layers: 2), train, batch, settings)
  }

  @Test(arguments: GraphNormalization.allCases, [1, 2, 3, 4])
  func dropoutOfEgoRows(_ normalization: GraphNormalization, _ layers: Int) throws {
    let train = Self.graph(users: 9, items: 12, pairs: 30, seed: 4)
    let model = try Self.model(train, dim: 21, layers: layers, normalization: normalization)
    var settings = GivenBatch.Settings()
    settings.dropout = 0.3
    let stream = GivenBatch.Settings.encodingStream
    let keep = 1 - Double(settings.dropout)
    let threshold = UInt64(Double(settings.dropout) * 4_294_967_296)
    func mask(_ node: Int, _ column: Int) -> Double {
      stream.bits(at: UInt64(node * 32 + column)) >> 32 < threshold ? 0 : 1 / keep
    }
    let masks: [Double] = (0..<21).flatMap { node in (0..<21).map { mask(node, $0) } }
    #expect(masks.contains(0))
    try compare(model, train, .random(rows: 7, negatives: 3, users: 9, items: 12, seed: 5), settings, masks: masks)
  }

  // MARK: Training

  private static let methods: [Optimizer.Method] = {
    var keras = Optimizer.AdamOptions()
    keras.keras = true
    var lazy = Optimizer.AdamOptions()
    lazy.dense = false
    var decoupled = Optimizer.AdamOptions()
    decoupled.decoupled = true
    return [
      .sgd(momentum: 0), .sgd(momentum: 0.9), .adagrad(.torch), .adagrad(.tensorflow), .adagrad(.lightfm),
      .adam(.init()),
      .adam(keras), .adam(lazy), .adam(decoupled),
    ]
  }()

  /// Batches that reach one component or another, so that rows without a gradient stand aside for some steps.
  @Test(arguments: methods, [0, 0.01])
  func manyStepsOfEveryOptimizer(_ method: Optimizer.Method, _ decay: Double) throws {
    let train = InteractionMatrix(
      userCount: 6, itemCount: 8, users: [0, 0, 1, 2, 2, 3, 3, 4], items: [0, 1, 1, 2, 3, 3, 4, 5])
    let model = try Self.model(train, layers: 2)
    let optimizer = Optimizer(method, rate: 0.02)
    var isLazy = false
    if case .adam(let options) = method { isLazy = !options.dense }
    // A decay that joins the gradient moves every row; then there is nothing lazy to compare.
    guard !isLazy || decay == 0 else { return }
    optimizer.weightDecay = Schedule(decay)
    var slow = try SlowGraphTraining(model, train, optimizer, Self.softmax)
    let step = try TrainingStep(model: model, optimizer: optimizer, pool: .shared)
    let loss = try Self.softmax.make()
    var settings = GivenBatch.Settings()
    settings.rate = 0.02
    settings.weightDecay = decay
    let batches = [
      GivenBatch(users: [0, 1], positives: [1, 1], negatives: [[0], [0]]),
      GivenBatch(users: [2, 3, 3], positives: [2, 3, 4], negatives: [[3], [2], [2]]),
      GivenBatch(users: [4], positives: [5], negatives: [[6]]),
    ]
    for number in 0..<60 {
      // Long enough without one another for momentum to die.
      let batch = batches[number / 7 % 3]
      try batch.run(step, loss, settings)
      slow.step(batch, settings)
    }
    expectClose(
      model.users.currentValues + model.items.currentValues, slow.optimizer.values, rtol: 2e-4, atol: 2e-4, "\(method)")
  }

  @Test(arguments: [nil] + Regularization.Scope.allCases.map { Optional($0) })
  func sameBitsAtAnyThreadCount(_ scope: Regularization.Scope?) throws {
    let train = Self.graph(users: 300, items: 500, pairs: 2500, seed: 5)
    func trained(_ pool: ThreadPool) throws -> [[UInt32]] {
      let model = try Self.model(train, dim: 20)
      model.dropout = 0.1
      let optimizer = Optimizer(.adam(.init()), rate: 0.05)
      optimizer.clip = 0.05
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 2), optimizer: optimizer,
        batchSize: 400, seed: 3, pool: pool)
      trainer.regularization = scope.map { Regularization(weight: 1e-3, scope: $0) }
      for _ in 0..<2 { _ = try trainer.trainEpoch() }
      return model.trainedParameters.map { $0.currentValues.map(\.bitPattern) }
    }
    let results = try Self.pools.map(trained)
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func learnsPlantedTastes() throws {
    let problem = PlantedProblem()
    let model = try Self.model(problem.train, dim: 16)
    let trainer = try Trainer(
      model: model, train: problem.train, loss: BPRLoss(), sampler: UniformSampler(count: 1),
      optimizer: Optimizer(.adam(.init()), rate: 0.02), batchSize: 256, seed: 3)
    for _ in 0..<12 { _ = try trainer.trainEpoch() }
    let recall = problem.recall(at: 20, try factors(of: model))
    #expect(recall > 0.5, "recall@20 is \(recall)")
  }

  @Test func settingsThatMeanNothingAreRefused() throws {
    let train = Self.graph(users: 9, items: 12, pairs: 30, seed: 4)
    func message(_ layers: Int, _ weights: [Double]?) -> String {
      do {
        _ = try Self.model(train, layers: layers, weights: weights)
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(message(0, nil).contains("layers is 0; want at least 1"))
    #expect(message(-1, nil).contains("layers is -1; want at least 1"))
    #expect(message(2, [1, 1]).contains("2 layer weights for 2 layers; want 3"))
    #expect(message(1, [0, 0]).contains("not all 0"))
    #expect(message(1, [.nan, 1]).contains("want finite numbers"))
  }
}
