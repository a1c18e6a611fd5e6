import Interactions
import Tensors
import Testing

@testable import Ranking

/// Keeps what a batch asked for.
private final class RecordingSampler: Sampler {
  struct Row: Hashable {
    let user: Int32
    let positive: Int32
  }

  let name = "recording"
  var count: Schedule
  var usersWithoutNegatives: [Int32] = []
  private(set) var rows: [Row] = []
  private(set) var places: [Int] = []
  private(set) var counts: [Int] = []

  init(count: Schedule) { self.count = count }
  func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double { try count.value(at: position) }
  func prepare(_ train: InteractionMatrix) throws {}
  func forget() { (rows, places, counts) = ([], [], []) }

  func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      self.rows.append(Row(user: draw.users[row], positive: draw.positive(row)))
      places.append(draw.firstPlace + row)
      counts.append(draw.count)
      for slot in 0..<draw.count { draw.negatives(row)[slot] = 0 }
    }
  }
}

@Suite struct TrainerTests {
  private let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)

  private func trainer(_ sampler: Sampler, batch: Int = 33, seed: UInt64 = 9, loss: Loss = BPRLoss()) throws -> Trainer
  {
    try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: loss, sampler: sampler,
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: batch, seed: seed, pool: ThreadPool(threadCount: 1))
  }

  private var pairs: Set<RecordingSampler.Row> {
    Set(
      (0..<40).flatMap { user in train.items(of: user).map { RecordingSampler.Row(user: Int32(user), positive: $0) } })
  }

  @Test(arguments: [1, 7, 33, 5000], [[0], [39], [0, 1, 17, 38, 39]] as [[Int32]])
  func pairsOfUsersWithoutNegativesAreLeftOut(_ batch: Int, _ users: [Int32]) throws {
    let sampler = RecordingSampler(count: 2)
    sampler.usersWithoutNegatives = users
    let trainer = try trainer(sampler, batch: batch)
    let wanted = pairs.filter { !users.contains($0.user) }
    #expect(trainer.leftOutUsers == users && trainer.pairCount == wanted.count && wanted.count < train.count)
    for epoch in 1...2 {
      sampler.forget()
      var sizes: [Int] = []
      let report = try trainer.trainEpoch { sizes.append($0.size) }
      #expect(report.epoch == epoch && trainer.place == 0 && sizes.count == trainer.batchesPerEpoch)
      #expect(sizes.reduce(0, +) == wanted.count && sizes.dropLast().allSatisfy { $0 == batch })
      #expect(Set(sampler.rows) == wanted && sampler.rows.count == wanted.count)
      #expect(sampler.places == Array(0..<wanted.count))
    }
  }

  /// Users who have everything are as if they had nothing.
  @Test func usersWithEverythingDoNotChangeTheOthers() throws {
    func parameters(_ full: [Int]) throws -> MatrixFactorization.Parameters {
      let some = randomInteractions(users: 12, items: 9, pairs: 40, seed: 3)
      var (users, items) = ([Int32](), [Int32]())
      for user in 0..<12 {
        let own: [Int32] =
          [2, 11].contains(user) ? (full.contains(user) ? Array(0..<9) : []) : Array(some.items(of: user))
        users += own.map { _ in Int32(user) }
        items += own
      }
      let model = try randomModel(users: 12, items: 9, dim: 4, score: .dot)
      let trainer = try Trainer(
        model: model, train: InteractionMatrix(userCount: 12, itemCount: 9, users: users, items: items),
        loss: BPRLoss(),
        sampler: UniformSampler(count: 3, excludesPositives: true), optimizer: Optimizer(.adam(.init()), rate: 0.01),
        batchSize: 7, seed: 5)
      for _ in 0..<3 { _ = try trainer.trainEpoch() }
      return model.parameters
    }
    #expect(try parameters([2, 11]) == parameters([]))
  }

  @Test func aTrainPartOfUsersWithEverythingIsRefused() {
    let full = InteractionMatrix(userCount: 2, itemCount: 2, users: [0, 0, 1, 1], items: [0, 1, 0, 1])
    let error = #expect(throws: TrainingError.self) {
      try Trainer(
        model: randomModel(users: 2, items: 2, dim: 2, score: .dot), train: full, loss: BPRLoss(),
        sampler: UniformSampler(count: 1, excludesPositives: true), optimizer: Optimizer(.sgd(momentum: 0), rate: 1),
        batchSize: 1, seed: 1)
    }
    #expect(error?.description.contains("every user of the train part has every item") == true)
  }

  @Test(arguments: [1, 7, 33, 499, 5000]) func anEpochVisitsEveryPairOnce(_ batch: Int) throws {
    let sampler = RecordingSampler(count: 2)
    let trainer = try trainer(sampler, batch: batch)
    var orders: [[RecordingSampler.Row]] = []
    for epoch in 1...3 {
      var sizes: [Int] = []
      let report = try trainer.trainEpoch { sizes.append($0.size) }
      #expect(report.epoch == epoch && trainer.epoch == epoch && trainer.place == 0)
      #expect(sizes.count == trainer.batchesPerEpoch && report.batches == sizes.count)
      #expect(sizes.dropLast().allSatisfy { $0 == batch } && sizes.reduce(0, +) == train.count)
      #expect(sampler.rows.count == train.count && Set(sampler.rows) == pairs)
      #expect(sampler.places == Array(0..<train.count))
      orders.append(sampler.rows)
      sampler.forget()
    }
    #expect(orders[0] != orders[1] && orders[1] != orders[2] && orders[0] != orders[2])
    #expect(trainer.step == 3 * trainer.batchesPerEpoch)
  }

  @Test func theOrderComesFromTheSeed() throws {
    func order(_ seed: UInt64, batch: Int) throws -> [RecordingSampler.Row] {
      let sampler = RecordingSampler(count: 1)
      _ = try trainer(sampler, batch: batch, seed: seed).trainEpoch()
      return sampler.rows
    }
    #expect(try order(1, batch: 33) == order(1, batch: 100))
    #expect(try order(1, batch: 33) != order(2, batch: 33))
  }

  @Test func withoutShufflingPairsComeByUser() throws {
    let sampler = RecordingSampler(count: 1)
    let trainer = try trainer(sampler)
    trainer.shuffles = false
    _ = try trainer.trainEpoch()
    #expect(sampler.rows.map(\.user) == sampler.rows.map(\.user).sorted())
    #expect(sampler.rows.map(\.positive) == train.items)
  }

  @Test func batchSizeMayChangeInTheMiddleOfAnEpoch() throws {
    let sampler = RecordingSampler(count: 1)
    let trainer = try trainer(sampler, batch: 100)
    try trainer.trainBatch()
    trainer.batchSize = 17
    _ = try trainer.trainEpoch()
    #expect(Set(sampler.rows) == pairs && sampler.rows.count == train.count)
  }

  @Test func schedulesSeeEpochsAndStepsFromOne() throws {
    var seen: [TrainingPosition] = []
    let sampler = RecordingSampler(
      count: Schedule {
        seen.append($0)
        return Double(1 + ($0.step - 1) % 3)
      })
    let trainer = try trainer(sampler, batch: 200)
    let perEpoch = trainer.batchesPerEpoch
    for _ in 0..<2 { _ = try trainer.trainEpoch() }
    #expect(seen.map(\.step) == Array(1...2 * perEpoch))
    #expect(seen.map(\.epoch) == (1...2).flatMap { [Int](repeating: $0, count: perEpoch) })
    let sizes = (0..<2 * perEpoch).map { min(200, train.count - $0 % perEpoch * 200) }
    #expect(sampler.counts == zip(0..., sizes).flatMap { [Int](repeating: 1 + $0 % 3, count: $1) })
  }

  @Test func assignedFieldsCountFromTheNextBatch() throws {
    let trainer = try trainer(UniformSampler(count: 3))
    let start = trainer.model.parameters
    trainer.optimizer.rate = 0
    try trainer.trainBatch()
    #expect(trainer.model.parameters == start)
    trainer.optimizer.rate = 0.01
    try trainer.trainBatch()
    #expect(trainer.model.parameters != start)
    let squared = SquaredLoss()
    trainer.loss = squared
    let value = try trainer.trainBatch().loss
    #expect(value > 0.5 && value < 3, "half of (s - 1)² and of three s², cosines being small")
  }

  @Test func theEpochsLossIsTheMeanOfItsBatches() throws {
    let trainer = try trainer(UniformSampler(count: 3))
    for _ in 0..<2 {
      var losses: [Double] = []
      let report = try trainer.trainEpoch { losses.append($0.loss) }
      expectClose(report.loss, losses.reduce(0, +) / Double(losses.count), rtol: 1e-12, atol: 0)
    }
  }
}
