import Testing

@testable import Tensors

/// Values of the operations that models are made of, and their gradients where no difference can tell them: at ties and kinks.
@Suite struct LayerTests {
  private func gradient(of x: [Float], _ function: (Tensor) throws -> Tensor) throws -> [Float]? {
    let leaf = try Tensor(x).requiringGradient()
    return try Tensor.gradients(of: [function(leaf).sum()], withRespectTo: [leaf])[0]?.elements()
  }

  @Test func tiesShareTheirGradient() throws {
    #expect(try gradient(of: [3, 1, 3, 3]) { try $0.maximum() * 6 } == [2, 0, 2, 2])
    #expect(try gradient(of: [1, 1, 2]) { try $0.minimum(axes: [0]) } == [0.5, 0.5, 0])
    let (a, b) = (try Tensor([1, 2, 3]).requiringGradient(), try Tensor([1, 3, 2]).requiringGradient())
    let gradients = try Tensor.gradients(of: [a.maximum(b).sum()], withRespectTo: [a, b])
    #expect(try gradients[0]?.elements() == [0.5, 0, 1] && gradients[1]?.elements() == [0.5, 1, 0])
  }

  @Test func kinksHaveTheirDocumentedGradient() throws {
    #expect(try gradient(of: [0, -1, 2]) { try $0.absolute() } == [0, -1, 1])
    #expect(try gradient(of: [0, -1, 2]) { try $0.relu() } == [0, 0, 1])
    #expect(try gradient(of: [0, -1, 2]) { try $0.leakyRelu(slope: 0.5) } == [0.5, 0.5, 1])
    #expect(try gradient(of: [0, 1, 2, -1]) { try $0.clamped(0, 1) } == [1, 1, 0, 0])
    #expect(try gradient(of: [0, 0]) { try $0.norm() } == [0, 0])
    #expect(try gradient(of: [0, 2]) { try $0.product() } == [2, 0])
    #expect(try gradient(of: [0, 0, 2]) { try $0.product() } == [0, 0, 0])
    #expect(try gradient(of: [0, 0]) { try $0.power(0) } == [0, 0])
    #expect(try gradient(of: [0, 0]) { try $0.power(Tensor([0, 1])) } == [0, 1])
    #expect(try gradient(of: [-.infinity, 1]) { try $0.logSumExp() } == [0, 1])
    #expect(try gradient(of: [-200, 200]) { try $0.softplus() } == [0, 1])
    #expect(try gradient(of: [-200, 200]) { try $0.logSigmoid() } == [1, 0])
  }

  @Test func rowsAreNormalizedAndShortOnesDividedByTheFloor() throws {
    let x = try Tensor([[3, 4], [0, 0], [0.25, 0]]).requiringGradient()
    let y = try x.normalized(floor: 0.5)
    #expect(try y.rows() == [[0.6, 0.8], [0, 0], [0.5, 0]])
    let gradient = try #require(try Tensor.gradients(of: [y.sum()], withRespectTo: [x])[0]).rows()
    // (1 - y y·) / |x| · [1, 1] above the floor, 1 / floor below.
    #expect(abs(gradient[0][0] - 0.032) < 1e-6 && abs(gradient[0][1] + 0.024) < 1e-6)
    #expect(gradient[1] == [2, 2] && gradient[2] == [2, 2])
    #expect(throws: TensorError.self) { try x.normalized(floor: 0) }
  }

  @Test func dropoutKeepsItsShareAndItsMean() throws {
    let ones = try Tensor.ones([400, 500])
    let y = try ones.dropout(0.3, seed: 9, position: 4)
    let kept = try y.notEqual(to: Tensor(0)).mean().item()
    #expect(abs(kept - 0.7) < 0.005)
    #expect(try y.maximum().item() == 1 / (1 - 0.3 as Float))
    #expect(try y.elements() == ones.dropout(0.3, seed: 9, position: 4).elements())
    #expect(try y.elements() != ones.dropout(0.3, seed: 9, position: 5).elements())
    #expect(try y.elements() != ones.dropout(0.3, seed: 8, position: 4).elements())
    #expect(try ones.dropout(0, seed: 1) === ones)
    #expect(throws: TensorError.argument(operation: "dropout", reason: "rate is 1.0; want 0 <= rate < 1")) {
      try ones.dropout(1, seed: 1)
    }
  }

  @Test func segmentsAddUpInOrder() throws {
    let x = try Tensor([[1, 2], [3, 4], [5, 6]])
    #expect(try Tensor.segmentSum(x, segments: [2, 0, 2], count: 4).rows() == [[3, 4], [0, 0], [6, 8], [0, 0]])
    #expect(try Tensor.segmentMean(x, segments: [1, 1, 1], count: 2).rows() == [[0, 0], [3, 4]])
    #expect(try Tensor.segmentSum(Tensor([1, 2]), segments: [0, 0], count: 1).elements() == [3])
    #expect(try Tensor.segmentSum(Tensor.zeros([0, 3]), segments: [], count: 2).rows() == [[0, 0, 0], [0, 0, 0]])
    let error = #expect(throws: TensorError.self) { try Tensor.segmentSum(x, segments: [0, 1, 4], count: 4) }
    #expect(error?.description == "segment_sum: row 2 belongs to segment 4; want 0..<4")
    #expect(throws: TensorError.self) { try Tensor.segmentSum(x, segments: [0, 1], count: 4) }
    #expect(throws: TensorError.self) { try Segments([0, -1] as [Int32], count: 4) }
  }

  @Test func segmentsSpreadOverTheirRows() throws {
    let segments = try Segments([2, 0, 2], count: 3)
    #expect(try Tensor([[1, 2], [3, 4], [5, 6]]).spread(over: segments).rows() == [[5, 6], [1, 2], [5, 6]])
    #expect(try Tensor([7, 8, 9]).spread(over: segments).elements() == [9, 7, 9])
    #expect(try Tensor.zeros([3, 0]).spread(over: segments).shape == [3, 0])
    #expect(try Tensor.zeros([2, 3]).spread(over: Segments([Int](), count: 2)).shape == [0, 3])
    let error = #expect(throws: TensorError.self) { try Tensor([7, 8]).spread(over: segments) }
    #expect(error?.description == "spread: got shape [2]; want 3 rows, one for each segment")
  }

  @Test(arguments: [1, 15, 16, 33, 100]) func segmentSumsOfAnyWidthAgreeWithOneElementAtATime(width: Int) throws {
    let stream = RandomStream(seed: 3, purpose: "segments")
    let x = try Tensor.normal([2000, width], stream: stream)
    let segments = (0..<2000).map { stream.integer(below: 300, at: UInt64($0)) }
    var sums = [Double](repeating: 0, count: 300 * width)
    for (row, values) in try x.rows().enumerated() {
      for (column, value) in values.enumerated() { sums[segments[row] * width + column] += Double(value) }
    }
    #expect(try Tensor.segmentSum(x, segments: segments, count: 300).elements() == sums.map(Float.init))
  }

  @Test(arguments: [1, 15, 16, 64, 70, 200]) func pairSumsOfAnyWidthAgreeWithOneElementAtATime(width: Int) throws {
    let stream = RandomStream(seed: 5, purpose: "pairs")
    let b = try Tensor.normal([40, width], stream: stream)
    let weights = try Tensor.normal([300], stream: stream.substream(1))
    let firsts = (0..<300).map { stream.substream(2).integer(below: 20, at: UInt64($0)) }
    let seconds = (0..<300).map { stream.substream(3).integer(below: 40, at: UInt64($0)) }
    let pairs = try RowPairs(Segments(firsts, count: 20), Segments(seconds, count: 40))
    let (rows, weight) = try (b.rows(), weights.elements())
    var sums = [Double](repeating: 0, count: 20 * width)
    for pair in 0..<300 {
      for column in 0..<width {
        sums[firsts[pair] * width + column] += Double(weight[pair]) * Double(rows[seconds[pair]][column])
      }
    }
    for (sum, want) in zip(try Tensor.pairSums(weights, b, pairs).elements(), sums) {
      #expect(abs(Double(sum) - want) < 1e-5)
    }
  }

  /// Beside the same dropout of a matrix that has a row for each pair.
  @Test(arguments: [1, 15, 16, 17, 32, 48, 70, 112], [0, 0.3, 0.999] as [Float])
  func droppedPairsAreThoseOfRowsThatAreMade(width: Int, rate: Float) throws {
    let stream = RandomStream(seed: 6, purpose: "pairs")
    let a = try Tensor.normal([20, width], stream: stream).requiringGradient()
    let b = try Tensor.normal([40, width], stream: stream.substream(1)).requiringGradient()
    let slopes = try Tensor.normal([700], stream: stream.substream(2))
    let firsts = try Segments((0..<700).map { stream.substream(3).integer(below: 20, at: UInt64($0)) }, count: 20)
    let seconds = try Segments((0..<700).map { stream.substream(4).integer(below: 40, at: UInt64($0)) }, count: 40)
    let numbers = stream.substream(5)
    let pairs = try RowPairs(
      firsts, seconds, dropout: PairDropout(rate, stream: numbers, pairs: 700, dim: width))
    let fused = try Tensor.pairProducts(a, b, pairs)
    let made = try (a.spread(over: firsts) * b.spread(over: seconds).dropout(rate, stream: numbers)).sum(axes: [1])
    try expectAlike(fused, made)
    let gradients = try Tensor.gradients(of: [fused], withRespectTo: [a, b], outputGradients: [slopes])
    let expected = try Tensor.gradients(of: [made], withRespectTo: [a, b], outputGradients: [slopes])
    for (gradient, want) in zip(gradients, expected) { try expectAlike(#require(gradient), #require(want)) }
  }

  private func expectAlike(_ x: Tensor, _ y: Tensor) throws {
    let (x, y) = try (x.elements(), y.elements())
    let largest = y.reduce(1) { max($0, abs($1)) }
    #expect(x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
  }

  @Test func droppedPairsWantTheRowsTheyWereMadeFor() throws {
    let stream = RandomStream(seed: 6, purpose: "pairs")
    let (firsts, seconds) = try (Segments([0, 1], count: 2), Segments([1, 0], count: 2))
    let dropout = try PairDropout(0.5, stream: stream, pairs: 2, dim: 3)
    let pairs = try RowPairs(firsts, seconds, dropout: dropout)
    let (rows, others) = try (Tensor.ones([2, 4]), Tensor.ones([2, 4]))
    var error = #expect(throws: TensorError.self) { try Tensor.pairProducts(rows, others, pairs) }
    #expect(error?.description == "pair_products: rows of 4 numbers; want 3, as the dropout was made for")
    error = #expect(throws: TensorError.self) { try Tensor.pairSums(Tensor.ones([2]), others, pairs) }
    #expect(error?.description == "pair_sums: rows of 4 numbers; want 3, as the dropout was made for")
    error = #expect(throws: TensorError.self) {
      try RowPairs(firsts, seconds, dropout: PairDropout(0.5, stream: stream, pairs: 3, dim: 3))
    }
    #expect(error?.description == "pairs: dropout of 3 pairs; want 2")
    for rate in [-0.1, 1, .nan] as [Float] {
      error = #expect(throws: TensorError.self) { try PairDropout(rate, stream: stream, pairs: 2, dim: 3) }
      #expect(error?.description == "pair_dropout: rate is \(rate); want 0 <= rate < 1")
    }
  }

  @Test func runningSumsGoAlongAnyAxis() throws {
    let x = try Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(try x.cumulativeSum().rows() == [[1, 3, 6], [4, 9, 15]])
    #expect(try x.cumulativeSum(axis: 0).rows() == [[1, 2, 3], [5, 7, 9]])
    #expect(try Tensor.zeros([2, 0]).cumulativeSum().shape == [2, 0])
  }

  @Test func sparseProductsAgreeWithDenseOnes() throws {
    let stream = RandomStream(seed: 6, purpose: "sparse")
    let entries = 900
    let rows = (0..<entries).map { stream.integer(below: 50, at: UInt64($0)) }
    let columns = (0..<entries).map { stream.integer(below: 70, at: UInt64($0 + entries)) }
    let values = (0..<entries).map { stream.uniform(at: UInt64($0)) - 0.5 }
    let sparse = try SparseMatrix(rows: 50, columns: 70, rowIndices: rows, columnIndices: columns, values: values)
    let dense = try Tensor.zeros([50, 70])
    for entry in 0..<entries {
      let place = [rows[entry], columns[entry]]
      try dense.setElement(at: place, to: dense.element(at: place) + values[entry])
    }
    func isClose(_ a: Tensor, _ b: Tensor) throws -> Bool {
      try a.shape == b.shape && (a.count == 0 || (a - b).absolute().maximum().item() < 1e-5)
    }
    for width in [1, 20, 64] {
      let x = try Tensor.normal([70, width], stream: stream)
      #expect(try isClose(sparse.matrixProduct(x), dense.matrixProduct(x)))
      let y = try Tensor.normal([width, 50], stream: stream).transposed()
      #expect(try isClose(sparse.transposedMatrixProduct(y), dense.transposed().matrixProduct(y)))
    }
    let x = try Tensor.normal([70], stream: stream)
    #expect(try isClose(sparse.matrixProduct(x), dense.matrixProduct(x)))
    let error = #expect(throws: TensorError.self) { try sparse.matrixProduct(Tensor.ones([50, 2])) }
    #expect(
      error?.description
        == "sparse matmul: shapes [50, 70] and [50, 2] do not fit; want as many rows on the right as columns on the left"
    )
  }

  @Test func sparseMatricesSayWhatDoesNotFit() throws {
    func message(_ offsets: [Int], _ columns: [Int], _ values: [Float]) -> String {
      do {
        _ = try SparseMatrix(rows: 2, columns: 3, rowOffsets: offsets, columnIndices: columns, values: values)
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(message([0, 1, 2], [0, 2], [1, 2]) == "no error")
    #expect(
      message([0, 1], [0], [1])
        == "sparse: 2 row offsets from 0 to 1; want 3 for 2 rows, from 0 to the number of values, 1")
    #expect(message([0, 3, 2], [0, 2], [1, 2]) == "sparse: row offset 1 is 3, the next is 2; want ascending offsets")
    #expect(message([0, 1, 2], [0, 3], [1, 2]) == "sparse: entry 1 is in column 3; want 0..<3")
    #expect(message([0, 1, 2], [0], [1, 2]) == "sparse: 1 column indices for 2 values; want as many")
    #expect(throws: TensorError.self) {
      try SparseMatrix(rows: 2, columns: 2, rowIndices: [2], columnIndices: [0], values: [1])
    }
  }

  @Test func straightThroughHasTheValueOfOneAndTheGradientOfTheOther() throws {
    let p = try Tensor([0.2, 0.7]).requiringGradient()
    let y = try Tensor.straightThrough(p.round(), p)
    #expect(try y.elements() == [0, 1])
    #expect(try Tensor.gradients(of: [(y * Tensor([3, 5])).sum()], withRespectTo: [p])[0]?.elements() == [3, 5])
    #expect(throws: TensorError.self) { try Tensor.straightThrough(p, Tensor([1])) }
  }

  // MARK: The check for scripts

  @Test func theCheckFindsTheElementThatIsWrong() throws {
    let x = try Tensor([[0.5, -1], [2, 0.25]])
    #expect(try GradientCheck().largestError(at: [x, x]) { try ($0[0] * $0[1]).tanh() } < 1e-4)
    let mask = try Tensor([[0, 0], [1, 0]])
    let error = #expect(throws: GradientCheck.Disagreement.self) {
      try GradientCheck().largestError(at: [x, x]) { try ($0[0] + $0[1].detached() * mask + $0[1]).sum() }
    }
    #expect(error?.input == 1 && error?.element == [1, 0] && error?.disagreeing == 1 && error?.count == 4)
    let found = try #require(error)
    #expect(found.gradient == 1 && abs(found.difference - 2) < 1e-3)
    #expect(error?.description(from: 1).hasPrefix("input 2, element { 2, 1 }: backward gives 1.0, ") == true)
  }

  @Test func theCheckRefusesAFunctionThatChangesItsMind() throws {
    var calls = 0
    let error = #expect(throws: TensorError.self) {
      try GradientCheck().largestError(at: [Tensor([1])]) {
        calls += 1
        return try $0[0] * Float(calls)
      }
    }
    #expect(error?.description.contains("gives 1.0 and then 2.0") == true)
  }
}
