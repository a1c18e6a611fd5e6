import Testing

@testable import Tensors

@Suite struct JoiningTests {
  let a: Tensor
  let b: Tensor

  init() throws {
    a = try Tensor([[1, 2], [3, 4]])
    b = try Tensor([[5, 6]])
  }

  @Test func concatenationAlongEachAxis() throws {
    #expect(try Tensor.concatenate([a, b, a]).rows() == [[1, 2], [3, 4], [5, 6], [1, 2], [3, 4]])
    #expect(try Tensor.concatenate([a, a.transposed()], axis: -1).rows() == [[1, 2, 1, 3], [3, 4, 2, 4]])
    #expect(try Tensor.concatenate([Tensor.zeros([0, 2]), a]).rows() == [[1, 2], [3, 4]])
    let error = #expect(throws: TensorError.self) { try Tensor.concatenate([a, b], axis: 1) }
    #expect(
      error?.description == "concatenate: shapes [2, 2] and [1, 2] do not fit; want equal lengths except on axis 1")
    #expect(throws: TensorError.self) { try Tensor.concatenate([]) }
    #expect(throws: TensorError.self) { try Tensor.concatenate([Tensor(1)]) }
  }

  @Test func stackingMakesAnAxis() throws {
    let rows = [try Tensor([1, 2, 3]), try Tensor([4, 5, 6])]
    #expect(try Tensor.stack(rows).rows() == [[1, 2, 3], [4, 5, 6]])
    #expect(try Tensor.stack(rows, axis: -1).rows() == [[1, 4], [2, 5], [3, 6]])
    #expect(try Tensor.stack([Tensor(1), Tensor(2)]).elements() == [1, 2])
    #expect(throws: TensorError.self) { try Tensor.stack([a, b]) }
  }

  @Test func gatheringTakesRowsInOrder() throws {
    #expect(try a.gather([1, 0, 1, -1]).rows() == [[3, 4], [1, 2], [3, 4], [3, 4]])
    #expect(try a.transposed().gather([1]).rows() == [[2, 4]])
    #expect(try a.slice([.range(step: -1)]).gather([0]).rows() == [[3, 4]])
    #expect(try Tensor([1, 2, 3]).gather([2, 2]).elements() == [3, 3])
    #expect(try a.gather([]).shape == [0, 2])
    #expect(throws: TensorError.index(operation: "gather", index: 2, axis: 0, length: 2)) { try a.gather([0, 2]) }
    #expect(throws: TensorError.self) { try Tensor(1).gather([0]) }
    let table = try Tensor.arange(to: 60_000).reshaped([2000, 30])
    let rows = (0..<9000).map { ($0 * 7919) % 2000 }
    #expect(try table.gather(rows).slice([.all, 3]).elements() == rows.map { Float($0 * 30 + 3) })
  }

  @Test func integersMustBeWhole() throws {
    #expect(try Tensor([1, 2, -3]).integers(for: "gather") == [1, 2, -3])
    let error = #expect(throws: TensorError.self) { try Tensor([1, 2.5]).integers(for: "gather") }
    #expect(error?.description == "gather: 2.5 at position 1 is not a whole number")
    #expect(throws: TensorError.self) { try Tensor([.nan]).integers(for: "gather") }
  }
}
