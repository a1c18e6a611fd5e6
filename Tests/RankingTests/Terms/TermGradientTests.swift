import Tensors
import Testing

@testable import Ranking

/// What terms add to the gradients of a batch, read off training steps.
@Suite struct TermGradientTests {
  /// Users that repeat, an item that is positive and negative, and batches of one.
  static let batches = [
    GivenBatch.random(rows: 7, negatives: 3, users: 4, items: 6, seed: 3),
    GivenBatch(users: [2, 2, 2], positives: [1, 1, 0], negatives: [[1], [1], [1]]),
    GivenBatch(users: [3], positives: [5], negatives: [[0]]),
    GivenBatch(users: [0], positives: [2], negatives: [[2]]),
  ]

  private func distinct(_ list: [Int32]) -> [Int] { Set(list).map(Int.init).sorted() }

  /// The term's own part of the gradients and its value, beside a loss.
  private func own(
    _ term: any Term, _ model: any RankingModel, _ batch: GivenBatch, _ settings: GivenBatch.Settings = .init()
  ) throws -> (value: Double, gradients: [String: [Double]]) {
    var settings = settings
    let alone = try parameterGradients(of: model, batch, BPRLoss(), settings).gradients
    settings.terms = [term]
    let both = try parameterGradients(of: model, batch, BPRLoss(), settings).gradients
    settings.rate = 0
    let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    let value = try batch.value(step, BPRLoss(), settings)
    #expect(value.terms.map(\.name) == [term.name])
    var gradients = both
    for (name, loss) in alone { gradients[name] = zip(both[name]!, loss).map { $0 - $1 } }
    return (value.terms[0].value, gradients)
  }

  private func expectGradient(_ actual: [Double]?, _ expected: [Double], _ what: String) {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    expectClose(actual ?? [], expected, rtol: 2e-5, atol: 5e-6 * max(0.1, largest), what)
  }

  // MARK: Covariance

  @Test(arguments: IdentityModel.Sides.all, CovarianceTerm.Form.allCases)
  func covarianceOfABatch(_ sides: IdentityModel.Sides, _ form: CovarianceTerm.Form) throws {
    for batch in Self.batches {
      let model = try IdentityModel(users: 4, items: 6, dim: 5, score: .euclidean, sides: sides)
      let result = try own(CovarianceTerm(weight: 0.7, form: form), model, batch)
      let users = sides.eachRow ? batch.users.map(Int.init) : distinct(batch.users)
      let items = distinct(batch.positives + batch.negatives.flatMap { $0 })
      func value(_ tables: [[[Double]]]) -> Double {
        0.7 * SlowTerms.covariance(users.map { tables[0][$0] } + items.map { tables[1][$0] }, form)
      }
      let tables = [model.users.slowRows, model.items.slowRows]
      expectClose(result.value, value(tables), rtol: 1e-5, atol: 1e-6, "value")
      let expected = SlowTerms.differences(tables, value)
      expectGradient(result.gradients["users"], expected[0], "users, \(sides)")
      expectGradient(result.gradients["items"], expected[1], "items, \(sides)")
    }
  }

  /// Biases and the columns that are always 1 are no dimensions.
  @Test(arguments: [false, true], CovarianceTerm.Rows.allCases)
  func covarianceOfTables(_ biases: Bool, _ rows: CovarianceTerm.Rows) throws {
    for batch in Self.batches {
      let model = try randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: biases)
      let result = try own(CovarianceTerm(weight: 2, form: .sum, rows: rows), model, batch)
      let users = rows == .all ? Array(0..<4) : distinct(batch.users)
      let items = rows == .all ? Array(0..<6) : distinct(batch.positives + batch.negatives.flatMap { $0 })
      func value(_ tables: [[[Double]]]) -> Double {
        let chosen = users.map { tables[0][$0] } + items.map { tables[1][$0] }
        return 2 * SlowTerms.covariance(chosen.map { Array($0.prefix(5)) }, .sum)
      }
      let tables = model.trainedParameters.map(\.slowRows)
      expectClose(result.value, value(tables), rtol: 1e-5, atol: 1e-6, "value")
      let expected = SlowTerms.differences(tables, value)
      expectGradient(result.gradients["user"], expected[0], "users")
      expectGradient(result.gradients["item"], expected[1], "items")
    }
  }

  /// Back through a graph a second time.
  @Test func covarianceOfPropagatedRows() throws {
    let train = LightGCNTests.graph(users: 4, items: 6, pairs: 12, seed: 2)
    let model = try LightGCNTests.model(train, dim: 3, layers: 2)
    var settings = GivenBatch.Settings()
    settings.terms = [CovarianceTerm(weight: 100)]
    let actual = try parameterGradients(of: model, Self.batches[0], BPRLoss(), settings).gradients
    let without = try parameterGradients(of: model, Self.batches[0], BPRLoss()).gradients
    let expected = try differenceGradients(of: model, Self.batches[0], BPRLoss(), settings)
    for name in ["user", "item"] {
      expectClose(actual[name]!, expected[name]!, rtol: 2e-3, atol: 2e-3, name)
      #expect(zip(actual[name]!, without[name]!).contains { abs($0 - $1) > 0.02 })
    }
  }

  // MARK: Clusters

  @Test(arguments: [1.0, 2.5], [false, true]) func clusters(_ tau: Double, _ through: Bool) throws {
    for biases in [false, true] {
      let model = try randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: biases)
      let centers = try Parameter(name: "centers", owner: .shared, rowCount: 3, columnCount: 5) { row, column in
        Float((row * 5 + column) % 4) * 0.3 - 0.4
      }
      let divergence = ClusterDivergence(tau: tau, differentiatesTarget: through)
      let term = ClusterTerm(weight: 0.3, centers: centers, divergence: divergence)
      let result = try own(term, model, Self.batches[0])
      let tables = [model.trainedParameters[1].slowRows, centers.slowRows]
      func rows(_ table: [[Double]]) -> [[Double]] { table.map { Array($0.prefix(5)) } }
      let target = SlowTerms.target(SlowTerms.assignments(rows(tables[0]), tables[1], tau))
      func value(_ tables: [[[Double]]]) -> Double {
        0.3 * SlowTerms.clusters(rows(tables[0]), tables[1], tau: tau, target: through ? nil : target)
      }
      expectClose(result.value, value(tables), rtol: 1e-5, "value")
      let expected = SlowTerms.differences(tables, value)
      expectGradient(result.gradients["item"], expected[0], "items")
      expectGradient(result.gradients["centers"], expected[1], "centers")
      expectGradient(result.gradients["user"], [Double](repeating: 0, count: 4 * (biases ? 7 : 5)), "users")
    }
  }

  @Test(arguments: ["tau1", "tau2", "tau1_through_target_option"], ["a", "b"])
  func clustersAgreeWithPublishedVectors(_ form: String, _ instance: String) throws {
    let golden = try Golden("til_cluster_kl.\(form).\(instance)")
    let (items, centers) = (golden.rows("inputs.Q"), golden.rows("inputs.Phi"))
    let model = try IdentityModel(users: 1, items: items.count, dim: items[0].count, score: .dot, sides: .init())
    try model.items.setValues(golden.floats("inputs.Q"))
    let owned = try Parameter(name: "centers", owner: .shared, rowCount: centers.count, columnCount: items[0].count) {
      Float(centers[$0][$1])
    }
    let divergence = ClusterDivergence(
      tau: try golden.number("parameters.tau"),
      differentiatesTarget: golden.flag("parameters.gradient_through_target"))
    let batch = GivenBatch(users: [0], positives: [0], negatives: [[1]])
    let result = try own(ClusterTerm(weight: 1, centers: owned, divergence: divergence), model, batch)
    expectClose(result.value, try golden.number("expected.loss"), "value")
    expectClose(result.gradients["items"]!, golden.numbers("expected.gradients.Q"), rtol: 2e-4, atol: 2e-5, "items")
    expectClose(
      result.gradients["centers"]!, golden.numbers("expected.gradients.Phi"), rtol: 2e-4, atol: 2e-5, "centers")
  }

  // MARK: L2

  enum Model: CaseIterable {
    case tables, biases, computed, lightgcn, mgccf, neumf

    func make() throws -> any RankingModel {
      let train = LightGCNTests.graph(users: 4, items: 6, pairs: 12, seed: 2)
      switch self {
      case .tables: return try IdentityModel(users: 4, items: 6, dim: 5, score: .cosine, sides: .init())
      case .biases: return try randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: true)
      case .computed:
        return try IdentityModel(users: 4, items: 6, dim: 5, score: .dot, sides: .init(users: true, items: true))
      case .lightgcn: return try LightGCNTests.model(train, dim: 3, layers: 2)
      case .mgccf:
        var configuration = MultiGCCF.Configuration()
        configuration.dim = 4
        configuration.neighbors = 2
        return try MultiGCCF(configuration, train: train)
      case .neumf:
        var configuration = NeuralConfiguration(userCount: 4, itemCount: 6, dim: 4)
        configuration.initialization = .normal(standardDeviation: 0.5)
        return try NeuMF(configuration, towerDim: 3, tower: TowerConfiguration(layers: [4, 3]))
      }
    }
  }

  /// The term has the gradients of the trainer's own regularization, in every scope that means something for the model.
  @Test(arguments: Model.allCases, Regularization.Scope.allCases)
  func l2IsRegularization(_ form: Model, _ scope: Regularization.Scope) throws {
    let model = try form.make()
    let term = L2Term(weight: 0.3, scope: scope)
    if form == .computed, scope.countsRows {
      let error = #expect(throws: TrainingError.self) { try term.check(model) }
      #expect(
        error?.description.contains("counts rows that were looked up, and model 'identity' computes its rows") == true)
      return
    }
    try term.check(model)
    for batch in Self.batches {
      var settings = GivenBatch.Settings()
      let none = try parameterGradients(of: model, batch, BPRLoss()).gradients
      settings.regularization = (0.3, scope)
      let expected = try parameterGradients(of: model, batch, BPRLoss(), settings).gradients
      let actual = try own(term, model, batch).gradients
      for (name, gradient) in expected {
        expectGradient(actual[name], zip(gradient, none[name]!).map { $0 - $1 }, "\(form) \(scope) \(name)")
      }
      #expect(batch.users.count < 7 || expected.contains { name, gradient in gradient != none[name]! })
    }
  }

  @Test(arguments: Regularization.Scope.allCases) func l2OfChosenParameters(_ scope: Regularization.Scope) throws {
    for batch in Self.batches {
      let model = try IdentityModel(users: 4, items: 6, dim: 5, score: .dot, sides: .init(users: true))
      let result = try own(L2Term(weight: 0.4, scope: scope, parameters: [model.items]), model, batch)
      let lookedUp = (batch.positives + batch.negatives.flatMap { $0 }).map(Int.init)
      // Where the two items of a pair are one, its scores are no gradient to it that would show; it is touched all the same.
      let rows =
        scope == .tables ? Array(0..<6) : scope == .tablesTouched ? distinct(lookedUp.map(Int32.init)) : lookedUp
      let factor: [Regularization.Scope: Double] = [
        .batchMean: 0.4 / Double(batch.users.count), .perSample: 0.8 / Double(batch.users.count),
      ]
      func value(_ tables: [[[Double]]]) -> Double {
        (factor[scope] ?? 0.4) / 2 * rows.reduce(0) { $0 + SlowTerms.square(tables[0][$1]) }
      }
      let tables = [model.items.slowRows]
      expectClose(result.value, value(tables), rtol: 1e-5, "value")
      expectGradient(result.gradients["items"], SlowTerms.differences(tables, value)[0], "items")
      expectGradient(result.gradients["users"], [Double](repeating: 0, count: 20), "users")
    }
  }

  // MARK: Together

  /// Tables that have a term's gradient are stepped once, by the sum of all: the loss, the trainer's L2 and the term.
  @Test(arguments: Regularization.Scope.allCases, [false, true])
  func besideRegularization(_ scope: Regularization.Scope, _ collects: Bool) throws {
    for biases in [false, true] {
      for batch in Self.batches {
        let model = try randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: biases)
        let term = CovarianceTerm(weight: 0.7)
        let expected = try own(term, model, batch).gradients
        var settings = GivenBatch.Settings()
        settings.collects = collects
        settings.regularization = (0.3, scope)
        let actual = try own(term, model, batch, settings).gradients
        for (name, gradient) in expected { expectGradient(actual[name], gradient, "\(scope) \(name)") }
      }
    }
  }

  /// The norm is that of all gradients, those of parameters that only a term has among them.
  @Test(arguments: [false, true]) func clipping(_ biases: Bool) throws {
    let model = try randomModel(users: 4, items: 6, dim: 5, score: .dot, biases: biases)
    let centers = try Parameter(name: "centers", owner: .shared, rowCount: 3, columnCount: 5) { Float($0 + $1) * 0.1 }
    var settings = GivenBatch.Settings()
    settings.terms = [L2Term(weight: 0.2, scope: .batch), ClusterTerm(weight: 0.5, centers: centers)]
    let whole = try parameterGradients(of: model, Self.batches[0], BPRLoss(), settings).gradients
    let norm = whole.values.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    for collects in [false, true] {
      settings.collects = collects
      settings.clip = norm / 3
      let clipped = try parameterGradients(of: model, Self.batches[0], BPRLoss(), settings).gradients
      #expect(clipped.count == 3)
      for (name, gradient) in clipped { expectGradient(gradient, whole[name]!.map { $0 / 3 }, name) }
    }
  }
}
