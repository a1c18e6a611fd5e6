import Interactions
import Tensors
import Testing

@testable import Ranking

/// A file may say anything with a right checksum: a trainer refuses it or goes on, and never ends the process.
@Suite struct MadSnapshotTests {
  private let train = randomInteractions(users: 12, items: 15, pairs: 60, seed: 1)

  private func trainer(momentum: Bool) throws -> Trainer {
    let rate = Schedule(try PlateauSchedule(from: 0.02, factor: 0.5, patience: 1))
    let optimizer = Optimizer(momentum ? .sgd(momentum: 0.9) : .adam(.init()), rate: rate)
    return try Trainer(
      model: randomModel(users: 12, items: 15, dim: 4, score: .cosine), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 2), optimizer: optimizer, batchSize: 16, seed: 1)
  }

  private func changed(_ values: Snapshot.Values, _ generator: inout some RandomNumberGenerator) -> Snapshot.Values? {
    func altered<Number>(_ list: [Number], _ choices: [Number]) -> [Number] {
      var list = list
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: list.append(choices[0])
      case 1: if !list.isEmpty { list.removeLast() }
      default:
        if !list.isEmpty {
          list[Int.random(in: 0..<list.count, using: &generator)] = choices.randomElement(using: &generator)!
        }
      }
      return list
    }
    switch values {
    case .floats(let list): return .floats(altered(list, [.nan, .infinity, -1e38, 0]))
    case .doubles(let list): return .doubles(altered(list, [.nan, -.infinity, 1e300, -1, 0.5, 3]))
    case .counts(let list): return .counts(altered(list, [.min, .max, -1, 0, 1, 7, 200]))
    case .integers(let list): return .integers(altered(list, [.min, .max, -1, 0, 1, 2, 1 << 33]))
    case .texts(let list): return .texts(altered(list, ["", "user", "x"]))
    }
  }

  @Test(arguments: [false, true]) func nothingInItEndsTheProcess(_ momentum: Bool) throws {
    let first = try trainer(momentum: momentum)
    for _ in 0..<140 {
      if try first.trainBatch().endsEpoch { first.evaluations.append([("recall@20", 0.5), ("ndcg@20", 0.1)]) }
    }
    let whole = try first.snapshot()
    let names = whole.entries.keys.sorted()
    var generator = RandomStream(seed: 5, purpose: "mad snapshots").generator()
    var outcomes = (refused: 0, taken: 0)
    for _ in 0..<600 {
      var mad = whole
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let name = names.randomElement(using: &generator)!
        mad[name] = Int.random(in: 0..<8, using: &generator) == 0 ? nil : mad[name].flatMap { changed($0, &generator) }
      }
      let second = try trainer(momentum: momentum)
      let before = try second.snapshot()
      do {
        try second.restore(mad)
        outcomes.taken += 1
        for _ in 0..<3 { _ = try? second.trainBatch() }
        _ = second.model.trainedParameters.map(\.currentValues)
      } catch {
        outcomes.refused += 1
        #expect(error is TrainingError)
        #expect(try second.snapshot() == before)
      }
    }
    #expect(outcomes.refused > 100 && outcomes.taken > 20, "\(outcomes)")
  }
}
