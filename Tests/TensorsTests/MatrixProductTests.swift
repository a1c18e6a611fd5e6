import Testing

@testable import Tensors

@Suite struct MatrixProductTests {
  private let stream = RandomStream(seed: 31, purpose: "matrices")

  /// The sum of products in double precision, one element at a time.
  private func slow(_ a: Tensor, _ b: Tensor) throws -> [Float] {
    let (left, right) = (try a.rows(), try b.rows())
    return left.flatMap { row in
      (0..<b.shape[1]).map { column in
        Float(row.indices.reduce(0.0) { $0 + Double(row[$1]) * Double(right[$1][column]) })
      }
    }
  }

  private func isClose(_ a: [Float], _ b: [Float], inner: Int) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * Float(inner) }
  }

  @Test func matricesVectorsAndNumbersByHand() throws {
    let a = try Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(try a.matrixProduct(Tensor([[1, 0], [0, 1], [1, 1]])).rows() == [[4, 5], [10, 11]])
    #expect(try a.matrixProduct(Tensor([1, 1, 1])).elements() == [6, 15])
    #expect(try Tensor([1, -1]).matrixProduct(a).elements() == [-3, -3, -3])
    #expect(try Tensor([1, 2]).matrixProduct(Tensor([3, 4])).item() == 11)
    #expect(try Tensor([1, 2]).matrixProduct(Tensor([3, 4])).shape == [])
    #expect(try a.transposed().matrixProduct(a).rows() == [[17, 22, 27], [22, 29, 36], [27, 36, 45]])
  }

  @Test(arguments: [
    [1, 1, 1], [1, 7, 9], [9, 7, 1], [5, 1, 5], [33, 65, 17], [300, 20, 700], [2, 300, 3000], [1, 500, 40],
  ])
  func everyLayoutOfBothOperands(size: [Int]) throws {
    let (m, k, n) = (size[0], size[1], size[2])
    let left = try layouts(m, k, stream.substream(0))
    let right = try layouts(k, n, stream.substream(1))
    for a in left {
      for b in right { #expect(isClose(try a.matrixProduct(b).elements(), try slow(a, b), inner: k)) }
      for b in right {
        let column = try b.slice([.all, 0])
        let want = try slow(a, column.insertingAxis(1))
        #expect(isClose(try a.matrixProduct(column).elements(), want, inner: k))
      }
    }
    for b in right {
      let row = try left[3].at(0)
      #expect(isClose(try row.matrixProduct(b).elements(), try slow(row.insertingAxis(0), b), inner: k))
    }
  }

  /// Sums so long that they are cut into parts: the gradient of a layer's weights.
  @Test(arguments: [[64, 2500, 64], [7, 90_000, 9], [1, 20_000, 33], [33, 20_000, 1], [1, 600_000, 1]])
  func longSumsOfSmallResults(size: [Int]) throws {
    let (m, k, n) = (size[0], size[1], size[2])
    let left = try Array(layouts(m, k, stream.substream(0))[0...2])
    let right = try Array(layouts(k, n, stream.substream(1))[0...2])
    for (a, b) in zip(left, right.reversed()) {
      let product = try a.matrixProduct(b)
      #expect(try isClose(product.elements(), slow(a, b), inner: k / 20))
      #expect(try product.elements() == (a.insertingAxis(0).matrixProduct(b)).elements())
    }
  }

  @Test func bitsDoNotDependOnTheThreads() throws {
    let x = try Tensor.normal([5000, 64], stream: stream)
    let y = try Tensor.normal([5000, 48], stream: stream.substream(1))
    let products = try [1, 2, 3].map { count in
      ThreadPool.setSharedThreadCount(count)
      defer { ThreadPool.setSharedThreadCount(ThreadPool.defaultThreadCount) }
      return try [x.transposed().matrixProduct(y), y.transposed().matrixProduct(x.slice([.all, 0]))].map {
        try $0.elements()
      }
    }
    #expect(products[0] == products[1] && products[0] == products[2])
  }

  /// Plain, transposed, a part of a wider matrix, with steps in both axes, reversed.
  private func layouts(_ rows: Int, _ columns: Int, _ stream: RandomStream) throws -> [Tensor] {
    try [
      Tensor.uniform([rows, columns], from: -1, stream: stream),
      Tensor.uniform([columns, rows], from: -1, stream: stream).transposed(),
      Tensor.uniform([rows + 2, columns + 3], from: -1, stream: stream).slice([
        .range(from: 2), .range(from: 1, to: -2),
      ]),
      Tensor.uniform([2 * rows, 2 * columns], from: -1, stream: stream).slice([.range(step: 2), .range(step: 2)]),
      Tensor.uniform([rows, columns], from: -1, stream: stream).slice([.range(step: -1), .range(step: -1)]),
      Tensor.uniform([columns], from: -1, stream: stream).expanded([rows, columns]),
    ]
  }

  @Test func batchesBroadcast() throws {
    let a = try Tensor.uniform([3, 1, 4, 5], stream: stream)
    let b = try Tensor.uniform([2, 5, 6], stream: stream.substream(1))
    let product = try a.matrixProduct(b)
    #expect(product.shape == [3, 2, 4, 6])
    for i in 0..<3 {
      for j in 0..<2 {
        let want = try slow(a.slice([.at(i), 0]), b.at(j))
        #expect(isClose(try product.slice([.at(i), .at(j)]).elements(), want, inner: 5))
      }
    }
    #expect(try a.matrixProduct(Tensor.ones([5])).shape == [3, 1, 4])
    #expect(try Tensor.ones([4]).matrixProduct(a).shape == [3, 1, 5])
  }

  @Test func emptyProductsAreZeros() throws {
    #expect(try Tensor.zeros([2, 0]).matrixProduct(Tensor.zeros([0, 3])).rows() == [[0, 0, 0], [0, 0, 0]])
    #expect(try Tensor.zeros([0, 4]).matrixProduct(Tensor.zeros([4, 3])).shape == [0, 3])
    #expect(try Tensor.zeros([0, 2, 4]).matrixProduct(Tensor.zeros([4, 3])).shape == [0, 2, 3])
    #expect(try Tensor.zeros([0]).matrixProduct(Tensor.zeros([0])).item() == 0)
  }

  @Test func shapesThatDoNotFitAreBothNamed() throws {
    let error = #expect(throws: TensorError.self) { try Tensor.ones([2, 3]).matrixProduct(Tensor.ones([2, 3])) }
    #expect(
      error?.description
        == "matmul: shapes [2, 3] and [2, 3] do not fit; want as many columns on the left as rows on the right")
    #expect(throws: TensorError.self) { try Tensor(2).matrixProduct(Tensor.ones([2])) }
    #expect(throws: TensorError.self) { try Tensor.ones([2, 3, 4]).matrixProduct(Tensor.ones([3, 4, 5])) }
  }
}
