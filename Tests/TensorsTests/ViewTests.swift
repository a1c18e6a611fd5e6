import Testing

@testable import Tensors

@Suite struct ViewTests {
  let x: Tensor

  init() throws { x = try Tensor.arange(to: 24).reshaped([2, 3, 4]) }

  @Test func slicesFollowPythonsRules() throws {
    let v = try Tensor.arange(to: 6)
    let cases: [(Slice, [Float])] = [
      (.range(from: 1, to: 4), [1, 2, 3]), (.range(to: -2), [0, 1, 2, 3]), (.range(from: -2), [4, 5]),
      (.range(step: 2), [0, 2, 4]), (.range(from: 1, step: 3), [1, 4]), (.range(step: -1), [5, 4, 3, 2, 1, 0]),
      (.range(from: 4, to: 1, step: -2), [4, 2]), (.range(from: 10, to: 20), []), (.range(from: -100, to: 2), [0, 1]),
      (.range(from: 3, to: 2), []), (.range(from: 100, to: nil, step: -4), [5, 1]), (.all, [0, 1, 2, 3, 4, 5]),
    ]
    for (slice, want) in cases { #expect(try v.slice([slice]).elements() == want, "\(slice)") }
    #expect(throws: TensorError.self) { try v.slice([.range(step: 0)]) }
  }

  @Test func slicesOfSeveralAxes() throws {
    #expect(try x.slice([1, .range(from: 1), .range(step: -2)]).rows() == [[19, 17], [23, 21]])
    #expect(try x.slice([-1, -1, -1]).item() == 23)
    #expect(try x.slice([.all, 0]).rows() == [[0, 1, 2, 3], [12, 13, 14, 15]])
    #expect(throws: TensorError.index(operation: "slice", index: 3, axis: 1, length: 3)) { try x.slice([.all, 3]) }
    #expect(throws: TensorError.self) { try x.slice([0, 0, 0, 0]) }
    #expect(throws: TensorError.self) { try Tensor(1).at(0) }
    #expect(try x.narrowed(axis: -1, to: 1..<3).shape == [2, 3, 2])
    #expect(throws: TensorError.self) { try x.narrowed(axis: 2, to: 3..<5) }
  }

  @Test func reshapingIsAViewWhereItCanBe() throws {
    #expect(try x.reshaped([6, -1]).shape == [6, 4])
    #expect(try x.reshaped([4, 6]).sharesStorage(with: x))
    #expect(try x.slice([.all, .range(to: 2)]).reshaped([2, 8]).sharesStorage(with: x))
    #expect(
      try x.slice([.all, .range(to: 2)]).reshaped([2, 2, 2, 2]).elements() == x.slice([.all, .range(to: 2)]).elements())
    let turned = try x.transposed(0, 2)
    #expect(try !turned.reshaped([24]).sharesStorage(with: x))
    #expect(try turned.reshaped([24]).elements() == turned.elements())
    #expect(try turned.reshaped([4, 3, 2, 1]).sharesStorage(with: x))
    #expect(try Tensor.zeros([0, 3]).reshaped([3, 0, 5]).shape == [3, 0, 5])
    let error = #expect(throws: TensorError.self) { try x.reshaped([5, -1]) }
    #expect(
      error?.description
        == "reshape: shapes [2, 3, 4] and [5, 4] do not fit; want a shape of 24 elements, at most one length -1")
    #expect(throws: TensorError.self) { try x.reshaped([-1, -1]) }
  }

  @Test func everyReshapeOfEveryPermutationKeepsTheOrder() throws {
    for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let turned = try x.permuted(axes)
      let want = try turned.elements()
      for shape in [
        [24], [2, 12], [12, 2], [3, 8], [8, 3], [4, 6], [6, 4], [2, 2, 6], [1, 24, 1], [3, 2, 2, 2], [4, 3, 2],
      ] {
        #expect(try turned.reshaped(shape).elements() == want, "\(axes) as \(shape)")
      }
    }
  }

  @Test func permutingMovesAxes() throws {
    let turned = try x.permuted([2, 0, 1])
    #expect(turned.shape == [4, 2, 3])
    #expect(try turned.element(at: [3, 1, 2]) == 23)
    #expect(try x.permuted([-1, 0, 1]).elements() == turned.elements())
    #expect(try turned.copy().elements() == turned.elements())
    #expect(throws: TensorError.self) { try x.permuted([0, 1]) }
    #expect(throws: TensorError.self) { try x.permuted([0, 1, 1]) }
    #expect(throws: TensorError.axis(operation: "transpose", axis: 3, rank: 3)) { try x.transposed(0, 3) }
    #expect(throws: TensorError.self) { try Tensor([1, 2]).transposed() }
  }

  @Test func expandingRepeatsWithoutCopying() throws {
    let row = try Tensor([1, 2, 3])
    let wide = try row.expanded([2, 3])
    #expect(try wide.rows() == [[1, 2, 3], [1, 2, 3]])
    #expect(wide.sharesStorage(with: row))
    #expect(try row.insertingAxis(1).expanded([3, 2]).rows() == [[1, 1], [2, 2], [3, 3]])
    #expect(throws: TensorError.self) { try row.expanded([3, 2]) }
    #expect(throws: TensorError.self) { try wide.expanded([3]) }
  }

  @Test func axesOfLengthOneComeAndGo() throws {
    #expect(try x.insertingAxis(-1).shape == [2, 3, 4, 1])
    #expect(try x.insertingAxis(0).removingAxis().shape == [2, 3, 4])
    #expect(try x.insertingAxis(1).removingAxis(1).shape == [2, 3, 4])
    #expect(throws: TensorError.self) { try x.removingAxis(0) }
    #expect(try x.flattened().shape == [24])
  }

  @Test func largeTransposesAreCopiedRight() throws {
    let big = try Tensor.arange(to: 700 * 301).reshaped([7, 100, 301])
    for axes in [[2, 1, 0], [0, 2, 1], [1, 2, 0], [2, 0, 1]] {
      let turned = try big.permuted(axes)
      let copy = try turned.copy()
      let stream = RandomStream(seed: 3, purpose: "places")
      for trial in 0..<200 {
        let place = turned.shape.indices.map { stream.integer(below: turned.shape[$0], at: UInt64(trial * 3 + $0)) }
        #expect(try copy.element(at: place) == turned.element(at: place))
      }
    }
  }
}
