import Interactions
import Platform
import Tensors
import Testing

@testable import Ranking

/// Popularity, EASE and item neighbors against their formulas on small problems.
@Suite struct ClosedFormTests {
  /// Random pairs; user 0 has nothing, user 1 everything, and item 0 belongs to user 1 alone.
  private static let train: InteractionMatrix = {
    let random = randomInteractions(users: 40, items: 29, pairs: 260, seed: 8)
    var pairs: [(Int32, Int32)] = []
    for user in 2..<40 { pairs += random.items(of: user).map { (Int32(user), $0 + 1) } }
    pairs += (0..<30).map { (1, $0) }
    return InteractionMatrix(userCount: 40, itemCount: 30, users: pairs.map(\.0), items: pairs.map(\.1))
  }()

  private func fit<Model: ClosedFormModel>(_ model: Model, _ train: InteractionMatrix = train) throws -> Model {
    _ = try ClosedForm(model, train: train).epoch { false }
    return model
  }

  private func allScores(_ model: any ScoredModel) throws -> [[Float]] {
    switch try model.scores() {
    case .factors(let factors):
      return (0..<model.userCount).map { user in
        (0..<model.itemCount).map { item in Float(factors.score(user: user, item: item)) }
      }
    case .source(let source):
      // In two blocks, the second of which does not begin at 0.
      let users = (0..<Int32(model.userCount)).map { $0 }
      var rows = [Float](repeating: .nan, count: model.userCount * model.itemCount)
      let cut = 7 * model.itemCount
      try rows.withUnsafeMutableBufferPointer { rows in
        try source.scores(users: users[..<7], into: UnsafeMutableBufferPointer(rebasing: rows[..<cut]))
        try source.scores(users: users[7...], into: UnsafeMutableBufferPointer(rebasing: rows[cut...]))
      }
      let table = users.indices.map { Array(rows[$0 * model.itemCount..<($0 + 1) * model.itemCount]) }
      let some: [Int32] = [3, 3, 0, Int32(model.itemCount) - 1]
      for user in users {
        expectClose(try source.scores(user: user, items: some), some.map { table[Int(user)][Int($0)] }, "pairs")
      }
      return table
    }
  }

  // MARK: Popularity

  @Test func popularityCountsUsers() throws {
    let scores = try allScores(fit(Popularity(userCount: 40, itemCount: 30)))
    var counts = [Float](repeating: 0, count: 30)
    for item in Self.train.items { counts[Int(item)] += 1 }
    #expect(scores.allSatisfy { $0 == counts })
  }

  // MARK: EASE

  @Test(arguments: [0.5, 20, 500]) func easeEqualsADirectInverse(_ regularization: Double) throws {
    let train = Self.train
    let model = try fit(Ease(train: train, regularization: regularization))
    var gram = [[Double]](repeating: [Double](repeating: 0, count: 30), count: 30)
    for user in 0..<40 {
      for a in train.items(of: user) { for b in train.items(of: user) { gram[Int(a)][Int(b)] += 1 } }
    }
    for item in 0..<30 { gram[item][item] += regularization }
    // The inverse, column by column.
    let inverse: [[Double]] = (0..<30).map { column in
      var unit = [Double](repeating: 0, count: 30)
      unit[column] = 1
      return solve(gram, unit)
    }
    var weights = [Double](repeating: 0, count: 900)
    for row in 0..<30 {
      for column in 0..<30 where row != column {
        weights[row * 30 + column] = -inverse[column][row] / inverse[column][column]
      }
    }
    expectClose(model.weights.currentValues, weights, rtol: 1e-5, atol: 1e-7, "weights")
    var wanted = [Double](repeating: 0, count: 40 * 30)
    for user in 0..<40 {
      for own in train.items(of: user) {
        for item in 0..<30 { wanted[user * 30 + item] += weights[Int(own) * 30 + item] }
      }
    }
    expectClose(try allScores(model).flatMap { $0 }, wanted, rtol: 1e-5, atol: 1e-6, "scores")
  }

  /// The weights are the minimum: the derivative of the objective is 0 off the diagonal (its multiplier is there), on several tiles.
  @Test func easeIsStationaryBeyondOneTile() throws {
    let train = randomInteractions(users: 500, items: 300, pairs: 6000, seed: 4)
    let model = try fit(Ease(train: train, regularization: 10), train)
    let weights = model.weights.currentValues
    let users = train.transposed()
    for row in [0, 127, 128, 255, 256, 299] {
      for column in [1, 126, 129, 256, 298] where row != column {
        // (X'(X B - X) + l B)[row, column]
        var slope = 10 * Double(weights[row * 300 + column])
        for user in users.items(of: row) {
          for item in train.items(of: Int(user)) { slope += Double(weights[Int(item) * 300 + column]) }
          slope -= train.contains(user: Int(user), item: Int32(column)) ? 1 : 0
        }
        #expect(abs(slope) < 1e-4, "\(row), \(column)")
      }
    }
  }

  @Test func easeOfACatalogThatDoesNotFit() {
    let items = 1 << 24
    let train = InteractionMatrix(userCount: 1, itemCount: items, users: [0], items: [5])
    let error = #expect(throws: MemoryError.self) { try Ease(train: train) }
    let text = "\(error!)"
    #expect(
      text.hasPrefix("ease: a weight for each pair of 16777216 items") && text.contains("needs 3.4 PB"), "\(text)")
    #expect(text.contains("item_neighbors or wrmf"))
  }

  @Test(arguments: [0, -1, .nan, .infinity]) func easeWithoutRegularization(_ value: Double) {
    let error = #expect(throws: TrainingError.self) { try Ease(train: Self.train, regularization: value) }
    #expect(error?.description.hasPrefix("ease: l2 is \(value); want a number above 0") == true)
  }

  // MARK: Item neighbors

  private func slowNeighborScores(_ count: Int, _ shrinkage: Double) -> [[Double]] {
    let train = Self.train
    let users: [Set<Int>] = (0..<30).map { item in
      Set((0..<40).filter { user in train.contains(user: user, item: Int32(item)) })
    }
    func similarity(_ a: Int, _ b: Int) -> Float {
      let both = Double(users[a].intersection(users[b]).count)
      let product = Double(users[a].count * users[b].count)
      return Float(both / (product.squareRoot() + shrinkage))
    }
    var scores = [[Double]](repeating: [Double](repeating: 0, count: 30), count: 40)
    for item in 0..<30 {
      var others: [(value: Float, item: Int)] = []
      for other in 0..<30 where other != item && similarity(item, other) > 0 {
        others.append((similarity(item, other), other))
      }
      others.sort { $0.value != $1.value ? $0.value > $1.value : $0.item < $1.item }
      for user in users[item] {
        for near in others.prefix(count) { scores[user][near.item] += Double(near.value) }
      }
    }
    return scores
  }

  @Test(arguments: [(1, 0), (5, 0), (5, 3.5), (100, 0), (29, 100)])
  func neighborsEqualTheDefinition(_ count: Int, _ shrinkage: Double) throws {
    let model = try fit(ItemNeighbors(train: Self.train, count: count, shrinkage: shrinkage))
    let wanted = slowNeighborScores(count, shrinkage)
    expectClose(try allScores(model).flatMap { $0 }, wanted.flatMap { $0 })
    #expect(wanted[0].allSatisfy { $0 == 0 })
  }

  @Test func ofEquallyNearItemsTheLowerNumberIsTheNeighbor() throws {
    // Items 1 and 2 belong to the same users; 3 to nobody.
    let train = InteractionMatrix(userCount: 2, itemCount: 4, users: [0, 0, 0, 1, 1, 1], items: [0, 1, 2, 0, 1, 2])
    let model = try fit(ItemNeighbors(train: train, count: 1), train)
    #expect(model.neighbors.currentValues == [1, 0, 0, -1])
    #expect(model.similarities.currentValues == [1, 1, 1, 0])
  }

  @Test func settingsThatMeanNothing() {
    #expect(throws: TrainingError.self) { try ItemNeighbors(train: Self.train, count: 0) }
    for value in [-1, Double.nan, .infinity] {
      let error = #expect(throws: TrainingError.self) { try ItemNeighbors(train: Self.train, shrinkage: value) }
      #expect(error?.description.contains("a shrinkage of \(value); want") == true)
    }
  }

  @Test func numbersOfNoItemAreRefused() throws {
    for number in [Float(30), -2, .nan, .infinity, 0.5] {
      let model = try fit(ItemNeighbors(train: Self.train, count: 2))
      var numbers = model.neighbors.currentValues
      numbers[7] = number
      try model.neighbors.setValues(numbers)
      let error = #expect(throws: TrainingError.self) { try model.scores() }
      #expect(error?.description.contains("neighbor 2 of item 3 is \(number); want an item's number") == true)
    }
  }

  // MARK: All of them

  private static func models(_ pool: ThreadPool = .shared) throws -> [any ClosedFormModel] {
    [
      try Popularity(userCount: 40, itemCount: 30), try Ease(train: train, pool: pool),
      try ItemNeighbors(train: train, count: 4, pool: pool),
    ]
  }

  @Test func theSameBitsAtAnyNumberOfThreads() throws {
    let train = randomInteractions(users: 600, items: 300, pairs: 9000, seed: 4)
    let results = try [1, 2, 3].map { count in
      let pool = ThreadPool(threadCount: count)
      let models: [any ClosedFormModel] = [
        try fit(Ease(train: train, regularization: 3, pool: pool), train),
        try fit(ItemNeighbors(train: train, count: 10, shrinkage: 1, pool: pool), train),
      ]
      var bits: [UInt32] = []
      for model in models {
        for parameter in model.trainedParameters { bits += parameter.currentValues.map(\.bitPattern) }
        for row in try allScores(model) { bits += row.map(\.bitPattern) }
      }
      return bits
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func anUnfittedModelHasNoScores() throws {
    for model in try Self.models() {
      let error = #expect(throws: TrainingError.self) { try model.scores() }
      #expect(
        error?.description == "\(model.name) has no scores yet: call model:fit(), or load a model that was fitted")
    }
  }

  @Test func anInterruptedFitChangesNothing() throws {
    for model in try Self.models().dropFirst() {
      let before = model.trainedParameters.map(\.currentValues)
      let error = #expect(throws: TrainingError.self) { try ClosedForm(model, train: Self.train).epoch { true } }
      #expect(error?.kind == .interrupted && !model.isFitted)
      #expect(model.trainedParameters.map(\.currentValues) == before)
    }
  }

  @Test func aSnapshotIsPutBack() throws {
    for model in try Self.models() {
      let solver = try ClosedForm(model, train: Self.train)
      let before = (model.trainedParameters.map(\.currentValues), solver.snapshot())
      _ = try solver.epoch { false }
      #expect(model.trainedParameters.map(\.currentValues) != before.0 && solver.epochsDone == 1 && model.isFitted)
      try solver.restore(before.1)
      #expect(model.trainedParameters.map(\.currentValues) == before.0 && solver.epochsDone == 0 && !model.isFitted)
    }
  }
}
