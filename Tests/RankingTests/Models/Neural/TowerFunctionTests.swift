import Tensors
import Testing

@testable import Ranking

/// All layers of a pair in one pass against the same made of operations.
@Suite struct TowerFunctionTests {
  /// Rows of a batch, outputs of the layers; more pairs than a task takes, widths that fill no group.
  struct Shape: Sendable, CustomStringConvertible {
    var rows: Int
    var width: Int
    var layers: [Int]
    var description: String { "[\(rows), \(width)] \(layers)" }
  }

  static let shapes = [
    Shape(rows: 1, width: 2, layers: [1]), Shape(rows: 3, width: 2, layers: [4]),
    Shape(rows: 31, width: 1, layers: [5, 3]),
    Shape(rows: 16, width: 2, layers: [8, 4]), Shape(rows: 700, width: 7, layers: [6, 9, 2]),
    Shape(rows: 33, width: 3, layers: [4, 4, 4, 4, 1]), Shape(rows: 20, width: 5, layers: [64, 40]),
  ]

  private func inputs(_ shape: Shape) throws -> (PairRows, [Tensor]) {
    let stream = RandomStream(seed: 4, purpose: "tower test")
    func draw(_ shape: [Int], _ number: Int) throws -> Tensor {
      try Tensor.normal(shape, standardDeviation: 0.7, stream: stream.substream(number)).requiringGradient()
    }
    let pairCount = shape.rows * shape.width
    let (users, items) = (max(1, shape.rows / 2), 11)
    let pairs = ScorePairs(
      users: (0..<shape.rows).map { stream.integer(below: users, at: UInt64($0)) },
      items: (0..<pairCount).map { stream.integer(below: items, at: UInt64(shape.rows + $0)) })
    let rows = try PairRows(
      users: Tensor.zeros([users, 1]), items: Tensor.zeros([items, 1]), pairs: pairs,
      dropout: BatchDropout(EncodingRequest(users: [])))
    var tensors = [try draw([users, shape.layers[0]], 0), try draw([items, shape.layers[0]], 1)]
    for (number, (input, output)) in zip(shape.layers, shape.layers.dropFirst() + [1]).enumerated() {
      tensors.append(try draw([output, input], 2 * number + 2))
      tensors.append(try draw([1, output], 2 * number + 3))
    }
    return (rows, tensors)
  }

  @Test(arguments: shapes) func agreesWithOperations(_ shape: Shape) throws {
    let (rows, inputs) = try inputs(shape)
    let function = TowerFunction(rows, dropout: nil)
    let slopes = try Tensor.normal([shape.rows, shape.width], stream: RandomStream(seed: 8, purpose: "slopes"))
    let fused = try Tensor.fused(function, inputs)
    let composed = try function.composed(of: inputs)
    expectClose(try fused.elements(), try composed.elements(), rtol: 1e-5, atol: 1e-5, "\(shape) value")
    let actual = try Tensor.gradients(of: [fused], withRespectTo: inputs, outputGradients: [slopes])
    let expected = try Tensor.gradients(of: [composed], withRespectTo: inputs, outputGradients: [slopes])
    for (number, (a, b)) in zip(actual, expected).enumerated() {
      let largest = try b!.elements().reduce(0) { max($0, Double(abs($1))) }
      #expect(largest > 0)
      expectClose(
        try a!.elements(), try b!.elements(), rtol: 1e-4, atol: 1e-5 * largest, "\(shape) gradient of input \(number)")
    }
  }

  /// Which is used depends on the width alone, and so do the bits.
  @Test func wideTowersAreMadeOfOperations() throws {
    let (rows, narrow) = try inputs(Shape(rows: 4, width: 2, layers: [64, 40]))
    #expect(
      try TowerFunction(rows, dropout: nil)(narrow).elements()
        == Tensor.fused(TowerFunction(rows, dropout: nil), narrow).elements())
    let (wideRows, wide) = try inputs(Shape(rows: 4, width: 2, layers: [128, 80]))
    let function = TowerFunction(wideRows, dropout: nil)
    #expect(try function(wide).elements() == function.composed(of: wide).elements())
  }

  @Test func gradientsCanBeDifferentiatedAgain() throws {
    let (rows, inputs) = try inputs(Shape(rows: 5, width: 2, layers: [6, 3]))
    let function = TowerFunction(rows, dropout: nil)
    func second(_ value: Tensor) throws -> [Float] {
      let first = try Tensor.gradients(of: [value.square().sum()], withRespectTo: inputs, createGraph: true)
      let sum = try first.dropFirst().reduce(first[0]!.square().sum()) { try $0 + $1!.square().sum() }
      return try Tensor.gradients(of: [sum], withRespectTo: inputs).flatMap { try $0?.elements() ?? [] }
    }
    expectClose(
      try second(Tensor.fused(function, inputs)), try second(function.composed(of: inputs)), rtol: 1e-4, atol: 1e-3,
      "second derivatives")
  }
}
