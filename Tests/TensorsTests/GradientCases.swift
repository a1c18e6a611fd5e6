import Testing

@testable import Tensors

/// A function of tensors that is smooth around its inputs, to be differentiated.
struct GradientCase {
  let name: String
  let inputs: [Tensor]
  /// Relative to the largest gradient, or 1.
  var tolerance: Double = 2e-4
  let apply: ([Tensor]) throws -> Tensor
}

/// x² y, by hand.
private final class SquareTimes: FusedFunction {
  let name = "square_times"

  private func elements(_ x: Tensor, _ y: Tensor, _ function: (Float, Float) -> Float) throws -> Tensor {
    try Tensor(zip(x.elements(), y.elements()).map(function), shape: x.shape)
  }

  func value(of inputs: [Tensor]) throws -> Tensor { try elements(inputs[0], inputs[1]) { $0 * $0 * $1 } }

  func gradients(_ gradient: Tensor, inputs: [Tensor]) throws -> [Tensor] {
    try [
      gradient * elements(inputs[0], inputs[1]) { 2 * $0 * $1 },
      gradient * elements(inputs[0], inputs[1]) { x, _ in x * x },
    ]
  }

  func composed(of inputs: [Tensor]) throws -> Tensor { try inputs[0].square() * inputs[1] }
}

/// Inputs that are multiples of 2⁻⁸, so that a step of 2⁻⁵ is exact.
enum GradientInputs {
  private static func rounded(_ x: Tensor) throws -> Tensor { try (x * 256).round() / 256 }

  /// Numbers in `low..<high`.
  static func uniform(_ shape: [Int], _ low: Float = -1.5, _ high: Float = 1.5, seed: UInt64 = 1) throws -> Tensor {
    try rounded(Tensor.uniform(shape, from: low, to: high, stream: RandomStream(seed: seed, purpose: "gradients")))
  }

  /// Numbers of both signs, at least 1/4 from 0.
  static func awayFromZero(_ shape: [Int], seed: UInt64 = 1) throws -> Tensor {
    let x = try uniform(shape, -1, 1, seed: seed)
    return try Tensor.where(x.less(than: Tensor(0)), x - 0.25, x + 0.25)
  }

  /// Numbers at least 1/4 from each other, in no order.
  static func distinct(_ shape: [Int], seed: UInt64 = 1) throws -> Tensor {
    let count = shape.reduce(1, *)
    var generator = RandomStream(seed: seed, purpose: "gradients").generator()
    let places = (0..<count).shuffled(using: &generator)
    return try Tensor(places.map { Float($0 - count / 2) * 0.25 + 0.125 }, shape: shape)
  }
}

extension GradientCase {
  /// Tensors belong to one thread, so that a test is given a name, not a case.
  static func names() throws -> [String] { try all().map(\.name) }

  static func named(_ name: String) throws -> GradientCase { try #require(try all().first { $0.name == name }) }

  static func all() throws -> [GradientCase] {
    try elementwise() + arithmetic() + reductions() + alongAxes() + products() + views() + rows() + layers()
  }

  private static func elementwise() throws -> [GradientCase] {
    let positive = try GradientInputs.uniform([2, 3], 0.5, 2)
    let any = try GradientInputs.uniform([2, 3])
    let away = try GradientInputs.awayFromZero([2, 3])
    return [
      .init(name: "negate", inputs: [any]) { try -$0[0] },
      .init(name: "abs", inputs: [away]) { try $0[0].absolute() },
      .init(name: "square", inputs: [any]) { try $0[0].square() },
      .init(name: "reciprocal", inputs: [positive], tolerance: 1e-3) { try $0[0].reciprocal() },
      .init(name: "sqrt", inputs: [positive]) { try $0[0].squareRoot() },
      .init(name: "exp", inputs: [any]) { try $0[0].exp() },
      .init(name: "log", inputs: [positive]) { try $0[0].log() },
      .init(name: "log1p", inputs: [positive]) { try $0[0].log1p() },
      .init(name: "sin", inputs: [any]) { try $0[0].sin() },
      .init(name: "cos", inputs: [any]) { try $0[0].cos() },
      .init(name: "tanh", inputs: [any]) { try $0[0].tanh() },
      .init(name: "sigmoid", inputs: [any]) { try $0[0].sigmoid() },
      .init(name: "softplus", inputs: [any]) { try $0[0].softplus() },
      .init(name: "logsigmoid", inputs: [any]) { try $0[0].logSigmoid() },
      .init(name: "relu", inputs: [away]) { try $0[0].relu() },
      .init(name: "leaky relu", inputs: [away]) { try $0[0].leakyRelu(slope: 0.1) },
      .init(name: "clamp", inputs: [away]) { try ($0[0] * 2).clamped(-1.625, 0.375) },
      .init(name: "clamp, one bound", inputs: [away]) { try $0[0].clamped(0) },
    ]
  }

  private static func arithmetic() throws -> [GradientCase] {
    let a = try GradientInputs.uniform([2, 3])
    let b = try GradientInputs.uniform([2, 3], seed: 2)
    let row = try GradientInputs.uniform([3], seed: 3)
    let column = try GradientInputs.uniform([2, 1], seed: 4)
    let number = try GradientInputs.uniform([], seed: 5)
    let positive = try GradientInputs.uniform([2, 3], 0.5, 2, seed: 6)
    let positiveRow = try GradientInputs.uniform([3], 0.75, 2, seed: 7)
    let apart = try a + GradientInputs.awayFromZero([2, 3], seed: 8)
    let condition = try Tensor([[1, 0, 1], [0, 0, 1]])
    return [
      .init(name: "add", inputs: [a, b]) { try $0[0] + $0[1] },
      .init(name: "add, broadcast", inputs: [column, row]) { try $0[0] + $0[1] },
      .init(name: "subtract", inputs: [a, b]) { try $0[0] - $0[1] },
      .init(name: "subtract, broadcast", inputs: [a, number]) { try $0[1] - $0[0] },
      .init(name: "multiply", inputs: [a, b]) { try $0[0] * $0[1] },
      .init(name: "multiply, broadcast", inputs: [column, row, number]) { try $0[0] * $0[1] * $0[2] },
      .init(name: "multiply by itself", inputs: [a]) { try $0[0] * $0[0] },
      .init(name: "multiply by a constant", inputs: [a]) { try $0[0] * positive * 3 },
      .init(name: "divide", inputs: [a, positive], tolerance: 1e-3) { try $0[0] / $0[1] },
      .init(name: "divide, broadcast", inputs: [column, positiveRow], tolerance: 1e-3) { try $0[0] / $0[1] },
      .init(name: "tanh's gradient", inputs: [a, b]) { try Operation.binary(.tanhGradient).evaluate($0[0], $0[1]) },
      .init(name: "sigmoid's gradient", inputs: [a, b]) {
        try Operation.binary(.sigmoidGradient).evaluate($0[0], $0[1])
      },
      .init(name: "pow", inputs: [positive, b]) { try $0[0].power($0[1]) },
      .init(name: "pow, broadcast", inputs: [positiveRow, column]) { try $0[0].power($0[1]) },
      .init(name: "pow, number", inputs: [a]) { try $0[0].power(3) },
      .init(name: "pow, square", inputs: [a]) { try $0[0].power(2) },
      .init(name: "pow, fraction", inputs: [positive]) { try $0[0].power(1.5) },
      .init(name: "pow, base", inputs: [a]) { try Tensor(2).power($0[0]) },
      .init(name: "minimum", inputs: [a, apart]) { try $0[0].minimum($0[1]) },
      .init(name: "maximum", inputs: [a, apart]) { try $0[0].maximum($0[1]) },
      .init(name: "maximum, number", inputs: [try GradientInputs.awayFromZero([2, 3])]) {
        try $0[0].maximum(Tensor(0))
      },
      .init(name: "where", inputs: [a, row]) { try Tensor.where(condition, $0[0], $0[1]) },
      .init(name: "where, by comparison", inputs: [a, apart]) {
        try Tensor.where($0[0].greater(than: $0[1]), $0[0].square(), $0[1])
      },
    ]
  }

  private static func reductions() throws -> [GradientCase] {
    let x = try GradientInputs.uniform([2, 3, 2])
    let away = try GradientInputs.awayFromZero([2, 3, 2])
    let distinct = try GradientInputs.distinct([2, 3, 2])
    let zeros = try Tensor([[0, 0.5, -1.5], [0, 0, 1.25], [0.75, 1, 0.5]])
    return [
      .init(name: "sum", inputs: [x]) { try $0[0].sum() },
      .init(name: "sum, axes", inputs: [x]) { try $0[0].sum(axes: [0, 2]) },
      .init(name: "sum, kept", inputs: [x]) { try $0[0].sum(axes: [1], keepingAxes: true) },
      .init(name: "mean", inputs: [x]) { try $0[0].mean(axes: [1]) },
      .init(name: "prod", inputs: [away]) { try $0[0].product(axes: [0, 2]) },
      .init(name: "prod, zeros", inputs: [zeros]) { try $0[0].product(axes: [1]) },
      .init(name: "min", inputs: [distinct]) { try $0[0].minimum(axes: [1]) },
      .init(name: "max", inputs: [distinct]) { try $0[0].maximum(axes: [0, 2], keepingAxes: true) },
      .init(name: "variance", inputs: [x]) { try $0[0].variance(axes: [1], correction: 1) },
      .init(name: "std", inputs: [x], tolerance: 1e-3) { try $0[0].standardDeviation(axes: [0, 2]) },
      .init(name: "norm", inputs: [away]) { try $0[0].norm(axes: [2]) },
      .init(name: "norm, order 1", inputs: [away]) { try $0[0].norm(axes: [0, 1], order: 1) },
      .init(name: "norm, order infinity", inputs: [distinct]) { try ($0[0] + 8).norm(axes: [1], order: .infinity) },
    ]
  }

  private static func alongAxes() throws -> [GradientCase] {
    let x = try GradientInputs.uniform([2, 3, 2])
    let distinct = try GradientInputs.distinct([2, 5])
    return [
      .init(name: "logsumexp", inputs: [x]) { try $0[0].logSumExp(axis: 1) },
      .init(name: "logsumexp, kept", inputs: [x]) { try $0[0].logSumExp(axis: 0, keepingAxes: true) },
      .init(name: "softmax", inputs: [x]) { try $0[0].softmax(axis: 1) },
      .init(name: "log softmax", inputs: [x]) { try $0[0].logSoftmax(axis: 0) },
      .init(name: "cumsum", inputs: [x]) { try $0[0].cumulativeSum(axis: 1) },
      .init(name: "sort", inputs: [distinct]) { try $0[0].sorted(axis: 0, descending: true) },
      .init(name: "topk", inputs: [distinct]) { try $0[0].top(2).values },
    ]
  }

  private static func products() throws -> [GradientCase] {
    let matrix = try GradientInputs.uniform([2, 3])
    let other = try GradientInputs.uniform([3, 4], seed: 2)
    let vector = try GradientInputs.uniform([3], seed: 3)
    let batch = try GradientInputs.uniform([2, 2, 3], seed: 4)
    let wide = try GradientInputs.uniform([2, 1, 3, 2], seed: 5)
    let sparse = try SparseMatrix(
      rows: 3, columns: 2, rowOffsets: [0, 2, 2, 3], columnIndices: [1, 0, 1], values: [0.5, -1, 2])
    return [
      .init(name: "matmul", inputs: [matrix, other]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, transposed", inputs: [matrix, matrix]) { try $0[0].matrixProduct($0[1].transposed()) },
      .init(name: "matmul, vector on the right", inputs: [batch, vector]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, vector on the left", inputs: [vector, wide]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, vectors", inputs: [vector, vector]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, one right matrix for a batch", inputs: [batch, other]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, one left matrix for a batch", inputs: [matrix, wide]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "matmul, broadcast batches", inputs: [batch, wide]) { try $0[0].matrixProduct($0[1]) },
      .init(name: "sparse matmul", inputs: [matrix]) { try sparse.matrixProduct($0[0]) },
      .init(name: "sparse matmul, transposed", inputs: [vector]) { try sparse.transposedMatrixProduct($0[0]) },
    ]
  }

  private static func views() throws -> [GradientCase] {
    let x = try GradientInputs.uniform([2, 3, 4])
    let flat = try GradientInputs.uniform([1, 3], seed: 2)
    return [
      .init(name: "reshape", inputs: [x]) { try $0[0].reshaped([4, 6]) },
      .init(name: "reshape, copying", inputs: [x]) { try $0[0].transposed().flattened() },
      .init(name: "permute", inputs: [x]) { try $0[0].permuted([2, 0, 1]) },
      .init(name: "expand", inputs: [flat]) { try $0[0].expanded([2, 2, 3]) },
      .init(name: "slice", inputs: [x]) { try $0[0].slice([.at(1), .range(step: -2), .range(from: 1, to: 3)]) },
      .init(name: "index", inputs: [x]) { try $0[0].at(-1).at(0) },
      .init(name: "unsqueeze and squeeze", inputs: [flat]) { try $0[0].insertingAxis(2).removingAxis(0) },
      .init(name: "copy", inputs: [x]) { try $0[0].transposed().copy() },
    ]
  }

  private static func rows() throws -> [GradientCase] {
    let x = try GradientInputs.uniform([3, 2])
    let y = try GradientInputs.uniform([3, 2], seed: 2)
    let tall = try GradientInputs.uniform([4, 2], seed: 3)
    let weights = try GradientInputs.uniform([5], seed: 4)
    let pairs = try RowPairs(Segments([0, 2, 2, 0, 2], count: 3), Segments([3, 0, 3, 3, 1], count: 4))
    let dropout = try PairDropout(0.4, stream: RandomStream(seed: 6, purpose: "pairs"), pairs: 5, dim: 2)
    let dropped = try RowPairs(
      Segments([0, 2, 2, 0, 2], count: 3), Segments([3, 0, 3, 3, 1], count: 4), dropout: dropout)
    let places = try Segments([2, 0, 2, 1, 2], count: 3)
    return [
      .init(name: "pair products", inputs: [x, tall]) { try Tensor.pairProducts($0[0], $0[1], pairs) },
      .init(name: "pair sums", inputs: [weights, tall]) { try Tensor.pairSums($0[0], $0[1], pairs) },
      .init(name: "pair products, dropped", inputs: [x, tall]) { try Tensor.pairProducts($0[0], $0[1], dropped) },
      .init(name: "pair sums, dropped", inputs: [weights, tall]) { try Tensor.pairSums($0[0], $0[1], dropped) },
      .init(name: "concatenate", inputs: [x, y]) { try Tensor.concatenate([$0[0], $0[1], $0[0]], axis: 1) },
      .init(name: "stack", inputs: [x, y]) { try Tensor.stack([$0[0], $0[1]], axis: 1) },
      .init(name: "gather", inputs: [x]) { try $0[0].gather([2, 0, 2, -2]) },
      .init(name: "segment sum", inputs: [x]) { try Tensor.segmentSum($0[0], segments: [2, 0, 2], count: 4) },
      .init(name: "spread", inputs: [x]) { try $0[0].spread(over: places) },
      .init(name: "segment mean", inputs: [x]) { try Tensor.segmentMean($0[0], segments: [1, 0, 1], count: 3) },
    ]
  }

  private static func layers() throws -> [GradientCase] {
    let x = try GradientInputs.awayFromZero([3, 4])
    let hard = try GradientInputs.uniform([3, 4], seed: 2)
    return [
      .init(name: "normalize", inputs: [x]) { try $0[0].normalized() },
      .init(name: "normalize, below the floor", inputs: [x]) { try $0[0].normalized(axis: 0, floor: 100) * 50 },
      .init(name: "dropout", inputs: [x]) { try $0[0].dropout(0.5, seed: 3, position: 2) },
      .init(name: "stop gradient", inputs: [x]) { try $0[0] * hard.detached() },
      // The value comes through one input, the gradient through the other: together as if neither were there.
      .init(name: "straight through", inputs: [x]) { try Tensor.straightThrough($0[0].detached(), $0[0]) },
      .init(name: "fused", inputs: [x, hard]) { try Tensor.fused(SquareTimes(), $0) },
      // One input is made of the other: what flows back through both is counted once each.
      .init(name: "fused, of one another", inputs: [x]) { try Tensor.fused(SquareTimes(), [$0[0], $0[0].square()]) },
    ]
  }
}
