import Foundation
import Interactions
import Ranking
import Tensors
import Testing

@testable import Evaluation

/// Decisions by boundaries, held to the same written out.
@Suite struct BoundaryEvaluationTests {
  private func matrix(_ rows: [[Int]], itemCount: Int) -> InteractionMatrix {
    let pairs = rows.enumerated().flatMap { user, items in items.map { (Int32(user), Int32($0)) } }
    return InteractionMatrix(userCount: rows.count, itemCount: itemCount, users: pairs.map(\.0), items: pairs.map(\.1))
  }

  private func source(_ rows: [[Float]]) -> ModelScores {
    .source(
      ClosureScores(userCount: rows.count, itemCount: rows[0].count) { users, buffer in
        for (position, user) in users.enumerated() {
          for (item, score) in rows[Int(user)].enumerated() { buffer[position * rows[0].count + item] = score }
        }
      })
  }

  // MARK: The golden vectors

  private struct Vector: Decodable {
    struct Inputs: Decodable {
      let scores: [[Float]]
      let boundary: [Float]
      let positives: [[Int]]
    }
    struct Quality: Decodable {
      let precision: Double
      let recall: Double
      let f1: Double
    }
    struct Row: Decodable {
      let offset: Double
      let micro: Quality
      let macro: Quality
      let mean_items_below_boundary: Double
    }
    struct Expected: Decodable { let rows: [Row] }
    let inputs: Inputs
    let expected: Expected
  }

  @Test(arguments: ["metrics.boundary.a", "metrics.boundary.b"]) func hasTheReferenceValues(_ name: String) throws {
    let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    let vector = try JSONDecoder().decode(Vector.self, from: Data(contentsOf: file))
    let result = try evaluateBoundary(
      source(vector.inputs.scores), boundaries: vector.inputs.boundary,
      positives: matrix(vector.inputs.positives, itemCount: vector.inputs.scores[0].count),
      offsets: vector.expected.rows.map(\.offset))
    #expect(result.rows.count == vector.expected.rows.count && result.rows.count > 5)
    for (row, wanted) in zip(result.rows, vector.expected.rows) {
      for (quality, wanted) in [(row.micro, wanted.micro), (row.macro, wanted.macro)] {
        #expect(abs(quality.precision - wanted.precision) < 1e-12, "offset \(row.offset)")
        #expect(abs(quality.recall - wanted.recall) < 1e-12, "offset \(row.offset)")
        #expect(abs(quality.f1 - wanted.f1) < 1e-12, "offset \(row.offset)")
      }
      #expect(abs(row.meanFiltered - wanted.mean_items_below_boundary) < 1e-12)
      #expect(abs(row.meanFiltered + row.meanPredicted - Double(result.itemCount)) < 1e-12)
      #expect(abs(row.filteredShare - row.meanFiltered / Double(result.itemCount)) < 1e-12)
    }
  }

  // MARK: Random problems

  struct Problem: Sendable {
    var users = 60
    var items = 150
    var dim = 7
    /// Whether scores are negative distances.
    var isDistance = false
    var seed: UInt64 = 1
  }

  static let problems = [
    Problem(), Problem(users: 1, items: 1, dim: 3), Problem(users: 200, items: 70, dim: 16, seed: 2),
    Problem(isDistance: true), Problem(users: 90, items: 1100, dim: 5, isDistance: true, seed: 3),
    Problem(users: 43, items: 600, dim: 33, seed: 4),
  ]

  private struct Case {
    let factors: FactorScores
    let boundaries: [Float]
    let positives: InteractionMatrix
    /// Shown scores: with the user's bias and below the ceiling.
    let shown: [[Double]]

    init(_ problem: Problem) {
      var generator = RandomStream(seed: problem.seed, purpose: "boundary case").generator()
      func rows(_ count: Int) -> [Float] {
        (0..<count * problem.dim).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
      }
      factors = FactorScores(
        problem.isDistance ? .euclidean : .dot, users: rows(problem.users), items: rows(problem.items),
        userCount: problem.users, itemCount: problem.items)
      let factors = factors
      shown = (0..<problem.users).map { user in
        (0..<problem.items).map { factors.score(user: user, item: $0) }
      }
      let center: Float = problem.isDistance ? -1 : 0
      boundaries = (0..<problem.users).map { _ in center + Float.random(in: -0.4...0.4, using: &generator) }
      var pairs: [(Int32, Int32)] = [(0, 0)]
      for user in 0..<problem.users where user % 5 != 4 {
        for item in 0..<problem.items where user == 1 || Double.random(in: 0..<1, using: &generator) < 0.15 {
          pairs.append((Int32(user), Int32(item)))
        }
      }
      positives = InteractionMatrix(
        userCount: problem.users, itemCount: problem.items, users: pairs.map(\.0), items: pairs.map(\.1))
    }

    func isAbove(_ user: Int, _ item: Int, _ offset: Double) -> Bool {
      shown[user][item] > Double(boundaries[user]) + offset
    }
  }

  @Test(arguments: problems.indices) func countsWhatIsAbove(_ index: Int) throws {
    let test = Case(Self.problems[index])
    let offsets = [-0.73, -0.2, 0, 0.31, 5, -50]
    let users = (0..<Self.problems[index].users).filter { !test.positives.items(of: $0).isEmpty }
    let results = try [1, 2, 3].map { threads in
      try evaluateBoundary(
        .factors(test.factors), boundaries: test.boundaries, positives: test.positives, offsets: offsets,
        pool: ThreadPool(threadCount: threads))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    #expect(results[0].users.map(Int.init) == users)
    for (place, offset) in offsets.enumerated() {
      var (predicted, right, owned) = (0, 0, 0)
      var macro: [(precision: Double, recall: Double, f1: Double)] = []
      for user in users {
        let above = (0..<Self.problems[index].items).filter { test.isAbove(user, $0, offset) }
        let hits = above.count { test.positives.contains(user: user, item: Int32($0)) }
        let count = test.positives.items(of: user).count
        predicted += above.count
        right += hits
        owned += count
        let precision = above.isEmpty ? 0 : Double(hits) / Double(above.count)
        let recall = Double(hits) / Double(count)
        macro.append((precision, recall, hits == 0 ? 0 : 2 * precision * recall / (precision + recall)))
      }
      let row = results[0].rows[place]
      let people = Double(users.count)
      #expect(abs(row.meanPredicted - Double(predicted) / people) < 1e-9)
      #expect(abs(row.micro.precision - (predicted == 0 ? 0 : Double(right) / Double(predicted))) < 1e-9)
      #expect(abs(row.micro.recall - Double(right) / Double(owned)) < 1e-9)
      #expect(abs(row.macro.precision - macro.reduce(0) { $0 + $1.precision } / people) < 1e-9)
      #expect(abs(row.macro.recall - macro.reduce(0) { $0 + $1.recall } / people) < 1e-9)
      #expect(abs(row.macro.f1 - macro.reduce(0) { $0 + $1.f1 } / people) < 1e-9)
      #expect(offset != -50 || row.filteredShare == 0)
      #expect(offset != 5 || row.filteredShare == 1)
    }
  }

  @Test(arguments: problems.indices) func singleDecisionsAreTheSame(_ index: Int) throws {
    let test = Case(Self.problems[index])
    let problem = Self.problems[index]
    let items = (0..<Int32(problem.items)).map { $0 }
    for user in 0..<min(problem.users, 9) {
      let above = try areAboveBoundary(
        .factors(test.factors), boundaries: test.boundaries, user: Int32(user), items: items, offset: 0.1)
      #expect(above == items.map { test.isAbove(user, Int($0), 0.1) })
      guard !test.positives.items(of: user).isEmpty else { continue }
      let counted = try evaluateBoundary(
        .factors(test.factors), boundaries: test.boundaries, positives: test.positives, offsets: [0.1],
        users: [Int32(user)])
      #expect(Int(counted.rows[0].meanPredicted) == above.count { $0 })
    }
  }

  // MARK: Edges

  /// A score that is the boundary is not above it: in sources, products and distances.
  @Test func equalityIsNotInterest() throws {
    let rows: [[Float]] = [[0.25, -1, 3], [0, -0, 1e-30]]
    let positives = matrix([[0], [0, 1, 2]], itemCount: 3)
    let result = try evaluateBoundary(source(rows), boundaries: [0.25, 0], positives: positives)
    #expect(result.rows[0].meanPredicted == 1 && result.rows[0].micro.recall == 0.25)
    let coincident = FactorScores(
      .euclidean, users: [0.6, 0.3], items: [0.6, 0.3, 0, 0], userCount: 1, itemCount: 2)
    let owned = matrix([[0]], itemCount: 2)
    let atZero = try evaluateBoundary(.factors(coincident), boundaries: [0], positives: owned, offsets: [0, 1, -1e-3])
    #expect(atZero.rows.map(\.meanPredicted) == [0, 0, 1])
    #expect(
      try areAboveBoundary(.factors(coincident), boundaries: [0], user: 0, items: [0, 1, 0]) == [false, false, false])
  }

  @Test func whatIsWrongIsSaid() throws {
    let positives = matrix([[0], []], itemCount: 2)
    let scores = source([[1, 2], [3, 4]])
    #expect(throws: EvaluationError.boundaryIsNotANumber(user: 1)) {
      try evaluateBoundary(scores, boundaries: [0, .nan], positives: positives)
    }
    #expect(throws: EvaluationError.nobodyToEvaluate(relevant: "the parts that are looked for", chosen: 1)) {
      try evaluateBoundary(scores, boundaries: [0, 0], positives: positives, users: [1])
    }
    #expect(throws: EvaluationError.scoreIsNotANumber(user: 0, item: 1)) {
      try evaluateBoundary(source([[1, .nan], [3, 4]]), boundaries: [0, 0], positives: positives)
    }
    #expect(throws: EvaluationError.scoreIsNotANumber(user: 0, item: 1)) {
      try areAboveBoundary(source([[1, .nan], [3, 4]]), boundaries: [0, 0], user: 0, items: [0, 1])
    }
    #expect(throws: EvaluationError.self) { try evaluateBoundary(scores, boundaries: [0], positives: positives) }
  }

  // MARK: Distributions

  @Test(arguments: [false, true]) func samplesAreScoresOfWhatUsersHaveAndLack(_ isDistance: Bool) throws {
    let test = Case(Problem(users: 30, items: 40, dim: 4, isDistance: isDistance))
    let samples = try [1, 2].map {
      try ScoreSamples(
        .factors(test.factors), positives: test.positives, seed: 5, pool: ThreadPool(threadCount: $0))
    }
    #expect(samples[0] == samples[1])
    #expect(
      try ScoreSamples(.factors(test.factors), positives: test.positives, seed: 6).negatives != samples[0].negatives)
    let wanted = (0..<30).flatMap { user in test.positives.items(of: user).map { test.shown[user][Int($0)] } }
    #expect(samples[0].positives.count == wanted.count)
    for (score, wanted) in zip(samples[0].positives, wanted) { #expect(abs(Double(score) - wanted) < 1e-5) }
    // User 1 has everything, and so no negative.
    #expect(samples[0].negatives.count == wanted.count - 40)
  }

  /// Each item that a user lacks is drawn as often as any other, and no other is drawn.
  @Test func negativesAreUniform() throws {
    let (userCount, itemCount) = (400, 12)
    let owned = [0, 3, 4, 11]
    let positives = matrix(Array(repeating: owned, count: userCount), itemCount: itemCount)
    let scores = source(Array(repeating: (0..<itemCount).map { Float($0) }, count: userCount))
    let samples = try ScoreSamples(scores, positives: positives, seed: 1)
    let counts = (0..<itemCount).map { item in samples.negatives.count { $0 == Float(item) } }
    for item in 0..<itemCount {
      // 1600 draws among 8 items: 200 each, with a deviation of 13.
      #expect(owned.contains(item) ? counts[item] == 0 : abs(counts[item] - 200) < 60)
    }
  }

  @Test func aHistogramCountsEveryNumberOnce() {
    let values = [-2, -1, -1, 0, 0.25, 0.5, 1, 1, 7]
    let own = Histogram(values, bins: 3)
    #expect(own.edges == [-2, 1, 4, 7] && own.counts == [6, 2, 1] && own.below == 0 && own.above == 0)
    let given = Histogram(values, bins: 4, range: -1...1)
    #expect(given.counts == [2, 0, 2, 3] && given.below == 1 && given.above == 1)
    #expect(given.mean == own.mean && abs(own.mean - 5.75 / 9) < 1e-12 && own.smallest == -2 && own.largest == 7)
    let one = Histogram([3, 3], bins: 2)
    #expect(one.edges == [2.5, 3, 3.5] && one.counts == [0, 2] && one.deviation == 0)
    var generator = RandomStream(seed: 1, purpose: "histogram").generator()
    let many = (0..<5000).map { _ in Double(Float.random(in: -1...1, using: &generator)) }
    let fine = Histogram(many, bins: 37, range: -0.7...0.9)
    for bin in 0..<37 {
      let (low, high) = (fine.edges[bin], fine.edges[bin + 1])
      #expect(
        fine.counts[bin] == many.count { $0 >= low && ($0 < high || bin == 36 && $0 == high) })
    }
    #expect(fine.counts.reduce(0, +) + fine.below + fine.above == 5000)
  }
}
