import Interactions
import Tensors
import Testing

@testable import Ranking

/// Losses that read more than scores, through whole trainings: they learn a planted problem, with the same bits at any number of
/// threads.
@Suite struct LossTrainingTests {
  private static let problem = PlantedProblem()

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var score = ScoreFunction.dot
    var boundary: Boundary.Kind?
    var negatives = 10
    var rate = 0.02
    let make: @Sendable () -> Loss
  }

  /// Margins that have something to weigh up: in batches of 128 a large gamma keeps all of them at 1.
  private static func symmetric(
    hasBoundary: Bool = false, marginMean: SymmetricMetricLoss.MarginMean = .batch
  ) -> SymmetricMetricLoss {
    let loss = SymmetricMetricLoss(hasBoundary: hasBoundary)
    loss.marginWeight = 8
    loss.marginMean = marginMean
    return loss
  }

  static let cases: [Case] = [
    Case(testDescription: "triplet", score: .euclidean) {
      let loss = TripletLoss()
      loss.distance = .root
      return loss
    },
    Case(testDescription: "contrastive", score: .euclidean) { ContrastiveLoss() },
    Case(testDescription: "uib", boundary: .linear) { BoundaryLoss() },
    Case(testDescription: "uib, a boundary of each user", boundary: .user) { BoundaryLoss() },
    Case(testDescription: "sml", score: .euclidean, negatives: 1, rate: 0.05) { symmetric() },
    Case(testDescription: "sml, mean of all", score: .euclidean, negatives: 2, rate: 0.05) {
      symmetric(marginMean: .all)
    },
    Case(testDescription: "sml_uib", score: .euclidean, boundary: .linearBias, negatives: 1, rate: 0.05) {
      symmetric(hasBoundary: true)
    },
    Case(testDescription: "pris") { ImportanceLoss() },
    Case(testDescription: "self-adversarial") { ImportanceLoss.selfAdversarial() },
    Case(testDescription: "warp", negatives: 30) { WARPLoss() },
    Case(testDescription: "cml", score: .euclidean, negatives: 20) { CMLLoss() },
    Case(testDescription: "tce") { TruncatedLoss(dropRate: 0.02, gradualSteps: 20) },
    Case(testDescription: "tce_bpr") {
      TruncatedLoss(isPairwise: true, dropRate: 0.05, gradualSteps: 20)
    },
    Case(testDescription: "rce") { ReweightedLoss() },
    Case(testDescription: "rce_bpr, one negative", negatives: 1) { ReweightedLoss(isPairwise: true) },
    Case(testDescription: "weighted_bpr, one negative", negatives: 1) {
      WeightedPairwiseLoss { batch in batch.users.map { 0.5 + Float($0 % 3) } }
    },
  ]

  private func train(_ test: Case, epochs: Int, pool: ThreadPool = .shared) throws -> (
    MatrixFactorization, Loss, [Double]
  ) {
    let train = Self.problem.train
    var configuration = MatrixFactorization.Configuration(
      userCount: train.userCount, itemCount: train.itemCount, dim: 16)
    configuration.score = test.score
    configuration.boundary = test.boundary
    configuration.seed = 1
    configuration.initialization = .normal(standardDeviation: 0.1)
    let model = try MatrixFactorization(configuration)
    let loss = test.make()
    // The train part's positives can be drawn, as warp wants them; other losses bear it.
    let trainer = try Trainer(
      model: model, train: train, loss: loss,
      sampler: UniformSampler(count: Schedule(Double(test.negatives)), excludesPositives: !(loss is WARPLoss)),
      optimizer: Optimizer(.adam(.init()), rate: Schedule(test.rate)), batchSize: 128, seed: 5, pool: pool)
    let losses = try (0..<epochs).map { _ in try trainer.trainEpoch().loss }
    return (model, loss, losses)
  }

  private static let popularity: Double = {
    let counts = problem.train.itemCounts()
    return problem.recall(at: 20) { _, item in Double(counts[item]) }
  }()

  @Test(arguments: cases) func everyLossBeatsPopularity(_ test: Case) throws {
    let (model, loss, losses) = try train(test, epochs: 15)
    #expect(losses.last! < losses[0])
    #expect(Self.problem.recall(at: 20, model.factorScores()) > 4 * Self.popularity)
    for parameter in loss.parameters {
      let values = parameter.currentValues
      #expect(values.allSatisfy { (0...1).contains($0) }, "\(parameter.name) left its bounds")
      #expect(Set(values).count > 10, "\(parameter.name) has not moved")
    }
  }

  @Test(arguments: cases) func theBitsDoNotDependOnTheThreads(_ test: Case) throws {
    let runs = try [1, 2, 3].map { threads in
      let (model, loss, losses) = try train(test, epochs: 2, pool: ThreadPool(threadCount: threads))
      return Bits(
        parameters: model.parameters, losses: losses + loss.parameters.flatMap(\.currentValues).map(Double.init))
    }
    #expect(runs[1] == runs[0] && runs[2] == runs[0])
  }

  /// Proposals of positives are asked for as those of negatives are.
  @Test func sampledSoftmaxReadsTheProposalOfPositivesAndNegatives() throws {
    let train = Self.problem.train
    let model = try randomModel(users: train.userCount, items: train.itemCount, dim: 4, score: .dot)
    let probe = ProposalProbe()
    let trainer = try Trainer(
      model: model, train: train, loss: probe, sampler: ItemNumberSampler(),
      optimizer: Optimizer(.sgd(momentum: 0), rate: 0),
      batchSize: 16, seed: 1)
    _ = try trainer.trainBatch()
    #expect(probe.positives.count == 16 && probe.positives == probe.items.map { Float($0[0]) })
    #expect(probe.negatives == probe.items.flatMap { $0.dropFirst().map(Float.init) })
  }
}

/// A uniform sampler that calls an item's number the logarithm of its proposal.
private final class ItemNumberSampler: Sampler {
  let name = "item number"
  let gives = SamplerChannels.logProposals
  private let uniform = UniformSampler(count: 3)

  func negativeCount(at position: TrainingPosition, rowCount: Int) -> Double { 3 }
  func prepare(_ train: InteractionMatrix) throws { try uniform.prepare(train) }

  func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    uniform.draw(draw, rows: rows)
    for row in rows {
      for slot in 0..<draw.count {
        draw.logProposal![row * (draw.width - 1) + slot] = Float(draw.negatives(row)[slot])
      }
      draw.positiveLogProposal![row] = Float(draw.positive(row))
    }
  }
}

/// Takes down what a batch says of proposals.
private final class ProposalProbe: Loss {
  let name = "probe"
  let isRowwise = true
  let needs: Set<Channel> = [.positiveLogProposal]
  var items: [[Int32]] = []
  var positives: [Float] = []
  var negatives: [Float] = []

  func begin(_ plane: ScorePlane) throws {
    for row in 0..<plane.rowCount {
      items.append((0..<plane.width).map { plane.items![row * plane.width + $0] })
      positives.append(plane.positiveLogProposal![row])
      negatives += (0..<plane.negativeCount).map { plane.logProposal![row * plane.negativeCount + $0] }
    }
  }

  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    for row in rows {
      plane.values[row] = 0
      (plane.gradients + row * plane.width).update(repeating: 0, count: plane.width)
    }
  }
}
