import Platform
import Testing

@testable import Tensors

/// Numbers at the ends of what a script can write: errors, never a trap.
@Suite struct ExtremeShapeTests {
  static let extremes = [Int.min, -1, 0, 1, 2, 1 << 47, 1 << 48, 1 << 62, Int.max]

  /// Shapes of up to three axes out of the extremes.
  static let shapes =
    extremes.map { [$0] } + extremes.flatMap { a in extremes.map { [a, $0] } }
    + [0, 2, 1 << 47].flatMap { a in [0, 1 << 47].flatMap { b in [0, 1, 1 << 47, .max].map { [a, b, $0] } } }

  /// Whether a shape is made or refused; large ones that the machine may have are left out.
  private func isSafe(_ shape: [Int]) -> Bool {
    let count = shape.reduce(1.0) { $0 * Double($1) }
    return count <= 0 || count < 0x1p24 || count > 0x1p46
  }

  @Test func shapesOfExtremeLengthsAreMadeOrRefused() throws {
    for shape in Self.shapes where isSafe(shape) {
      let made = try? Tensor.zeros(shape)
      let product = shape.filter { $0 != 0 }.reduce(1.0) { $0 * Double($1) }
      let isLegal = shape.allSatisfy { $0 >= 0 } && product <= 0x1p48 && (shape.contains(0) || product < 0x1p24)
      #expect((made != nil) == isLegal, "\(shape)")
      guard let made else { continue }
      #expect(made.shape == shape)
      try useEverywhere(made)
    }
  }

  @Test func virtuallyHugeTensorsAreRefusedWhereTheyWouldBeCopied() throws {
    for shape in [[1 << 48], [1 << 40, 1, 256], [2, 1 << 24, 1 << 20]] {
      let huge = try Tensor(3).expanded(shape)
      #expect(huge.description.contains("3, 3, 3"))
      #expect(throws: MemoryError.self) { try huge.elements() }
      for use: (Tensor) throws -> Any in [
        { try $0.copy() }, { try $0.sum() }, { try $0 + $0 }, { try $0.exp() }, { try $0.flattened().sorted() },
        { try $0.equal(to: $0) }, { try $0.withElements { $0.count } }, { try $0.softmax() },
        { try $0.maximum(axes: [0]) },
        { try $0.argumentOfMaximum() }, { try $0.rows() }, { try $0.integers(for: "t") },
        { try Tensor.concatenate([$0, $0]) }, { try Tensor.stack([$0, $0]) },
      ] { #expect(throws: (any Error).self) { try use(huge) } }
      try useEverywhere(huge)
      #expect(try huge.slice(shape.map { _ in .range(from: 0, step: .max) }).elements() == [3])
    }
    #expect(throws: TensorError.self) { try Tensor(3).expanded([1 << 24, 1 << 25]) }
    #expect(throws: TensorError.self) { try Tensor(3).expanded([0, .max]) }
    #expect(throws: TensorError.self) { try Tensor([1]).expanded([-1]) }
  }

  /// Calls what must neither trap nor take long whatever the shape; what it throws is not looked at.
  private func useEverywhere(_ x: Tensor) throws {
    _ = x.description
    for attempt: () throws -> Any in [
      { try x.sum() }, { try x.product(axes: [0]) }, { try x.mean(axes: [-1], keepingAxes: true) },
      { try x.variance() },
      { try x.norm(axes: [0], order: 1) }, { try x.norm(axes: [0], order: .infinity) },
      { try x.argumentOfMinimum(axis: 0) },
      { try x.logSumExp() }, { try x.softmax(axis: 0) }, { try x.cumulativeSum() }, { try x.sorted(axis: 0) },
      { try x.top(0) }, { try x.transposed() }, { try x.copy() }, { try x + 1 }, { try x * x.transposed() },
      { try x.matrixProduct(x) }, { try x.matrixProduct(x.transposed()) }, { try x.gather([0, -1]) },
      { try x.gather([]) },
      { try x.reshaped([-1]) }, { try x.reshaped([0, -1]) }, { try x.insertingAxis(0) }, { try x.removingAxis() },
      { try x.slice([.range(from: .min, to: .max, step: .min)]) },
      { try x.slice([.range(from: .max, to: .min, step: .max)]) },
      { try x.at(.min) }, { try x.at(.max) }, { try x.at(0) }, { try Tensor.concatenate([x, x], axis: -1) },
      { try Tensor.stack([x, x], axis: 1) }, { try Tensor.segmentSum(x, segments: [], count: 0) },
      { try x.dropout(0.5, seed: 1) }, { try x.expanded([2] + x.shape) }, { try x.expanded([.max] + x.shape) },
      { try x.requiringGradient().square().sum(axes: [0]).sum().backward() },
    ] { _ = try? attempt() }
  }

  @Test func noShapeHasMoreThan64Axes() throws {
    let many = try Tensor.zeros([Int](repeating: 1, count: 64))
    #expect(many.description.hasSuffix("0" + String(repeating: "]", count: 64)))
    #expect(
      throws: TensorError.argument(operation: "full", reason: "65 axes; want at most 64")
    ) { try Tensor.zeros([Int](repeating: 0, count: 65)) }
    #expect(throws: TensorError.self) { try many.insertingAxis(0) }
    #expect(throws: TensorError.self) { try Tensor.stack([many, many]) }
    #expect(throws: TensorError.self) { try many.expanded([2] + many.shape) }
    #expect(try Tensor(1).expanded([Int](repeating: 2, count: 48)).description.contains("..."))
  }

  @Test func messagesSayWhatIsWanted() {
    #expect(
      throws: TensorError.shape(
        operation: "full", shape: [0, .max], wanted: "at most 2^48 for the product of the lengths that are not 0")
    ) { try Tensor.zeros([0, .max]) }
    let error = #expect(throws: TensorError.self) { try Tensor.zeros([1 << 44]) }
    #expect(error?.description.hasPrefix("not enough memory: a tensor of shape [17592186044416] needs 70 TB; ") == true)
  }

  /// Against a walk over the positions one by one.
  @Test func slicesOfExtremeStepsTakeWhatAWalkTakes() throws {
    let x = try Tensor((0..<7).map(Float.init))
    let numbers: [Int?] = [nil, .min, .min + 1, -8, -7, -3, -1, 0, 1, 4, 6, 7, 8, .max - 1, .max]
    for from in numbers {
      for to in numbers {
        for step in [Int.min, .min + 1, -7, -6, -2, -1, 1, 2, 6, 7, .max - 1, .max] {
          let got = try x.slice([.range(from: from, to: to, step: step)]).elements()
          #expect(got == walk(7, from, to, step), "\(from as Any) \(to as Any) \(step)")
        }
      }
    }
  }

  private func walk(_ length: Int, _ from: Int?, _ to: Int?, _ step: Int) -> [Float] {
    func place(_ position: Int?, _ otherwise: Int) -> Double {
      guard let position else { return Double(otherwise) }
      return min(
        max(Double(position) + (position < 0 ? Double(length) : 0), step > 0 ? 0 : -1),
        Double(step > 0 ? length : length - 1))
    }
    let end = place(to, step > 0 ? length : -1)
    var result: [Float] = []
    var position = place(from, step > 0 ? 0 : length - 1)
    while step > 0 ? position < end : position > end {
      result.append(Float(position))
      position += Double(step)
    }
    return result
  }

  @Test func countsThatDecideMemoryAreRefused() throws {
    let stream = RandomStream(seed: 1, purpose: "t")
    for count in [1 << 50, Int.max] {
      for attempt: () throws -> Any in [
        { try Tensor.arange(to: Double(count)) }, { try Tensor.linspace(from: 0, to: 1, count: count) },
        { try Tensor.identity(count) }, { try Tensor.oneHot([], classes: count) },
        { try Tensor.oneHot([0], classes: count) },
        { try Tensor.uniform([count], stream: stream) }, { try Tensor.xavierNormal([count, count], stream: stream) },
        { try Segments([0, 1], count: count) },
        { try Tensor.segmentMean(Tensor([1, 2]), segments: [0, 1], count: count) },
        { try SparseMatrix(rows: count, columns: 2, rowIndices: [], columnIndices: [], values: []) },
        { try SparseMatrix(rows: 2, columns: count, rowIndices: [], columnIndices: [], values: []) },
        { try SparseMatrix(rows: count, columns: 2, rowOffsets: [0], columnIndices: [], values: []) },
      ] { #expect(throws: (any Error).self) { try attempt() } }
    }
    #expect(throws: TensorError.self) {
      try SparseMatrix(rows: -1, columns: 0, rowIndices: [], columnIndices: [], values: [])
    }
    #expect(throws: TensorError.self) {
      try Tensor.arange(from: -.greatestFiniteMagnitude, to: .greatestFiniteMagnitude)
    }
  }

  // MARK: Writes

  @Test func anExpandedTensorIsNotWrittenInto() throws {
    let row = try Tensor([1, 2])
    let wide = try row.expanded([3, 2])
    for write: () throws -> Void in [
      { try wide.assign(Tensor([[1, 2], [3, 4], [5, 6]])) }, { try wide.fill(1) },
      { try wide.assign(Tensor(1), at: [0, 0]) }, { try wide.setElement(at: [0, 1], to: 5) },
      { try wide.transposed().fill(2) }, { try wide.slice([.range(from: 1)]).fill(2) },
    ] {
      let error = #expect(throws: TensorError.self) { try write() }
      #expect(error?.description.contains("expanded") == true)
    }
    #expect(try row.elements() == [1, 2])
    // One position of the expanded axis is as good as the row.
    try wide.at(1).fill(7)
    #expect(try row.elements() == [7, 7])
    try row.expanded([0, 2]).fill(1)
    try row.expanded([1, 2]).fill(9)
    #expect(try wide.elements() == [9, 9, 9, 9, 9, 9])
  }
}
