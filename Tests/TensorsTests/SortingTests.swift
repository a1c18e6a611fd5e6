import Testing

@testable import Tensors

@Suite struct SortingTests {
  private let stream = RandomStream(seed: 41, purpose: "values")

  @Test(arguments: [1, 2, 24, 25, 100, 1023, 1024, 5000]) func everyLengthSortsStablyEitherWay(length: Int) throws {
    // Few distinct values, so that there are many ties; some infinities, zeros of both signs and NaN.
    var values = try (Tensor.normal([length], standardDeviation: 4, stream: stream)).round().elements()
    for (place, special) in [Float.nan, .infinity, -.infinity, -0.0, 0, .nan].enumerated() where length > 30 {
      values[place * 5 + 2] = special
    }
    let x = try Tensor(values)
    for descending in [false, true] {
      let order = try x.argumentsInOrder(descending: descending).integers(for: "test")
      var want = values.indices.filter { !values[$0].isNaN }
      want = want.sorted { values[$0] != values[$1] ? (values[$0] < values[$1]) != descending : $0 < $1 }
      want += values.indices.filter { values[$0].isNaN }
      #expect(order == want)
      #expect(try x.sorted(descending: descending).elements().map(\.bitPattern) == want.map { values[$0].bitPattern })
    }
  }

  @Test func distinctValuesOfEveryExponentSort() throws {
    let values = (0..<50_000).map { Float(bitPattern: UInt32(truncatingIfNeeded: stream.bits(at: UInt64($0)))) }
      .filter { !$0.isNaN }
    #expect(try Tensor(values).sorted().elements() == values.sorted())
  }

  @Test func sortingAlongAnyAxis() throws {
    let x = try Tensor([[3, 1, 2], [0, 5, 4]])
    #expect(try x.sorted().rows() == [[1, 2, 3], [0, 4, 5]])
    #expect(try x.sorted(axis: 0).rows() == [[0, 1, 2], [3, 5, 4]])
    #expect(try x.argumentsInOrder(axis: 0, descending: true).rows() == [[0, 1, 1], [1, 0, 0]])
    #expect(try x.transposed().sorted(axis: 0).rows() == [[1, 0], [2, 4], [3, 5]])
    #expect(try Tensor.zeros([3, 0]).sorted().shape == [3, 0])
    #expect(throws: TensorError.axis(operation: "sort", axis: 2, rank: 2)) { try x.sorted(axis: 2) }
  }

  @Test(arguments: [1, 3, 20, 100, 999, 1000]) func topAgreesWithSorting(k: Int) throws {
    for trial in 0..<3 {
      let x = try (Tensor.normal([4, 1000], standardDeviation: 30, stream: stream.substream(trial))).round()
      if trial == 1 { try x.slice([1, .range(to: 400)]).fill(.nan) }
      if trial == 2 { try x.slice([2]).fill(7) }
      for largest in [true, false] {
        let top = try x.top(k, largest: largest)
        let order = try x.argumentsInOrder(descending: largest).slice([.all, .range(to: k)])
        #expect(try top.positions.elements() == order.elements())
        let sorted = try x.sorted(descending: largest).slice([.all, .range(to: k)])
        #expect(try top.values.elements().map(\.bitPattern) == sorted.elements().map(\.bitPattern))
      }
    }
  }

  @Test func topChecksItsCount() throws {
    let x = try Tensor([[3, 1, 2], [0, 5, 4]])
    #expect(try x.top(1, axis: 0).positions.rows() == [[0, 1, 1]])
    #expect(try x.top(0).values.shape == [2, 0])
    let error = #expect(throws: TensorError.self) { try x.top(4) }
    #expect(error?.description == "topk: k is 4; want 0...3, the length of axis 1 of shape [2, 3]")
  }
}
