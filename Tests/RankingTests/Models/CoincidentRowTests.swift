import Kernels
import Tensors
import Testing

@testable import Ranking

/// Rows that nearly coincide: their distance rounds to either side of 0.
@Suite struct CoincidentRowTests {
  /// A user's row, and items at most a rounding away from it.
  private func rows(dim: Int, count: Int, seed: UInt64) -> (user: [Float], items: [Float]) {
    let stream = RandomStream(seed: seed, purpose: "coincident", dim)
    let user = (0..<dim).map { Float(stream.uniformDouble(at: UInt64($0)) * 20 - 10) }
    let items = (0..<count * dim).map { place in
      let number = user[place % dim]
      return stream.bits(at: UInt64(dim + place)) % 3 == 0 ? number.nextUp : number
    }
    return (user, items)
  }

  @Test(arguments: [3, 16, 64, 100]) func noDistanceIsBelowZero(_ dim: Int) throws {
    let count = 200
    let (user, items) = rows(dim: dim, count: count, seed: 1)
    let model = try IdentityModel(users: 1, items: count, dim: dim, score: .euclidean, sides: .init())
    try model.users.setValues(user)
    try model.items.setValues(items)
    var scores = [Float](repeating: 0, count: count)
    let table = model.items.table
    let places = (0..<Int32(count)).map { $0 }
    let square = user.reduce(0) { $0 + $1 * $1 }
    kernel_score_rows(
      ScoreFunction.euclidean.kernelCode, model.users.values, square, table.values.base,
      table.scale!.base,
      places, count, table.stride, &scores)
    #expect(scores.allSatisfy { $0 <= 0 } && scores.contains(0))
    let factors = model.factorScores()
    #expect((0..<count).allSatisfy { factors.score(user: 0, item: $0) <= 0 })
  }

  @Test func aScoreThatIsNotANumberStaysSo() throws {
    let model = try IdentityModel(users: 1, items: 1, dim: 2, score: .euclidean, sides: .init())
    try model.users.setValues([1, 1])
    try model.items.setValues([.nan, 1])
    var score: Float = 0
    let table = model.items.table
    kernel_score_rows(
      ScoreFunction.euclidean.kernelCode, model.users.values, 2, table.values.base, table.scale!.base,
      [0],
      1, table.stride, &score)
    #expect(score.isNaN)
    #expect(model.factorScores().score(user: 0, item: 0).isNaN)
  }

  /// Losses that take the root of the distance, native and written as a function without a floor of its own.
  @Test func lossesWithARootStayNumbers() throws {
    for dim in [3, 16, 100] {
      for seed in 0..<20 {
        let (user, items) = rows(dim: dim, count: 8, seed: UInt64(seed))
        let (triplet, contrastive) = (TripletLoss(), ContrastiveLoss())
        (triplet.distance, contrastive.distance) = (.root, .root)
        let losses: [Loss] = [
          TracedLoss(name: "root") { s in
            try ((-s.positive).apply(.squareRoot).stoppingGradient() - s.negative).mean(.negatives)
          },
          triplet, contrastive,
        ]
        for loss in losses {
          let model = try IdentityModel(users: 1, items: 8, dim: dim, score: .euclidean, sides: .init())
          try model.users.setValues(user)
          try model.items.setValues(items)
          let step = try TrainingStep(
            model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1e-3), pool: ThreadPool(threadCount: 1))
          let batch = GivenBatch(
            users: [0, 0, 0, 0], positives: [0, 1, 2, 3], negatives: [[4, 5], [5, 6], [6, 7], [7, 4]])
          var settings = GivenBatch.Settings()
          settings.rate = 1e-3
          #expect(try batch.run(step, loss, settings).isFinite, "\(loss.name)")
          let finite = model.userEmbeddings().allSatisfy(\.isFinite)
          #expect(finite, "\(loss.name)")
        }
      }
    }
  }
}
