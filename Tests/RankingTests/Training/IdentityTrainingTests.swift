import Interactions
import Tensors
import Testing

@testable import Ranking

/// A model whose rows are computed, and are those of its tables, trains to what the tables themselves train to, and to what a slow
/// training finds: random small problems of every loss, score, optimizer and kind of batch.
@Suite struct IdentityTrainingTests {
  struct LossKind: Sendable {
    let name: String
    var boundary = false
    var scores = ScoreFunction.allCases
    let make: @Sendable () throws -> Loss
  }

  private static func made<Made: Loss>(_ make: @autoclosure () throws -> Made, _ change: (Made) -> Void) rethrows
    -> Made
  {
    let loss = try make()
    change(loss)
    return loss
  }

  /// Losses of which many derivatives are 0, some whose are not, and the same written as functions.
  static let losses: [LossKind] = [
    LossKind(name: "positive only") { TracedLoss(name: "positive") { s in try s.positive.mean() } },
    LossKind(name: "hinge") { made(HingeLoss()) { $0.margin = 0.3 } },
    LossKind(name: "hinge, traced") {
      TracedLoss(name: "hinge") { s in try (0.3 + (s.negative - s.positive)).relu().mean(.negatives) }
    },
    LossKind(name: "hinge, with tensors") {
      TracedLoss(name: "hinge", fuses: false) { s in try (0.3 + (s.negative - s.positive)).relu().mean(.negatives) }
    },
    LossKind(name: "mml") {
      try MultiMarginLoss(margins: [0.1, 0.3, 0.5], weights: [0.1, 0.15, 0.75], negativeWeight: 7)
    },
    LossKind(name: "ccl") { CosineContrastiveLoss(margin: 0.4, negativeWeight: 3) },
    LossKind(name: "bpr") { BPRLoss() },
    LossKind(name: "bsl") { BSLLoss(mode: .multi, temperature: 0.5) },
    LossKind(name: "tce") { TruncatedLoss(dropRate: 0.15, gradualSteps: 3) },
    LossKind(name: "tce_bpr") { TruncatedLoss(isPairwise: true, dropRate: 0.4, gradualSteps: 0) },
    LossKind(name: "cml", scores: [.euclidean]) { CMLLoss() },
    LossKind(name: "sml", scores: [.euclidean]) { made(SymmetricMetricLoss()) { $0.marginWeight = 0.4 } },
    LossKind(name: "uib", boundary: true) {
      made(BoundaryLoss()) {
        $0.shape = .margin
        $0.margin = 0.2
      }
    },
  ]

  /// One random problem, and all that is decided about it.
  struct Problem: Sendable {
    var loss: LossKind
    var score: ScoreFunction
    var method: Optimizer.Method
    var rate: Double
    var clip: Double?
    var regularization: (weight: Double, scope: Regularization.Scope)?
    var weightDecay = 0.0
    var decayedRows = Optimizer.DecayedRows.all
    var boundary: Boundary.Kind?
    var dim: Int
    var users: Int
    var items: Int
    var seed: UInt64
    /// Whether the dense reference knows the optimizer: it has no touched rows.
    var hasReference: Bool

    init(loss: LossKind, seed: UInt64) {
      var generator = RandomStream(seed: seed, purpose: "problem").generator()
      func any<Choice>(_ choices: [Choice]) -> Choice { choices.randomElement(using: &generator)! }
      var lazy = Optimizer.AdamOptions()
      // Large beside rounding, so that a gradient which is 0 but for rounding moves nothing.
      lazy.epsilon = 1e-2
      var adam = lazy
      lazy.dense = false
      adam.dense = true
      var decoupled = adam
      decoupled.decoupled = true
      self.loss = loss
      self.seed = seed
      score = any(loss.scores)
      (method, rate) = any([
        (.sgd(momentum: 0), 0.1), (.sgd(momentum: 0.8), 0.03), (.adagrad(.tensorflow), 0.05),
        (.adagrad(.lightfm), 0.05),
        (.adam(adam), 0.02), (.adam(decoupled), 0.02), (.adam(lazy), 0.02),
      ])
      clip = any([nil, nil, 0.05, 1e3])
      regularization = any([nil, nil, (0.1, .tables), (0.1, .tablesTouched)])
      weightDecay = any([0, 0, 0.1])
      decayedRows = any(Optimizer.DecayedRows.allCases)
      if loss.boundary { boundary = any([.linear, .linearBias, .user]) }
      dim = any([2, 3, 16, 17])
      (users, items) = any([(3, 5), (6, 12), (12, 40), (40, 300)])
      hasReference = method != .adam(lazy) && (weightDecay == 0 || decayedRows == .all)
    }

    var optimizer: Optimizer {
      let optimizer = Optimizer(method, rate: Schedule(rate))
      optimizer.decayedRows = decayedRows
      return optimizer
    }

    /// Batches of three epochs: the last of each is smaller, some have one pair, negatives come and go.
    var batches: [GivenBatch] {
      let shapes = [(6, 2), (6, 2), (6, 9), (3, 1), (1, 2), (6, 5), (2, 17), (1, 1)]
      return (0..<3 * shapes.count).map { number in
        let (rows, negatives) = shapes[number % shapes.count]
        return GivenBatch.random(
          rows: rows, negatives: negatives, users: users, items: items, seed: seed &+ UInt64(number) << 32)
      }
    }

    var settings: GivenBatch.Settings {
      var settings = GivenBatch.Settings()
      (settings.rate, settings.weightDecay, settings.clip) = (rate, weightDecay, clip)
      settings.regularization = regularization
      return settings
    }

    var train: InteractionMatrix { randomInteractions(users: users, items: items, pairs: 2 * users, seed: seed) }

    func model(_ sides: IdentityModel.Sides) throws -> IdentityModel {
      try IdentityModel(
        users: users, items: items, dim: dim, score: score, sides: sides, boundary: boundary, seed: seed)
    }

    /// Users' and items' rows after all batches.
    func trained(_ sides: IdentityModel.Sides, threads: Int, collects: Bool = false) throws -> [Float] {
      let model = try model(sides)
      let loss = try loss.make()
      try loss.attach(to: train)
      let step = try TrainingStep(model: model, optimizer: optimizer, pool: ThreadPool(threadCount: threads))
      var settings = settings
      settings.collects = collects
      for batch in batches { try batch.run(step, loss, settings) }
      return model.userEmbeddings() + model.itemEmbeddings()
    }

    func trainedSlowly() throws -> [Double] {
      var slow = try SlowTraining(model(.init()), optimizer, loss.make(), train)
      for batch in batches { _ = try slow.step(batch, settings) }
      return slow.rows
    }

    var description: String {
      "\(loss.name), \(score), \(method), decay \(weightDecay) of \(decayedRows), clip \(clip ?? 0), "
        + "\(regularization.map { "\($0)" } ?? "no L2"), \(users) x \(items), dim \(dim), seed \(seed)"
    }
  }

  private static func distance(_ a: [some BinaryFloatingPoint], _ b: [some BinaryFloatingPoint]) -> Double {
    zip(a, b).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
  }

  @Test(arguments: losses.indices) func computedRowsTrainAsTables(_ index: Int) throws {
    for seed in 0..<8 {
      let problem = Problem(loss: Self.losses[index], seed: UInt64(seed))
      let tables = try problem.trained(.init(), threads: 1)
      let untrained = try problem.model(.init())
      #expect(Self.distance(tables, untrained.userEmbeddings() + untrained.itemEmbeddings()) > 1e-3)
      if problem.hasReference {
        let gap = try Self.distance(tables, problem.trainedSlowly())
        #expect(gap < 1e-4, "tables are \(gap) off the slow training: \(problem.description)")
      }
      for sides in IdentityModel.Sides.all {
        let results = try [1, 2].map { try problem.trained(sides, threads: $0) }
        #expect(results[0] == results[1], "\(sides): \(problem.description)")
        let gap = Self.distance(results[0], tables)
        #expect(gap < 2e-5, "\(sides) are \(gap) off the tables: \(problem.description)")
      }
    }
  }

  @Test(arguments: losses.indices) func collectedGradientsTrainAsThoseThatStepAtOnce(_ index: Int) throws {
    for seed in 20..<26 {
      let problem = Problem(loss: Self.losses[index], seed: UInt64(seed))
      for sides in IdentityModel.Sides.all {
        let fused = try problem.trained(sides, threads: 1)
        let collected = try [1, 2].map { try problem.trained(sides, threads: $0, collects: true) }
        #expect(collected[0] == collected[1], "\(sides): \(problem.description)")
        let gap = Self.distance(collected[0], fused)
        #expect(gap < 2e-5, "\(sides): collected are \(gap) off: \(problem.description)")
      }
    }
  }

  /// With one number a row an embedding is still an embedding.
  @Test func regularizationReachesRowsOfOneNumber() throws {
    var problem = Problem(loss: Self.losses[0], seed: 1)
    (problem.dim, problem.score, problem.method, problem.rate) = (1, .dot, .sgd(momentum: 0), 0.1)
    (problem.weightDecay, problem.clip, problem.regularization) = (0, nil, (0.1, .tables))
    let gap = try Self.distance(problem.trained(.init(), threads: 1), problem.trainedSlowly())
    #expect(gap < 1e-5)
  }
}
