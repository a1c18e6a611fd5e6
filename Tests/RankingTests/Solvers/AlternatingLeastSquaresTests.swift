import Interactions
import Tensors
import Testing

@testable import Ranking

@Suite struct AlternatingLeastSquaresTests {
  typealias Configuration = AlternatingLeastSquares.Configuration

  private func configuration(
    alpha: Double = 20, regularization: Double = 0.1, method: Configuration.Method = .cholesky
  ) -> Configuration {
    var configuration = Configuration()
    (configuration.alpha, configuration.regularization, configuration.method) = (alpha, regularization, method)
    return configuration
  }

  private func model(_ train: InteractionMatrix, dim: Int, seed: UInt64 = 1) throws -> WeightedFactorization {
    try WeightedFactorization(
      userCount: train.userCount, itemCount: train.itemCount, dim: dim, initialization: .normal(standardDeviation: 0.3),
      seed: seed)
  }

  // MARK: Values

  @Test(arguments: try! Golden.index().filter { $0.family == "wrmf" }.map(\.name)) func golden(_ name: String) throws {
    let golden = try Golden(name)
    let (x, y) = (golden.rows("inputs.X0"), golden.rows("inputs.Y0"))
    let edges = golden.rows("inputs.edges")
    let train = InteractionMatrix(
      userCount: x.count, itemCount: y.count, users: edges.map { Int32($0[0]) }, items: edges.map { Int32($0[1]) })
    let model = try model(train, dim: x[0].count)
    try model.users.setValues(x.flatMap { $0 }.map(Float.init))
    try model.items.setValues(y.flatMap { $0 }.map(Float.init))
    let confidence = try golden.number("parameters.confidence_observed")
    var settings = configuration(
      alpha: confidence, regularization: try golden.number("parameters.lambda"))
    settings.confidence = .alpha
    if name.contains("one_plus") { (settings.confidence, settings.alpha) = (.onePlusAlpha, confidence - 1) }
    let report = try AlternatingLeastSquares(model, train: train, settings).epoch { false }

    let (wantedX, wantedY) = (golden.rows("expected.X1"), golden.rows("expected.Y1"))
    expectClose(model.users.doubles.flatMap { $0 }, wantedX.flatMap { $0 }, rtol: 2e-4, atol: 2e-5, "X1")
    expectClose(model.items.doubles.flatMap { $0 }, wantedY.flatMap { $0 }, rtol: 2e-4, atol: 2e-5, "Y1")
    expectClose(report.objective!, try golden.number("expected.objective_after_items"), rtol: 2e-4, "objective")
    let slow = SlowSquares(train: train, confidence: confidence, regularization: settings.regularization)
    expectClose(slow.objective(x, y), try golden.number("expected.objective_0"), rtol: 1e-8, "before")
    expectClose(
      slow.objective(wantedX, y), try golden.number("expected.objective_after_users"), rtol: 1e-8, "after users")
  }

  struct Problem: CustomTestStringConvertible, Sendable {
    var users: Int
    var items: Int
    var pairs: Int
    var dim: Int
    var alpha = 20.0
    var regularization = 0.1
    var testDescription: String { "\(users)x\(items), \(pairs) pairs, dim \(dim), alpha \(alpha), l \(regularization)" }

    /// Random pairs; user 0 has nothing, user 1 everything, the last item is nobody else's.
    var train: InteractionMatrix {
      let random = randomInteractions(users: users, items: items - 1, pairs: pairs, seed: 5)
      var pairs: [(Int32, Int32)] = []
      for user in 2..<max(2, users) { pairs += random.items(of: user).map { (Int32(user), $0) } }
      pairs += (0..<Int32(items)).map { (1, $0) }
      return InteractionMatrix(
        userCount: users, itemCount: items, users: pairs.map(\.0), items: pairs.map(\.1))
    }
  }

  private static let problems = [
    Problem(users: 30, items: 25, pairs: 200, dim: 1), Problem(users: 30, items: 25, pairs: 200, dim: 8),
    Problem(users: 40, items: 70, pairs: 900, dim: 16), Problem(users: 60, items: 50, pairs: 1200, dim: 17),
    // More numbers in a row than items; and rows longer than a chunk of what is gathered.
    Problem(users: 25, items: 12, pairs: 100, dim: 40), Problem(users: 12, items: 100, pairs: 500, dim: 48),
    Problem(users: 9, items: 80, pairs: 300, dim: 66, regularization: 5),
    // Everything counts the same; almost nothing but what was observed does; observed pairs count less than others.
    Problem(users: 30, items: 25, pairs: 200, dim: 8, alpha: 0),
    Problem(users: 30, items: 40, pairs: 300, dim: 6, alpha: 1000),
    Problem(users: 2, items: 9, pairs: 5, dim: 3),
  ]

  /// The second epoch of both, from the same rows.
  @Test(arguments: problems) func equalsThePapersFormulaInFloat64(_ problem: Problem) throws {
    let train = problem.train
    let model = try model(train, dim: problem.dim)
    let solver = try AlternatingLeastSquares(
      model, train: train, configuration(alpha: problem.alpha, regularization: problem.regularization))
    _ = try solver.epoch { false }
    let slow = SlowSquares(train: train, confidence: 1 + problem.alpha, regularization: problem.regularization)
    let users = slow.users(for: model.items.doubles)
    let report = try solver.epoch { false }
    let size = users.flatMap { $0 }.map(abs).max()!
    expectClose(model.users.doubles.flatMap { $0 }, users.flatMap { $0 }, rtol: 1e-3, atol: 1e-3 * size, "users")
    let items = slow.items(for: model.users.doubles)
    let height = items.flatMap { $0 }.map(abs).max()!
    expectClose(model.items.doubles.flatMap { $0 }, items.flatMap { $0 }, rtol: 1e-3, atol: 1e-3 * height, "items")
    expectClose(report.objective!, slow.objective(model.users.doubles, model.items.doubles), rtol: 1e-4, "objective")
    #expect(report.epoch == 2 && solver.epochsDone == 2)
    #expect(model.users.doubles[0] == [Double](repeating: 0, count: problem.dim))
  }

  @Test func observedPairsMayCountLessThanOthers() throws {
    let train = Self.problems[1].train
    var settings = configuration(alpha: 0.25)
    settings.confidence = .alpha
    let model = try model(train, dim: 8)
    let start = model.items.doubles
    let solver = try AlternatingLeastSquares(model, train: train, settings)
    let report = try solver.epoch { false }
    let slow = SlowSquares(train: train, confidence: 0.25, regularization: 0.1)
    let users = slow.users(for: start)
    expectClose(model.users.doubles.flatMap { $0 }, users.flatMap { $0 }, rtol: 1e-3, atol: 1e-4)
    expectClose(report.objective!, slow.objective(model.users.doubles, model.items.doubles), rtol: 1e-4)
  }

  @Test(arguments: problems) func theObjectiveNeverRises(_ problem: Problem) throws {
    let train = problem.train
    for method in [Configuration.Method.cholesky, .conjugateGradient(steps: 1), .conjugateGradient(steps: 3)] {
      let solver = try AlternatingLeastSquares(
        model(train, dim: problem.dim), train: train,
        configuration(alpha: problem.alpha, regularization: problem.regularization, method: method))
      var last = Double.infinity
      for _ in 0..<5 {
        let objective = try solver.epoch { false }.objective!
        #expect(objective <= last * (1 + 1e-5), "\(method)")
        last = objective
      }
    }
  }

  @Test(arguments: problems) func enoughStepsOfTheConjugateGradientAreExact(_ problem: Problem) throws {
    let train = problem.train
    let rows = try [Configuration.Method.cholesky, .conjugateGradient(steps: 100)].map { method in
      let model = try model(train, dim: problem.dim)
      let settings = configuration(alpha: problem.alpha, regularization: problem.regularization, method: method)
      _ = try AlternatingLeastSquares(model, train: train, settings).epoch { false }
      return model.trainedParameters.flatMap { $0.doubles.flatMap { $0 } }
    }
    expectClose(rows[1], rows[0], rtol: 2e-3, atol: 2e-3 * rows[0].map(abs).max()!)
  }

  /// Three steps an epoch, as `implicit` takes them, end where exact epochs end.
  @Test func fewStepsAnEpochConvergeToTheSameObjective() throws {
    let train = PlantedProblem().train
    let objectives = try [Configuration.Method.cholesky, .conjugateGradient(steps: 3)].map { method in
      let solver = try AlternatingLeastSquares(model(train, dim: 8), train: train, configuration(method: method))
      return try (0..<15).map { _ in try solver.epoch { false }.objective! }.last!
    }
    expectClose(objectives[1], objectives[0], rtol: 0.01)
  }

  @Test func itFindsWhatWasPlanted() throws {
    let problem = PlantedProblem()
    let model = try model(problem.train, dim: 8)
    let solver = try AlternatingLeastSquares(model, train: problem.train, configuration(alpha: 5, regularization: 1))
    for _ in 0..<10 { _ = try solver.epoch { false } }
    guard case .factors(let factors) = model.scores() else { return }
    #expect(problem.recall(at: 20, factors) > 0.5)
  }

  // MARK: Threads, interruption, snapshots

  private func bits(_ model: WeightedFactorization) -> [UInt32] {
    model.trainedParameters.flatMap { $0.currentValues.map(\.bitPattern) }
  }

  @Test(arguments: [Configuration.Method.cholesky, .conjugateGradient(steps: 3)])
  func theSameBitsAtAnyNumberOfThreads(_ method: Configuration.Method) throws {
    // Enough rows for several blocks of every loop.
    let train = randomInteractions(users: 5000, items: 4500, pairs: 20000, seed: 2)
    let results = try [1, 2, 3].map { count in
      let model = try model(train, dim: 18)
      let solver = try AlternatingLeastSquares(
        model, train: train, configuration(method: method), pool: ThreadPool(threadCount: count))
      let objectives = try (0..<2).map { _ in try solver.epoch { false }.objective!.bitPattern }
      return (bits(model), objectives)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// Whenever it comes, the model stands as before the epoch and goes on as if nothing had been.
  @Test func anInterruptedEpochHasNotBeen() throws {
    let train = randomInteractions(users: 600, items: 300, pairs: 6000, seed: 2)
    let whole = try model(train, dim: 40)
    let reference = try AlternatingLeastSquares(
      whole, train: train, configuration(method: .conjugateGradient(steps: 2)))
    var asked = 0
    _ = try reference.epoch {
      asked += 1
      return false
    }
    let first = bits(whole)
    _ = try reference.epoch { false }
    #expect(asked >= 4)
    for moment in 1...asked {
      let model = try model(train, dim: 40)
      let solver = try AlternatingLeastSquares(model, train: train, reference.configuration)
      _ = try solver.epoch { false }
      var calls = 0
      let error = #expect(throws: TrainingError.self) {
        try solver.epoch {
          calls += 1
          return calls == moment
        }
      }
      #expect(error?.kind == .interrupted && bits(model) == first && solver.epochsDone == 1)
      _ = try solver.epoch { false }
      #expect(bits(model) == bits(whole))
    }
  }

  @Test func aSnapshotGoesOnWithTheSameBits() throws {
    let train = Self.problems[3].train
    let model = try model(train, dim: 17)
    let solver = try AlternatingLeastSquares(model, train: train, configuration(method: .conjugateGradient(steps: 1)))
    _ = try solver.epoch { false }
    let snapshot = solver.snapshot()
    _ = try solver.epoch { false }
    let ahead = bits(model)
    try solver.restore(snapshot)
    #expect(solver.epochsDone == 1 && bits(model) != ahead)
    _ = try solver.epoch { false }
    #expect(bits(model) == ahead)
  }

  // MARK: Bad input

  @Test(arguments: [-1, .nan, .infinity, 1e6]) func alphaThatMeansNothing(_ alpha: Double) throws {
    let train = Self.problems[0].train
    let error = #expect(throws: TrainingError.self) {
      try AlternatingLeastSquares(model(train, dim: 2), train: train, configuration(alpha: alpha))
    }
    #expect(error?.description.hasPrefix("wrmf: alpha is \(alpha); want a number from 0 to 1e5") == true)
  }

  @Test func otherSettingsThatMeanNothing() throws {
    let train = Self.problems[0].train
    func refusal(_ change: (inout Configuration) -> Void) throws -> String {
      var settings = configuration()
      change(&settings)
      let error = #expect(throws: TrainingError.self) {
        try AlternatingLeastSquares(model(train, dim: 2), train: train, settings)
      }
      return error?.description ?? ""
    }
    #expect(try refusal { ($0.confidence, $0.alpha) = (.alpha, 0) }.contains("want a number above 0 to 1e5"))
    for value in [0, -0.1, .nan, .infinity] {
      #expect(
        try refusal { $0.regularization = value }.contains("wrmf: regularization is \(value); want a number above 0"))
    }
    #expect(try refusal { $0.method = .conjugateGradient(steps: 0) }.contains("want at least 1"))
  }

  @Test func dataThatDoesNotFit() throws {
    let train = Self.problems[0].train
    let other = InteractionMatrix(userCount: 3, itemCount: 25, users: [0], items: [1])
    #expect(throws: TrainingError.self) { try AlternatingLeastSquares(model(train, dim: 2), train: other) }
    let empty = InteractionMatrix(userCount: 30, itemCount: 25, users: [], items: [])
    let error = #expect(throws: TrainingError.self) { try AlternatingLeastSquares(model(train, dim: 2), train: empty) }
    #expect(error?.description.contains("nothing to learn from") == true)
  }

  @Test(arguments: [Float.nan, .infinity, 1e30]) func rowsThatAreNoNumbersAreRefusedAndKept(_ value: Float) throws {
    let train = Self.problems[0].train
    let model = try model(train, dim: 3)
    var rows = model.items.currentValues
    rows[4] = value
    try model.items.setValues(rows)
    let before = bits(model)
    let solver = try AlternatingLeastSquares(model, train: train, configuration())
    let error = #expect(throws: TrainingError.self) { try solver.epoch { false } }
    #expect(error?.kind == .notFinite && error?.description.contains("the items' rows are not finite") == true)
    #expect(bits(model) == before && model.trainedParts.isEmpty)
  }
}
