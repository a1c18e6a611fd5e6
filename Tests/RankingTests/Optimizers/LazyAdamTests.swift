import Tensors
import Testing

@testable import Ranking

/// `dense = false`: the moments of a row fade only with its own gradients, and a row without one stands still.
@Suite struct LazyAdamTests {
  private static let rows = TouchPattern.periods.count
  private static let dim = 7

  private func run(decoupledDecay: Double) -> (lazy: [Float], sparse: [Double], dense: [Double]) {
    var options = Optimizer.AdamOptions()
    options.dense = false
    options.decoupled = decoupledDecay != 0
    let optimizer = Optimizer(.adam(options), rate: 1)
    let stream = RandomStream(seed: 4, purpose: "values")
    let values = (0..<Self.rows * Self.dim).map { Float(stream.normal(at: UInt64($0))) }
    let pattern = TouchPattern(seed: 6)
    let table = CatchingTable(rows: Self.rows, dim: Self.dim, values: values, optimizer, weightDecay: decoupledDecay)
    var sparse = DenseOptimizer<Double>(optimizer, values: values)
    var dense = sparse
    for step in 1...1000 {
      var gradients: [Int32: [Float]] = [:]
      var flat = [Double](repeating: 0, count: values.count)
      var touched: [Range<Int>] = []
      for row in 0..<Self.rows where pattern.touches(row, at: step) {
        let range = row * Self.dim..<(row + 1) * Self.dim
        gradients[Int32(row)] = pattern.gradient(row, at: step, dim: Self.dim, scale: 1e-3)
        flat.replaceSubrange(range, with: gradients[Int32(row)]!.map(Double.init))
        touched.append(range)
      }
      table.advance(gradients, rate: 1e-2)
      // The decay, which is no gradient, is everyone's.
      for i in values.indices { sparse.values[i] *= 1 - 1e-2 * decoupledDecay }
      sparse.advance(flat, rate: 1e-2, rows: touched)
      dense.advance(flat, rate: 1e-2, weightDecay: decoupledDecay)
    }
    return (table.current, sparse.values, dense.values)
  }

  @Test(arguments: [0, 0.1]) func equalsTheSparseDefinition(_ decay: Double) {
    let result = run(decoupledDecay: decay)
    expectClose(result.lazy, result.sparse, rtol: 1e-5, atol: 1e-5)
    let gap = zip(result.lazy, result.dense).map { abs(Double($0) - $1) }.max()!
    #expect(gap > 1e-2, "dense Adam is another algorithm")
  }

  @Test func rowsWithoutAGradientStandStill() throws {
    var options = Optimizer.AdamOptions()
    options.dense = false
    let model = try randomModel(users: 3, items: 20, dim: 4, score: .dot)
    let step = try TrainingStep(model: model, optimizer: Optimizer(.adam(options), rate: 0.1), pool: .shared)
    try GivenBatch(users: [0], positives: [1], negatives: [[2, 3]]).run(step, BPRLoss())
    let after = model.parameters
    for _ in 0..<5 { try GivenBatch(users: [1], positives: [4], negatives: [[5, 6]]).run(step, BPRLoss()) }
    let later = model.parameters
    #expect(later.users[0..<4] == after.users[0..<4])
    #expect(later.items[4..<16] == after.items[4..<16])
    #expect(later.items[16..<28] != after.items[16..<28])
  }
}
