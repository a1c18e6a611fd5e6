import Testing

@testable import Tensors

@Suite struct ElementwiseTests {
  let x: Tensor
  let row: Tensor

  init() throws {
    x = try Tensor([[1, -2, 3], [-4, 5, -6]])
    row = try Tensor([10, 20, 30])
  }

  @Test func arithmeticWithTensorsAndNumbers() throws {
    #expect(try (x + row).rows() == [[11, 18, 33], [6, 25, 24]])
    #expect(try (x - x).rows() == [[0, 0, 0], [0, 0, 0]])
    #expect(try (x * 2).rows() == [[2, -4, 6], [-8, 10, -12]])
    #expect(try (1 - x).rows() == [[0, 3, -2], [5, -4, 7]])
    #expect(try (6 / Tensor([1, 2, 4])).elements() == [6, 3, 1.5])
    #expect(try (row / 10).elements() == [1, 2, 3])
    #expect(try (-row).elements() == [-10, -20, -30])
    #expect(try (2 * Tensor(3)).item() == 6)
    #expect(try x.power(2).rows() == [[1, 4, 9], [16, 25, 36]])
    #expect(try Tensor([2, 4]).power(Tensor([3, 0.5])).elements() == [8, 2])
  }

  @Test func shapesThatDoNotFitAreBothNamed() throws {
    let error = #expect(throws: TensorError.self) { try x * Tensor([1, 2]) }
    #expect(
      error?.description
        == "multiply: shapes [2, 3] and [2] do not fit; want equal lengths or 1 on each axis, counted from the last")
    #expect(throws: TensorError.self) { try x + Tensor.zeros([0]) }
  }

  @Test func emptyTensorsStayEmpty() throws {
    let empty = try Tensor.zeros([0, 3])
    #expect(try (empty + row).shape == [0, 3])
    #expect(try empty.exp().shape == [0, 3])
    #expect(try (Tensor.zeros([0]) + 1).shape == [0])
  }

  /// Every pair of shapes, each operand plain, transposed, stepped or expanded, against one element at a time.
  @Test func broadcastingAgreesWithOneElementAtATime() throws {
    let shapes = [
      [], [1], [5], [4, 5], [4, 1], [1, 5], [3, 4, 5], [3, 1, 1], [1, 4, 1], [2, 3, 4, 5], [2, 1, 4, 1],
    ]
    let stream = RandomStream(seed: 11, purpose: "operands")
    for (number, left) in shapes.enumerated() {
      for (other, right) in shapes.enumerated() {
        for layout in 0..<3 {
          let a = try operand(left, layout, stream.substream(number))
          let b = try operand(right, (layout + 1) % 3, stream.substream(100 + other))
          let got = try a - b
          let shape = try broadcastShape(left, right, operation: "test")
          let (wideA, wideB) = (try a.expanded(shape).elements(), try b.expanded(shape).elements())
          #expect(got.shape == shape)
          #expect(try got.elements() == zip(wideA, wideB).map { $0 - $1 }, "\(left) \(right) \(layout)")
        }
      }
    }
  }

  private func operand(_ shape: [Int], _ layout: Int, _ stream: RandomStream) throws -> Tensor {
    switch layout {
    case 1:  // transposed
      return try Tensor.uniform(shape.reversed(), stream: stream).permuted(Array(shape.indices.reversed()))
    case 2:  // every second element, backwards
      return try Tensor.uniform(shape.map { 2 * $0 }, stream: stream).slice(shape.map { _ in .range(step: -2) })
    default: return try Tensor.uniform(shape, stream: stream)
    }
  }

  @Test func everyWidthOfARowAgrees() throws {
    // Rows shorter and longer than the pieces of the kernels, enough of them to be cut over threads.
    for columns in [1, 2, 3, 7, 16, 63, 64, 65, 511, 512, 513, 1500] {
      let rows = 80_000 / columns + 3
      let stream = RandomStream(seed: UInt64(columns), purpose: "operands")
      let a = try Tensor.uniform([rows, columns], stream: stream)
      let row = try Tensor.uniform([columns], stream: stream.substream(1))
      let column = try Tensor.uniform([rows, 1], stream: stream.substream(2))
      let got = try (a - row) * column + Tensor.where(row.greater(than: Tensor(0.5)), column, a)
      let (left, right, side, values) = try (a.elements(), row.elements(), column.elements(), got.elements())
      var wrong = 0
      for index in values.indices {
        let (x, y, z) = (left[index], right[index % columns], side[index / columns])
        if values[index] != (x - y) * z + (y > 0.5 ? z : x) { wrong += 1 }
      }
      #expect(wrong == 0, "\(columns) columns")
    }
  }

  @Test func largeOperandsOfAnyLayoutAgree() throws {
    let stream = RandomStream(seed: 12, purpose: "operands")
    let a = try Tensor.uniform([500, 400], stream: stream)
    let b = try Tensor.uniform([400, 500], stream: stream.substream(1)).transposed()
    let c = try Tensor.uniform([400], stream: stream.substream(2))
    let got = try (a * b + c).elements()
    let (left, right, last) = try (a.elements(), b.elements(), c.elements())
    for index in got.indices { #expect(got[index] == left[index] * right[index] + last[index % 400]) }
  }

  @Test func comparisonsAreOneOrZero() throws {
    let (a, b) = (try Tensor([1, 2, 3, .nan]), try Tensor([2, 2, 2, .nan]))
    #expect(try a.less(than: b).elements() == [1, 0, 0, 0])
    #expect(try a.lessOrEqual(to: b).elements() == [1, 1, 0, 0])
    #expect(try a.greater(than: b).elements() == [0, 0, 1, 0])
    #expect(try a.greaterOrEqual(to: b).elements() == [0, 1, 1, 0])
    #expect(try a.equal(to: b).elements() == [0, 1, 0, 0])
    #expect(try a.notEqual(to: b).elements() == [1, 0, 1, 1])
    #expect(try Tensor([1, .infinity, .nan]).isFinite().elements() == [1, 0, 0])
  }

  @Test func whereChooses() throws {
    let chosen = try Tensor.where(x.greater(than: Tensor(0)), x, Tensor(0))
    #expect(try chosen.rows() == [[1, 0, 3], [0, 5, 0]])
    #expect(try Tensor.where(Tensor([1, 0, 1]), row, x).rows() == [[10, -2, 30], [10, 5, 30]])
    #expect(throws: TensorError.self) { try Tensor.where(Tensor([1, 0]), row, x) }
  }

  @Test func extremesLetNaNWin() throws {
    let (a, b) = (try Tensor([1, .nan, 3]), try Tensor([2, 0, .nan]))
    #expect(try a.minimum(b).elements()[0] == 1 && a.maximum(b).elements()[0] == 2)
    #expect(try a.minimum(b).elements()[1...].allSatisfy(\.isNaN))
    #expect(try a.maximum(b).elements()[1...].allSatisfy(\.isNaN))
    #expect(try x.clamped(-2, 3).rows() == [[1, -2, 3], [-2, 3, -2]])
    #expect(try x.clamped(0).rows() == [[1, 0, 3], [0, 5, 0]])
    #expect(try Tensor([.nan]).clamped(0, 1).elements()[0].isNaN)
    let error = #expect(throws: TensorError.self) { try x.clamped(1, 0) }
    #expect(error?.description == "clamp: the range is 1.0 to 0.0; want low <= high")
  }

  @Test func simpleFunctionsByHand() throws {
    let v = try Tensor([-2.5, -0.5, 0, 1.5, 2.5])
    #expect(try v.absolute().elements() == [2.5, 0.5, 0, 1.5, 2.5])
    #expect(try v.sign().elements() == [-1, -1, 0, 1, 1])
    #expect(try v.relu().elements() == [0, 0, 0, 1.5, 2.5])
    #expect(try v.floor().elements() == [-3, -1, 0, 1, 2])
    #expect(try v.ceil().elements() == [-2, 0, 0, 2, 3])
    #expect(try v.round().elements() == [-2, 0, 0, 2, 2])
    #expect(try v.square().elements() == [6.25, 0.25, 0, 2.25, 6.25])
    #expect(try Tensor([2, -4]).reciprocal().elements() == [0.5, -0.25])
    #expect(try Tensor([0]).sin().item() == 0 && Tensor([0]).cos().item() == 1)
    #expect(try Tensor([.nan]).relu().elements()[0].isNaN)
  }
}
