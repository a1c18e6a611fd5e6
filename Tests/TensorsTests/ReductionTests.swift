import Platform
import Testing

@testable import Tensors

@Suite struct ReductionTests {
  /// One number for each position along the axes that stay, by gathering the elements one at a time.
  private func slow(_ x: Tensor, _ axes: [Int], _ reduce: ([Double]) -> Double) throws -> [Float] {
    let all = try x.elements()
    let keptShape = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    var groups = [[Double]](repeating: [], count: keptShape.reduce(1, *))
    for (position, value) in all.enumerated() {
      var rest = position
      var index = [Int](repeating: 0, count: x.rank)
      for axis in x.shape.indices.reversed() {
        index[axis] = rest % x.shape[axis]
        rest /= x.shape[axis]
      }
      var group = 0
      for axis in x.shape.indices where !axes.contains(axis) { group = group * x.shape[axis] + index[axis] }
      groups[group].append(Double(value))
    }
    return groups.map { Float(reduce($0)) }
  }

  private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) }
  }

  private static let axesOfFour = (0..<16).map { mask in (0..<4).filter { mask >> $0 & 1 == 1 } }

  @Test(arguments: axesOfFour) func everyReductionOverEveryChoiceOfAxes(axes: [Int]) throws {
    let base = try Tensor.normal([3, 5, 4, 18], stream: RandomStream(seed: 21, purpose: "values"))
    let layouts = try [
      base, base.permuted([3, 1, 0, 2]), base.slice([.all, .range(step: -1), .all, .range(from: 1, step: 2)]),
      Tensor.normal([3, 1, 4, 1], stream: RandomStream(seed: 22, purpose: "values")).expanded([3, 5, 4, 2]),
    ]
    for x in layouts {
      let mean = { (v: [Double]) in v.reduce(0, +) / Double(v.count) }
      #expect(try isClose(x.sum(axes: axes).elements(), slow(x, axes) { $0.reduce(0, +) }))
      #expect(try isClose(x.mean(axes: axes).elements(), slow(x, axes, mean)))
      #expect(try isClose(x.product(axes: axes).elements(), slow(x, axes) { $0.reduce(1, *) }))
      #expect(try x.minimum(axes: axes).elements() == slow(x, axes) { $0.min()! })
      #expect(try x.maximum(axes: axes).elements() == slow(x, axes) { $0.max()! })
      #expect(
        isClose(try x.norm(axes: axes).elements(), try slow(x, axes) { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }))
      #expect(try isClose(x.norm(axes: axes, order: 1).elements(), slow(x, axes) { $0.reduce(0) { $0 + abs($1) } }))
      #expect(
        try isClose(
          x.variance(axes: axes).elements(),
          slow(x, axes) { v in v.reduce(0) { $0 + ($1 - mean(v)) * ($1 - mean(v)) } / Double(v.count) }))
      let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
      #expect(try x.sum(axes: axes, keepingAxes: true).shape == kept)
      #expect(try x.sum(axes: axes).shape == x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
    }
  }

  /// Every reduction over every choice of axes of every shape out of 0, 1 and 3, plain and turned round.
  @Test func reductionsOfNothingAreWhatTheObviousLoopGives() throws {
    let lengths = [0, 1, 3]
    let shapes =
      lengths.map { [$0] } + lengths.flatMap { a in lengths.map { [a, $0] } }
      + lengths.flatMap { a in lengths.flatMap { b in lengths.map { [a, b, $0] } } }
    for shape in shapes {
      let plain = try Tensor.uniform(shape, from: -1, stream: RandomStream(seed: 23, purpose: "values"))
      for x in [plain, try plain.permuted(shape.indices.reversed())] {
        for mask in 0..<1 << x.rank { try check(x, x.shape.indices.filter { mask >> $0 & 1 == 1 }) }
      }
    }
  }

  private func check(_ x: Tensor, _ axes: [Int]) throws {
    let kept = x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    let isDefined = !axes.contains { x.shape[$0] == 0 } || kept.contains(0)
    let mean = { (v: [Double]) in v.reduce(0, +) / Double(v.count) }
    let always: [(([Double]) -> Double, ([Int], Bool) throws -> Tensor)] = [
      ({ $0.reduce(0, +) }, { try x.sum(axes: $0, keepingAxes: $1) }),
      ({ $0.reduce(1, *) }, { try x.product(axes: $0, keepingAxes: $1) }),
      ({ $0.reduce(0) { $0 + abs($1) } }, { try x.norm(axes: $0, order: 1, keepingAxes: $1) }),
      ({ $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }, { try x.norm(axes: $0, keepingAxes: $1) }),
      ({ $0.map(abs).max() ?? 0 }, { try x.norm(axes: $0, order: .infinity, keepingAxes: $1) }),
    ]
    let ofSomething: [(([Double]) -> Double, ([Int], Bool) throws -> Tensor)] = [
      (mean, { try x.mean(axes: $0, keepingAxes: $1) }),
      ({ $0.min()! }, { try x.minimum(axes: $0, keepingAxes: $1) }),
      ({ $0.max()! }, { try x.maximum(axes: $0, keepingAxes: $1) }),
      (
        { v in v.reduce(0) { $0 + ($1 - mean(v)) * ($1 - mean(v)) } / Double(v.count) },
        { try x.variance(axes: $0, keepingAxes: $1) }
      ),
    ]
    for (obvious, reduce) in always + (isDefined ? ofSomething : []) {
      let got = try reduce(axes, false)
      #expect(try got.shape == kept && isClose(got.elements(), try slow(x, axes, obvious)), "\(x.shape) \(axes)")
      #expect(try reduce(axes, true).shape == x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] })
    }
    if !isDefined {
      for (_, reduce) in ofSomething { #expect(throws: TensorError.self) { try reduce(axes, false) } }
    }
    guard axes.count == 1 else { return }
    if isDefined {
      let first = { (v: [Double]) in Double(v.firstIndex(of: v.max()!)!) }
      let got = try x.argumentOfMaximum(axis: axes[0])
      #expect(try got.shape == kept && isClose(got.elements(), try slow(x, axes, first)))
    } else {
      #expect(throws: TensorError.self) { try x.argumentOfMaximum(axis: axes[0]) }
    }
  }

  @Test func sumsAreAccumulatedInDoublePrecision() throws {
    // In float32 the ones would vanish beside 2^24, and 0.1 a million times would drift by whole units.
    #expect(try Tensor([16_777_216] + [Float](repeating: 1, count: 100)).sum().item() == 16_777_316)
    let tenths = try Tensor.full([1000, 1000], 0.1)
    #expect(try tenths.sum().item() == Float(1_000_000 * Double(Float(0.1))))
    #expect(try tenths.sum(axes: [0]).elements().allSatisfy { $0 == Float(1000 * Double(Float(0.1))) })
    let far = try Tensor([100_000, 100_001, 100_002])
    #expect(try far.variance(correction: 1).item() == 1)
    #expect(try far.standardDeviation().item() == Float((2.0 / 3).squareRoot()))
  }

  @Test func emptyReductionsAreZeroOneOrAnError() throws {
    let empty = try Tensor.zeros([0, 3])
    #expect(try empty.sum().item() == 0 && empty.product().item() == 1 && empty.norm().item() == 0)
    #expect(try empty.sum(axes: [0]).elements() == [0, 0, 0])
    #expect(try empty.sum(axes: [1]).shape == [0])
    #expect(try empty.maximum(axes: [1]).shape == [0])
    let error = #expect(throws: TensorError.self) { try empty.maximum(axes: [0]) }
    #expect(error?.description == "max: got shape [0, 3]; want at least one element along axes [0]")
    #expect(throws: TensorError.self) { try empty.mean() }
    #expect(throws: TensorError.self) { try empty.argumentOfMinimum() }
    #expect(throws: TensorError.self) { try Tensor([1]).variance(correction: 1) }
  }

  @Test func axesAreChecked() throws {
    let x = try Tensor.ones([2, 3])
    #expect(try x.sum(axes: [-1]).elements() == [3, 3])
    #expect(try x.sum(axes: []).shape == [2, 3])
    let error = #expect(throws: TensorError.self) { try x.sum(axes: [2]) }
    #expect(error?.description == "sum: axis 2 is out of range; want -2...1 for a tensor of rank 2")
    #expect(throws: TensorError.argument(operation: "mean", reason: "axis 1 is named twice")) {
      try x.mean(axes: [1, -1])
    }
    #expect(throws: TensorError.self) { try x.norm(order: 3) }
  }

  @Test func extremesAndTheirPositionsShowNaN() throws {
    let x = try Tensor([[3, .nan, 1], [2, 2, 1]])
    #expect(try x.maximum(axes: [1]).elements()[0].isNaN && x.minimum().item().isNaN)
    #expect(try x.maximum(axes: [0]).elements()[0] == 3)
    #expect(try x.argumentOfMaximum(axis: 1).elements() == [1, 0])
    #expect(try x.argumentOfMinimum(axis: 1).elements() == [1, 2])
    #expect(try x.argumentOfMaximum().item() == 1)
    #expect(try x.argumentOfMaximum(axis: 0, keepingAxes: true).shape == [1, 3])
    #expect(try x.argumentOfMinimum(axis: 0).elements() == [1, 0, 0])
  }

  @Test func positionsAreFirstAmongEquals() throws {
    let stream = RandomStream(seed: 9, purpose: "ties")
    let x = try (Tensor.uniform([40, 300], stream: stream) * 20).floor()
    let rows = try x.rows()
    #expect(
      try x.argumentOfMaximum(axis: 1).elements() == rows.map { row in Float(row.firstIndex(of: row.max()!)!) })
    let columns = try x.transposed().rows()
    #expect(
      try x.argumentOfMinimum(axis: 0).elements() == columns.map { row in Float(row.firstIndex(of: row.min()!)!) })
    #expect(throws: TensorError.self) { try Tensor(1).expanded([1 << 24 + 1]).argumentOfMaximum() }
  }

  @Test func logSumExpAndSoftmaxStayFinite() throws {
    let x = try Tensor([[1000, 1000, 1000], [-1000, -1000, -1001]])
    #expect(
      try x.logSumExp().elements() == [
        1000 + Float(Platform.log(3.0)), -1000 + Float(Platform.log(2 + Platform.exp(-1.0))),
      ])
    #expect(try x.softmax().elements()[..<3].allSatisfy { abs($0 - 1.0 / 3) < 1e-7 })
    #expect(try Tensor([-.infinity, -.infinity]).logSumExp().item() == -.infinity)
    #expect(try Tensor([1, .infinity]).logSumExp().item() == .infinity)
    #expect(try Tensor([1, .nan]).logSumExp().item().isNaN)
    #expect(try Tensor.zeros([2, 0]).logSumExp().elements() == [-.infinity, -.infinity])
    #expect(try Tensor.zeros([2, 0]).softmax().shape == [2, 0])
  }

  @Test(arguments: [0, 1, 2]) func softmaxAlongAnyAxis(axis: Int) throws {
    let x = try Tensor.normal([4, 19, 5], stream: RandomStream(seed: 8, purpose: "values"))
    let total = { (v: [Double]) in Platform.log(v.reduce(0) { $0 + Platform.exp($1) }) }
    #expect(try isClose(x.logSumExp(axis: axis).elements(), slow(x, [axis], total)))
    let direct = try x.exp() / x.exp().sum(axes: [axis], keepingAxes: true)
    #expect(try isClose(x.softmax(axis: axis).elements(), direct.elements()))
    #expect(try isClose(x.logSoftmax(axis: axis).elements(), try direct.log().elements()))
    #expect(try x.logSumExp(axis: axis, keepingAxes: true).rank == 3)
  }
}
