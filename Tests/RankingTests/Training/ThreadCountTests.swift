import Interactions
import Tensors
import Testing

@testable import Ranking

/// The same bits at any number of threads: parameters and losses, for every loss, score and optimizer.
@Suite struct ThreadCountTests {
  private static let pools = [1, 2, 3].map { ThreadPool(threadCount: $0) }

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

  private struct Setting {
    var loss: @Sendable () throws -> Loss
    var score = ScoreFunction.cosine
    var method = Optimizer.Method.adam(.init())
    var negatives = 5
    var batch = 300
    var users = 90
    var items = 500
    var pairs = 1500
    var dim = 12
    var change: (Trainer) -> Void = { _ in }
  }

  private func train(_ setting: Setting, _ pool: ThreadPool) throws -> Bits {
    let model = try randomModel(
      users: setting.users, items: setting.items, dim: setting.dim, score: setting.score, deviation: 0.2)
    let train = randomInteractions(users: setting.users, items: setting.items, pairs: setting.pairs, seed: 7)
    let trainer = try Trainer(
      model: model, train: train, loss: setting.loss(),
      sampler: UniformSampler(count: Schedule(Double(setting.negatives))),
      optimizer: Optimizer(setting.method, rate: 0.01), batchSize: setting.batch, seed: 3, pool: pool)
    setting.change(trainer)
    var losses: [Double] = []
    for _ in 0..<2 { _ = try trainer.trainEpoch { losses.append($0.loss) } }
    return Bits(parameters: model.parameters, losses: losses)
  }

  private func expectSameBits(_ setting: Setting, _ what: String, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let results = try Self.pools.map { try train(setting, $0) }
    #expect(results[0].parameters.users.contains { $0 != 0 }, sourceLocation: sourceLocation)
    for (pool, result) in zip(Self.pools, results) {
      #expect(result == results[0], "\(what): \(pool.threadCount) threads", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: LossCase.all.filter { $0.name.hasSuffix("mean") }, ScoreFunction.allCases)
  func everyLossScoreAndOptimizer(_ loss: LossCase, _ score: ScoreFunction) throws {
    for method in Self.methods {
      try expectSameBits(Setting(loss: loss.make, score: score, method: method), "\(method)")
    }
  }

  @Test func everySize() throws {
    let loss = LossCase.all[0].make
    for items in [1, 7, 1000] {
      for negatives in [1, 2, 17, 100] {
        for batch in [1, 7, 129, 257, 5000] {
          let pairs = batch == 1 ? 40 : 700
          try expectSameBits(
            Setting(loss: loss, negatives: negatives, batch: batch, items: items, pairs: pairs),
            "\(items) items, \(negatives) negatives, batches of \(batch)")
        }
      }
    }
  }

  @Test(arguments: [nil] + Regularization.Scope.allCases.map { Optional($0) })
  func everyExtra(_ scope: Regularization.Scope?) throws {
    let bsl = try #require(LossCase.all.first { $0.name == "bsl multi mean" }).make
    for clip in [nil, 0.1] {
      for place in MatrixFactorization.DropoutPlace.allCases where place != .lookups {
        for decay in [0, 0.01] {
          try expectSameBits(
            Setting(
              loss: bsl, users: 40,
              change: { trainer in
                trainer.regularization = scope.map { Regularization(weight: 0.01, scope: $0) }
                trainer.optimizer.clip = clip.map { Schedule($0) }
                trainer.optimizer.weightDecay = Schedule(decay)
                trainer.model.dropout = 0.2
                trainer.model.dropoutPlace = place
              }), "clip \(String(describing: clip)), \(place), decay \(decay)")
        }
      }
    }
  }

  @Test func excludedPositives() throws {
    let train = randomInteractions(users: 30, items: 40, pairs: 900, seed: 2)
    let results = try Self.pools.map { pool in
      let model = try randomModel(users: 30, items: 40, dim: 4, score: .dot)
      let trainer = try Trainer(
        model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 9, excludesPositives: true),
        optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 250, seed: 5, pool: pool)
      var losses: [Double] = []
      for _ in 0..<3 { _ = try trainer.trainEpoch { losses.append($0.loss) } }
      return Bits(parameters: model.parameters, losses: losses)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }
}
