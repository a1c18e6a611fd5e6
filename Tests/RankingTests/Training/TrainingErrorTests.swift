import Interactions
import Tensors
import Testing

@testable import Ranking

/// What cannot be trained with is refused at once, by name, and nothing has changed.
@Suite struct TrainingErrorTests {
  private let train = randomInteractions(users: 20, items: 30, pairs: 200, seed: 1)

  private func trainer(
    _ model: MatrixFactorization? = nil, train: InteractionMatrix? = nil, batch: Int = 50, sampler: Sampler? = nil
  ) throws -> Trainer {
    try Trainer(
      model: model ?? randomModel(users: 20, items: 30, dim: 4, score: .dot), train: train ?? self.train,
      loss: BPRLoss(),
      sampler: sampler ?? UniformSampler(count: 2), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: batch,
      seed: 1)
  }

  private func message(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> String? {
    let error = #expect(throws: TrainingError.self, sourceLocation: sourceLocation, performing: body)
    return error?.description
  }

  /// A setting that is refused at the first batch of a trainer.
  struct Refusal: Sendable, CustomTestStringConvertible {
    let message: String
    let change: @Sendable (Trainer) -> Void
    var testDescription: String { message }
  }

  static let refusals = [
    Refusal(message: "rate is nan at epoch 1, step 1; want a number from 0.0 to 1000000.0") {
      $0.optimizer.rate = Schedule { _ in .nan }
    },
    Refusal(message: "rate is -0.1 at epoch 1, step 1; want a number from 0.0 to 1000000.0") {
      $0.optimizer.rate = -0.1
    },
    Refusal(message: "weight decay is -1.0 at epoch 1, step 1; want a number from 0.0 to 1000000.0") {
      $0.optimizer.weightDecay = -1
    },
    Refusal(message: "clip is 0.0 at epoch 1, step 1; want a number from 1e-30 to 1e+30") { $0.optimizer.clip = 0 },
    Refusal(message: "dropout is 1.0 at epoch 1, step 1; want a number from 0.0 to 0.999") { $0.model.dropout = 1 },
    Refusal(message: "regularization weight is -1.0 at epoch 1, step 1; want a number from 0.0 to 1000000000.0") {
      $0.regularization = Regularization(weight: -1, scope: .batch)
    },
    Refusal(message: "count of negatives is 0.0 at epoch 1, step 1; want a number from 1.0 to 1000000.0") {
      ($0.sampler as! UniformSampler).count = 0
    },
    Refusal(message: "count of negatives is 2.5 at epoch 1; want a whole number") {
      ($0.sampler as! UniformSampler).count = 2.5
    },
    Refusal(message: "batch is 0; want at least 1") { $0.batchSize = 0 },
  ]

  @Test(arguments: refusals) func settings(_ refusal: Refusal) throws {
    let trainer = try trainer()
    let start = trainer.model.parameters
    refusal.change(trainer)
    #expect(message { try trainer.trainBatch() } == refusal.message)
    #expect(trainer.model.parameters == start && trainer.step == 0 && trainer.epoch == 0 && trainer.place == 0)
  }

  @Test func constantsOfAnOptimizerThatMakeNoStepAreRefused() throws {
    func message(_ method: Optimizer.Method) throws -> String? {
      let model = try randomModel(users: 20, items: 30, dim: 4, score: .dot)
      let error = #expect(throws: TrainingError.self) {
        _ = try Trainer(
          model: model, train: train, loss: BPRLoss(), sampler: UniformSampler(count: 2),
          optimizer: Optimizer(method, rate: 1),
          batchSize: 5, seed: 1)
      }
      return error?.description
    }
    #expect(try message(.sgd(momentum: 1)) == "momentum is 1.0; want at least 0 and below 1")
    var options = Optimizer.AdamOptions()
    options.beta1 = 1
    #expect(try message(.adam(options)) == "beta1 is 1.0; want at least 0 and below 1")
    options = Optimizer.AdamOptions()
    options.beta2 = .nan
    #expect(try message(.adam(options)) == "beta2 is nan; want at least 0 and below 1")
    options = Optimizer.AdamOptions()
    options.epsilon = -1e-8
    #expect(try message(.adam(options)) == "epsilon is -1e-08; want a number from 0 to 1e6")
  }

  @Test func aModelOfOtherDataIsRefused() throws {
    let model = try randomModel(users: 19, items: 30, dim: 4, score: .dot)
    #expect(
      message { _ = try trainer(model) }
        == "the model has 19 users and 30 items, the data 20 and 30; make the model from the data it is trained on")
  }

  @Test func aTrainPartWithoutInteractionsIsRefused() {
    let empty = InteractionMatrix(userCount: 20, itemCount: 30, users: [], items: [])
    #expect(message { _ = try trainer(train: empty) } == "the train part has no interactions; nothing to learn from")
  }

  @Test func aBatchOfNothingIsRefused() {
    #expect(message { _ = try trainer(batch: 0) } == "batch is 0; want at least 1")
  }

  @Test func aModelOfNothingIsRefused() {
    #expect(
      message { _ = try MatrixFactorization(.init(userCount: 0, itemCount: 3, dim: 4)) }
        == "a model wants at least one user, one item and one dimension; got 0 users, 3 items, dim 4")
    var configuration = MatrixFactorization.Configuration(userCount: 2, itemCount: 3, dim: 4)
    configuration.biases = true
    #expect(message { _ = try MatrixFactorization(configuration) } == "biases go with score 'dot', not 'cosine'")
  }

  @Test func aParameterThatIsNotANumberStopsTheBatchAndIsNamed() throws {
    let trainer = try trainer()
    _ = try trainer.trainEpoch()
    var parameters = trainer.model.parameters
    let good = parameters
    parameters.items[7 * 4 + 2] = .nan
    try trainer.model.setParameters(parameters)
    let error = #expect(throws: TrainingError.self) { _ = try trainer.trainEpoch() }
    #expect(error?.kind == .notFinite)
    let epoch = trainer.place > 0 ? trainer.epoch : trainer.epoch + 1
    #expect(epoch == 2)
    #expect(
      error?.description
        == "the loss 'bpr' is nan at epoch 2, step \(trainer.step + 1): the item embeddings hold nan (first in row 7); nothing was "
        + "changed by this batch. Try a lower rate, gradient clipping (clip = 10), or a loss with a larger temperature")
    // With the parameter mended the trainer goes on.
    try trainer.model.setParameters(good)
    #expect(try trainer.trainEpoch().loss.isFinite)
  }

  @Test func aLossThatOverflowsStopsTheBatchAndChangesNothing() throws {
    let trainer = try trainer()
    trainer.loss = SquaredLoss()
    var parameters = trainer.model.parameters
    parameters.users = parameters.users.map { $0 * 1e15 }
    parameters.items = parameters.items.map { $0 * 1e15 }
    try trainer.model.setParameters(parameters)
    let text = message { try trainer.trainBatch() }
    #expect(
      text?.hasPrefix(
        "the loss 'mse' is inf at epoch 1, step 1: all parameters are finite, so the loss itself overflows") == true)
    #expect(trainer.model.parameters == parameters && trainer.step == 0)
  }

  /// The loss is finite, its gradient is not: clipping by an infinite norm would make every parameter NaN.
  @Test func aGradientThatOverflowsStopsTheBatchWhereItIsClipped() throws {
    let trainer = try trainer()
    trainer.optimizer.clip = 1
    var parameters = trainer.model.parameters
    parameters.users = parameters.users.map { _ in 3e38 }
    parameters.items = parameters.items.map { _ in 1e-38 }
    try trainer.model.setParameters(parameters)
    trainer.loss = LinearLoss([[Float]](repeating: [3, 3, 3], count: 50))
    let text = message { try trainer.trainBatch() }
    #expect(text?.hasPrefix("the gradient of the loss 'linear' is inf at epoch 1, step 1") == true, "\(text ?? "")")
    #expect(trainer.model.parameters == parameters && trainer.step == 0)
  }
}
