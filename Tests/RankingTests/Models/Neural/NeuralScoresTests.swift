import Foundation
import Interactions
import Tensors
import Testing

@testable import Ranking

/// Scores for ranking against those of single pairs, and models that come from others or from files.
@Suite struct NeuralScoresTests {
  /// Catalogs that end before, at and after the border of a tile, and that are cut into several tasks.
  @Test(arguments: NeuralCase.Kind.allCases, [(5, 7), (9, 32), (8, 33), (17, 64), (1, 1), (3, 2100)])
  func allScoresAreThoseOfPairs(_ kind: NeuralCase.Kind, _ size: (users: Int, items: Int)) throws {
    for (dim, layers) in [(3, [5, 3]), (6, [4]), (2, [1]), (5, [12, 8, 4]), (4, [3, 6, 5, 2])] {
      let test = NeuralCase(kind: kind, users: size.users, items: size.items, dim: dim, layers: layers)
      let model = try test.make()
      let plain = test.plain(model)
      let scores = try model.scores()
      #expect(scores.userCount == size.users && scores.itemCount == size.items)
      let users = Array((0..<Int32(size.users)).reversed())
      let expected = users.flatMap { user in (0..<size.items).map { plain.score(Int(user), $0) } }
      let some = (0..<Int32(size.items)).filter { $0 % 3 != 1 }.reversed() + [0]
      switch scores {
      case .factors:
        #expect(kind == .gmf)
        let actual = try users.flatMap { user in
          try (0..<size.items).map { try scores.score(user: Int(user), item: $0) }
        }
        expectClose(actual, expected, rtol: 1e-5, atol: 1e-6, "\(test)")
      case .source(let source):
        var all = [Float](repeating: .nan, count: users.count * size.items)
        try all.withUnsafeMutableBufferPointer { try source.scores(users: users[...], into: $0) }
        expectClose(all, expected, rtol: 1e-5, atol: 2e-6, "\(test)")
        for (place, user) in users.enumerated() {
          let chosen = try source.scores(user: user, items: some)
          expectClose(chosen, some.map { all[place * size.items + Int($0)] }, rtol: 1e-6, atol: 1e-6, "\(test) chosen")
        }
        #expect(try source.scores(user: 0, items: []).isEmpty)
      }
    }
  }

  /// What training sees of a pair is what evaluation says of it.
  @Test(arguments: NeuralCase.all) func trainingScoresAreTheModelsScores(_ test: NeuralCase) throws {
    let model = try test.make()
    let users: [Int32] = [2, 0, 3]
    let items: [Int32] = [5, 1, 0, 4]
    let pairs = ScorePairs(users: [0, 1, 2, 1], items: [0, 1, 2, 3, 3, 2, 1, 0])
    let computed = try model.scores(EncodingRequest(users: users, items: items), pairs, .evaluation())
    let all = try model.scores()
    let expected = try pairs.items.enumerated().map { place, item in
      try all.score(user: Int(users[pairs.users[place / 2]]), item: Int(items[item]))
    }
    #expect(computed.scores.shape == [4, 2])
    expectClose(try computed.scores.elements(), expected, rtol: 1e-5, atol: 1e-6, "\(test)")
    #expect((computed.boundary == nil) == (test.boundary == nil))
  }

  /// A score that is no number must not become 0 on the way through a layer.
  @Test(arguments: [NeuralCase.Kind.ncf, .neumf]) func noNumberStaysNoNumber(_ kind: NeuralCase.Kind) throws {
    let model = try NeuralCase(kind: kind, layers: [5, 3]).make()
    let table = try #require(model.trainedParameters.first { $0.name == (kind == .ncf ? "item" : "mlp_item") })
    var values = table.currentValues
    values[2 * table.columnCount] = .nan
    try table.setValues(values)
    #expect(try model.scores().score(user: 0, item: 2).isNaN)
    #expect(try model.scores().score(user: 0, item: 1).isFinite)
  }

  // MARK: Pretraining

  private func parts(dim: Int = 3, towerDim: Int = 4, layers: [Int] = [5, 3], users: Int = 4) throws -> (
    GMF, NCF, NeuMF
  ) {
    let gmf = try NeuralCase(kind: .gmf, users: users, dim: dim, seed: 5).make() as! GMF
    let ncf = try NeuralCase(kind: .ncf, users: users, dim: towerDim, layers: layers, seed: 6).make() as! NCF
    return (gmf, ncf, try NeuralCase(kind: .neumf).make() as! NeuMF)
  }

  @Test(arguments: [0, 0.3, 1]) func startsAsTheWeightedSumOfItsParts(_ alpha: Double) throws {
    let (gmf, ncf, neumf) = try parts()
    gmf.trainedParts = [TrainedPart(fingerprint: 1, rule: "one")]
    ncf.trainedParts = [TrainedPart(fingerprint: 1, rule: "one"), TrainedPart(fingerprint: 2, rule: "two")]
    try neumf.start(fromProduct: gmf, tower: ncf, alpha: alpha)
    #expect(neumf.trainedParts.map(\.fingerprint) == [1, 2])
    for user in 0..<4 {
      for item in 0..<6 {
        let sum =
          try alpha * gmf.scores().score(user: user, item: item)
          + (1 - alpha) * ncf.scores().score(user: user, item: item)
        expectClose(try neumf.scores().score(user: user, item: item), sum, rtol: 1e-5, atol: 1e-6, "score")
      }
    }
  }

  @Test func partsOfAnotherSizeAreRefusedAndNothingChanges() throws {
    func refusal(_ parts: (GMF, NCF, NeuMF), alpha: Double = 0.5) -> String {
      let (gmf, ncf, neumf) = parts
      let before = neumf.snapshot().values.map(\.values)
      let error = #expect(throws: TrainingError.self) { try neumf.start(fromProduct: gmf, tower: ncf, alpha: alpha) }
      #expect(neumf.snapshot().values.map(\.values) == before)
      return error?.description ?? ""
    }
    #expect(
      refusal(try parts(dim: 2)).contains("the pretrained gmf has dim = 2, and this model dim = 3"))
    #expect(refusal(try parts(towerDim: 3)).contains("the pretrained mlp has dim = 3, and this model mlp_dim = 4"))
    #expect(refusal(try parts(layers: [5, 4])).contains("layers [5, 4], and this model layers [5, 3]"))
    #expect(refusal(try parts(users: 5)).contains("5 users and 6 items, and this model 4 and 6"))
    #expect(refusal(try parts(), alpha: 1.5).contains("alpha is 1.5"))
  }

  // MARK: Making

  @Test func sizesThatMakeNoNetworkAreRefused() {
    func refusal(_ make: () throws -> any NeuralModel) -> String {
      "\(#expect(throws: TrainingError.self) { _ = try make() }?.description ?? "")"
    }
    let configuration = NeuralConfiguration(userCount: 2, itemCount: 2)
    #expect(refusal { try NCF(configuration, tower: TowerConfiguration(layers: [])) }.contains("ncf: layers are []"))
    #expect(
      refusal { try NeuMF(configuration, towerDim: 3, tower: TowerConfiguration(layers: [3, 0])) }.contains(
        "neumf: layers are [3, 0]"))
    #expect(
      refusal { try NeuMF(configuration, towerDim: 0, tower: TowerConfiguration(layers: [3])) }.contains("mlp_dim is 0")
    )
    #expect(
      refusal { try GMF(NeuralConfiguration(userCount: 0, itemCount: 2)) }.contains("gmf: wants at least one user"))
  }

  @Test(arguments: LayerInitialization.allCases) func layersStartWithinTheirBound(_ initialization: LayerInitialization)
    throws
  {
    let layer = try DenseLayer(
      "layer", inputs: 30, outputs: 50, initialization, RandomStream(seed: 1, purpose: "layer"))
    let bound = initialization == .glorotUniform ? (6.0 / 80).squareRoot() : (3.0 / 30).squareRoot()
    let values = layer.weight.currentValues.map(Double.init)
    #expect(values.allSatisfy { abs($0) <= bound } && values.contains { abs($0) > 0.99 * bound })
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / 1500).squareRoot()
    expectClose(deviation, bound / 3.0.squareRoot(), rtol: 0.03, "deviation")
    #expect(layer.biasValues.allSatisfy { $0 == 0 })
  }

  @Test(arguments: NeuralCase.Kind.allCases) func savesAndLoads(_ kind: NeuralCase.Kind) throws {
    let path = "/tmp/perigee-neural-\(kind.rawValue)-\(UInt64.random(in: 0..<UInt64.max)).model"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let data = Dataset(name: "small", userCount: 4, itemCount: 6, users: [0, 1, 2, 3], items: [0, 1, 2, 5])
    let test = NeuralCase(kind: kind, boundary: .linear)
    let model = try test.make()
    try ModelFile.write(model, data: data, to: path)
    var other = test
    other.seed = 8
    let loaded = try other.make()
    try ModelFile.read(into: loaded, data: data, from: path)
    #expect(loaded.snapshot().values.map(\.values) == model.snapshot().values.map(\.values))
    let train = InteractionMatrix(userCount: 4, itemCount: 6, users: [], items: [])
    let made = try #require(try ModelFile.make(from: path, data: data, train: train) as? any NeuralModel)
    #expect(type(of: made) == type(of: model) && made.boundary?.kind == .linear)
    #expect(made.snapshot().values.map(\.values) == model.snapshot().values.map(\.values))
    other.dim = 4
    let wider = try other.make()
    #expect(throws: TrainingError.self) { try ModelFile.read(into: wider, data: data, from: path) }
  }
}
