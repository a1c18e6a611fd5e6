import Testing

@testable import Tensors

@Suite struct TensorTests {
  @Test func shapesOfAnyRankHoldTheirElements() throws {
    #expect(try Tensor(3).shape == [])
    #expect(try Tensor(3).item() == 3)
    #expect(try Tensor([1, 2, 3]).shape == [3])
    #expect(try Tensor([[1, 2, 3], [4, 5, 6]]).elements() == [1, 2, 3, 4, 5, 6])
    #expect(try Tensor([[[1, 2]], [[3, 4]], [[5, 6]]]).shape == [3, 1, 2])
    #expect(try Tensor([] as [Float]).shape == [0])
    #expect(try Tensor.zeros([2, 0, 3]).count == 0)
    #expect(try Tensor.zeros([1, 1, 1, 1, 1, 2]).rank == 6)
  }

  @Test func raggedRowsAndWrongCountsAreNamed() {
    #expect(
      throws: TensorError.argument(
        operation: "tensor", reason: "row 1 has 1 elements, row 0 has 2; want equal lengths")
    ) { try Tensor([[1, 2], [3]]) }
    let error = #expect(throws: TensorError.self) { try Tensor([1, 2, 3], shape: [2, 2]) }
    #expect(error?.description == "tensor: got shape [2, 2]; want a shape of 3 elements")
    #expect(throws: TensorError.self) { try Tensor([[[1, 2]], [[3, 4], [5, 6]]]) }
  }

  @Test func tooLargeAndNegativeShapesAreErrors() {
    #expect(throws: TensorError.memory(shape: [1 << 40, 1 << 40])) { try Tensor.zeros([1 << 40, 1 << 40]) }
    #expect(throws: TensorError.memory(shape: [1 << 50])) { try Tensor.zeros([1 << 50]) }
    let error = #expect(throws: TensorError.self) { try Tensor.zeros([2, -1]) }
    #expect(error?.description == "full: got shape [2, -1]; want lengths of at least 0")
  }

  @Test func rangesHaveTheirEndsRight() throws {
    #expect(try Tensor.arange(to: 4).elements() == [0, 1, 2, 3])
    #expect(try Tensor.arange(from: 1, to: 2, by: 0.25).elements() == [1, 1.25, 1.5, 1.75])
    #expect(try Tensor.arange(from: 3, to: 0, by: -1).elements() == [3, 2, 1])
    #expect(try Tensor.arange(from: 3, to: 0).count == 0)
    #expect(throws: TensorError.self) { try Tensor.arange(to: 3, by: 0) }
    #expect(throws: TensorError.self) { try Tensor.arange(to: .nan) }
    #expect(try Tensor.linspace(from: 0, to: 1, count: 5).elements() == [0, 0.25, 0.5, 0.75, 1])
    #expect(try Tensor.linspace(from: 2, to: 9, count: 1).elements() == [2])
    #expect(try Tensor.identity(2).elements() == [1, 0, 0, 1])
  }

  @Test func oneHotRowsHaveOneOne() throws {
    #expect(try Tensor.oneHot([2, 0], classes: 3).rows() == [[0, 0, 1], [1, 0, 0]])
    let error = #expect(throws: TensorError.self) { try Tensor.oneHot([0, 3], classes: 3) }
    #expect(error?.description == "one_hot: index 3 at position 1 is out of range; want 0..<3")
  }

  @Test func elementsAreReadAndWrittenByIndex() throws {
    let x = try Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(try x.element(at: [1, -1]) == 6)
    try x.transposed().setElement(at: [2, 0], to: 30)
    #expect(try x.rows() == [[1, 2, 30], [4, 5, 6]])
    #expect(throws: TensorError.index(operation: "element", index: 2, axis: 0, length: 2)) {
      try x.element(at: [2, 0])
    }
    #expect(throws: TensorError.self) { try x.element(at: [0]) }
    #expect(throws: TensorError.shape(operation: "item", shape: [2, 3], wanted: "a single element")) { try x.item() }
  }

  @Test func viewsShareAndCopiesDoNot() throws {
    let x = try Tensor.zeros([2, 3])
    let row = try x.at(1)
    let copy = try x.copy()
    try row.fill(7)
    #expect(try x.rows() == [[0, 0, 0], [7, 7, 7]])
    #expect(try copy.rows() == [[0, 0, 0], [0, 0, 0]])
    #expect(row.sharesStorage(with: x) && !copy.sharesStorage(with: x))
    try x.transposed().assign(Tensor([1, 2]))
    #expect(try x.rows() == [[1, 1, 1], [2, 2, 2]])
  }

  @Test func assignmentBroadcastsAndSurvivesOverlap() throws {
    let x = try Tensor([1, 2, 3, 4, 5])
    try x.slice([.range(from: 1)]).assign(x.slice([.range(to: -1)]))
    #expect(try x.elements() == [1, 1, 2, 3, 4])
    try x.slice([.range(step: -1)]).assign(x)
    #expect(try x.elements() == [4, 3, 2, 1, 1])
    let error = #expect(throws: TensorError.self) { try x.assign(Tensor.zeros([2, 5])) }
    #expect(
      error?.description
        == "assign: shapes [2, 5] and [5] do not fit; want a source that broadcasts to the destination")
    #expect(throws: TensorError.self) { try x.assign(Tensor.zeros([3])) }
  }

  @Test func writingNeedsAContiguousTensor() throws {
    let x = try Tensor.zeros([2, 2])
    try x.withMutableElements { $0[3] = 5 }
    #expect(try x.elements() == [0, 0, 0, 5])
    #expect(throws: TensorError.self) { try x.transposed().withMutableElements { $0[0] = 1 } }
    #expect(try x.transposed().withElements { Array($0) } == [0, 0, 0, 5])
  }
}
