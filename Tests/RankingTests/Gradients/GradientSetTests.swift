import Kernels
import Tensors
import Testing

@testable import Ranking

/// Sets of gradients as vectors, held to dense ones.
@Suite struct GradientSetTests {
  private let parameters: [Parameter]

  init() throws {
    parameters = [
      try Parameter(name: "user", owner: .user, rowCount: 40, columnCount: 3) { _, _ in 0 },
      try Parameter(name: "item", owner: .item, rowCount: 70, columnCount: 17) { _, _ in 0 },
      try Parameter(name: "margin", owner: .user, rowCount: 40) { _, _ in 0 },
      try Parameter(name: "none", owner: .shared, rowCount: 2) { _, _ in 0 },
    ]
  }

  /// Some rows of some parameters, in any order, rows repeated.
  private func random(_ seed: UInt64) -> GradientSet {
    var generator = RandomStream(seed: seed, purpose: "gradients").generator()
    let set = GradientSet()
    for parameter in parameters.prefix(3) where Bool.random(using: &generator) || seed < 2 {
      for _ in 0..<Int.random(in: 0...60, using: &generator) {
        let gradient = (0..<parameter.columnCount).map { _ in Float.random(in: -1...1, using: &generator) }
        set.of(parameter).add(gradient, row: Int.random(in: 0..<parameter.rowCount, using: &generator))
      }
    }
    return set
  }

  private func dense(_ set: GradientSet) -> [Double] { parameters.flatMap { set.of($0).dense().map(Double.init) } }

  @Test(arguments: 0..<20) func areVectors(_ seed: UInt64) {
    let (one, other) = (random(2 * seed), random(2 * seed + 1))
    let (first, second) = (dense(one), dense(other))
    let product = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(one.dot(other) - product) < 1e-9 && abs(other.dot(one) - product) < 1e-9)
    let norm = first.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(one.norm() - norm) <= 1e-6 * norm)
    #expect(one.norm(pool: ThreadPool(threadCount: 1)) == one.norm(pool: ThreadPool(threadCount: 2)))
    let copy = one.copy()
    copy.add(other)
    copy.scale(-0.5)
    expectClose(dense(copy), zip(first, second).map { -0.5 * ($0 + $1) }, rtol: 1e-6, atol: 1e-7)
    #expect(dense(one) == first && dense(other) == second, "a copy is one of its own")
  }

  /// Many rows at once, repeated ones and ones that have a gradient already, are rows one by one; also beside a block.
  @Test(arguments: 0..<20) func manyRowsAreRowsOneByOne(_ seed: UInt64) throws {
    var generator = RandomStream(seed: seed, purpose: "many rows").generator()
    let (one, many) = (GradientSet(), GradientSet())
    let (parameter, pool) = (parameters[1], ThreadPool(threadCount: 2))
    let (columns, stride) = (parameter.columnCount, parameter.rowStride)
    if seed % 3 == 0 {
      // Rows 0, 10, 20, ... have a gradient in the block.
      for set in [one, many] {
        try set.of(parameter).takeBlock(pool: pool) { block in
          block.update(repeating: 0, count: parameter.rowCount * stride)
          for row in Swift.stride(from: 0, to: parameter.rowCount, by: 10) { block[row * stride] = Float(row + 1) }
        }
      }
    }
    for round in 0..<3 {
      let rows = (0..<[0, 1, 90][(round + Int(seed)) % 3]).map { _ in
        Int32.random(in: 0..<Int32(parameter.rowCount), using: &generator)
      }
      let values = (0..<rows.count * columns).map { _ in Float.random(in: -1...1, using: &generator) }
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        for (place, row) in rows.enumerated() { one.of(parameter).add(base + place * columns, row: Int(row)) }
        many.of(parameter).add(base, distance: columns, rows: rows)
      }
    }
    #expect(dense(many) == dense(one) && many.of(parameter).rows == one.of(parameter).rows)
    let before = dense(many)
    many.of(parameter).addEveryRow()
    many.of(parameter).addEveryRow()
    #expect(dense(many) == before && many.of(parameter).rows.sorted() == (0..<Int32(parameter.rowCount)).map { $0 })
    #expect(many.of(parameter).rows.starts(with: one.of(parameter).rows))
  }

  /// Distinct rows at once are rows one by one: where there are none yet, beside others and beside a block.
  @Test(arguments: 0..<9) func distinctRowsAreRowsOneByOne(_ seed: UInt64) throws {
    var generator = RandomStream(seed: seed, purpose: "distinct rows").generator()
    let (parameter, pool) = (parameters[1], ThreadPool(threadCount: 2))
    let (one, many) = (RowGradients(parameter), RowGradients(parameter))
    for gradients in [one, many] {
      if seed % 3 == 1 { gradients.add([Float](repeating: 2, count: 17), row: 5) }
      if seed % 3 == 2 { try gradients.takeBlock(pool: pool) { $0.update(repeating: 0, count: 70 * 32) } }
    }
    for _ in 0..<2 {
      let rows = Array((0..<Int32(70)).shuffled(using: &generator).prefix([0, 1, 40][Int(seed) / 3]))
      let values = (0..<rows.count * 32).map { $0 % 32 < 17 ? Float.random(in: -1...1, using: &generator) : 0 }
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        for (place, row) in rows.enumerated() { one.add(base + place * 32, row: Int(row)) }
        many.add(base, distinct: rows, pool: pool)
      }
    }
    #expect(many.dense() == one.dense() && many.rows == one.rows)
  }

  /// To move every row is to add 0 to every row first, whatever has a gradient: nothing, some rows or a block.
  @Test(arguments: 0..<24, [Float(1), 0.5]) func everyRowMovesAsByZeros(_ seed: UInt64, _ factor: Float) throws {
    let pool = ThreadPool(threadCount: 2)
    var values: [[Float]] = []
    for adds in [false, true] {
      var generator = RandomStream(seed: seed, purpose: "every row").generator()
      let parameter = try Parameter(name: "item", owner: .item, rowCount: 900, columnCount: 17) { _, _ in
        Float.random(in: -1...1, using: &generator)
      }
      try parameter.table.resetState(for: Optimizer(.sgd(momentum: 0), rate: 0.1))
      let gradients = RowGradients(parameter)
      if seed % 3 == 0 {
        try gradients.takeBlock(pool: pool, keepsZeros: seed % 2 == 0) { block in
          for row in 0..<900 {
            for column in 0..<parameter.rowStride {
              block[row * parameter.rowStride + column] = column < 17 && row % 5 == 1 ? Float(row + column) : 0
            }
          }
        }
      }
      for _ in 0..<[0, 1, 300][Int(seed) % 4 % 3] {
        let gradient = (0..<17).map { _ in Float.random(in: -1...1, using: &generator) }
        gradients.add(gradient, row: Int.random(in: 0..<900, using: &generator))
      }
      #expect(gradients.moves == !gradients.isEmpty)
      adds ? gradients.addEveryRow() : gradients.moveEveryRow()
      #expect(gradients.moves)
      var numbers = kernel_step()
      (numbers.kind, numbers.rate, numbers.weight_decay, numbers.step) = (Int32(KERNEL_SGD.rawValue), 0.1, 0.3, 1)
      gradients.step(numbers, factor: factor, pool: pool)
      values.append(parameter.currentValues)
      gradients.clear()
      #expect(!gradients.moves)
    }
    #expect(values[0] == values[1])
  }

  @Test func addingASetToItselfDoublesIt() {
    let set = random(0)
    let before = dense(set)
    set.add(set)
    #expect(dense(set) == before.map { 2 * $0 })
  }

  @Test func nothingIsZero() {
    let (nothing, set) = (GradientSet(), random(1))
    #expect(nothing.norm() == 0 && nothing.dot(set) == 0 && set.dot(nothing) == 0)
    let before = dense(set)
    set.add(nothing)
    #expect(dense(set) == before)
  }

  @Test func aSetOfAnotherTrainingIsRefusedAndNothingMoves() throws {
    let mine = try IdentityModel(users: 3, items: 4, dim: 2, score: .dot, sides: .init())
    let theirs = try IdentityModel(users: 3, items: 4, dim: 2, score: .dot, sides: .init(), seed: 2)
    let batch = GivenBatch(users: [0], positives: [1], negatives: [[2]])
    func step(_ model: IdentityModel) throws -> TrainingStep {
      try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared)
    }
    let (one, other) = (try step(mine), try step(theirs))
    let (_, settings) = try batch.forward(one, BPRLoss())
    let (forward, _) = try batch.forward(other, BPRLoss())
    let set = try other.gradients(of: forward).gradients
    let before = mine.userEmbeddings()
    #expect(throws: TrainingError.self) { try one.apply(set, settings) }
    set.of(theirs.users).add([.nan, 0], row: 0)
    let untouched = theirs.userEmbeddings()
    #expect(throws: TrainingStep.NonFinite.self) { try other.apply(set, forward.batch) }
    #expect(mine.userEmbeddings() == before && theirs.userEmbeddings() == untouched && one.stepsDone == 0)
  }

  /// Gradients that were kept while others stepped: rows that stood aside since come up to date first.
  @Test func aSetThatWasKeptIsAppliedToRowsAsTheyStandNow() throws {
    var adam = Optimizer.AdamOptions()
    adam.dense = true
    let model = try IdentityModel(users: 12, items: 40, dim: 4, score: .dot, sides: .init())
    let plain = try IdentityModel(users: 12, items: 40, dim: 4, score: .dot, sides: .init())
    let step = try TrainingStep(
      model: model, optimizer: Optimizer(.adam(adam), rate: 0.01), pool: ThreadPool(threadCount: 2))
    var reference = DenseOptimizer<Double>(
      Optimizer(.adam(adam), rate: 0.01), values: plain.userEmbeddings() + plain.itemEmbeddings())
    var settings = GivenBatch.Settings()
    settings.rate = 0.01
    let first = GivenBatch.random(rows: 5, negatives: 2, users: 12, items: 40, seed: 1)
    let (forward, batch) = try first.forward(step, BPRLoss(), settings)
    let kept = try step.gradients(of: forward).gradients
    func dense(_ set: GradientSet) -> [Double] {
      (set.of(model.users).dense() + set.of(model.items).dense()).map(Double.init)
    }
    try step.apply(kept, batch)
    reference.advance(dense(kept), rate: 0.01)
    for seed in 2..<30 {
      let other = GivenBatch.random(rows: 2, negatives: 1, users: 12, items: 40, seed: UInt64(seed))
      let (forward, batch) = try other.forward(step, BPRLoss(), settings)
      let set = try step.gradients(of: forward).gradients
      try step.apply(set, batch)
      reference.advance(dense(set), rate: 0.01)
    }
    try step.apply(kept, batch)
    reference.advance(dense(kept), rate: 0.01)
    expectClose(model.userEmbeddings() + model.itemEmbeddings(), reference.values, rtol: 1e-5, atol: 1e-6)
  }
}
