import Platform
import Testing

@testable import Tensors

/// How recording and walking back behave; the derivatives themselves are in `GradientTests`.
@Suite struct DifferentiationTests {
  let x: Tensor

  init() throws { x = try Tensor([1, 2, 3]).requiringGradient() }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }

  // MARK: Recording

  @Test func onlyWhatDependsOnALeafIsRecorded() throws {
    let plain = try Tensor([1, 2, 3])
    let (unrecorded, recorded, quiet) = try ((plain + plain).exp(), plain + x, withoutGradient { try x * 2 })
    #expect(!unrecorded.requiresGradient && recorded.requiresGradient && !quiet.requiresGradient)
    #expect(!x.detached().requiresGradient && x.detached().sharesStorage(with: x))
    #expect(x.isLeaf && !plain.isLeaf && !recorded.isLeaf)
  }

  @Test func recordingPausesForOneThreadAndUntilAnErrorToo() throws {
    #expect(throws: TensorError.self) { try withoutGradient { try x * Tensor([1, 2]) } }
    let result = try x * 2
    #expect(result.requiresGradient)
    let box = Box(x)
    let isRecordedElsewhere = withoutGradient {
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        { argument in
          let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
          box.result = try? box.tensor.exp()
          return nil
        }, Unmanaged.passRetained(box).toOpaque())
      pthread_join(thread, nil)
      return box.result?.requiresGradient
    }
    #expect(isRecordedElsewhere == true)
  }

  private final class Box {
    let tensor: Tensor
    var result: Tensor?
    init(_ tensor: Tensor) { self.tensor = tensor }
  }

  // MARK: Backward

  @Test func gradientsAddUpInLeavesUntilCleared() throws {
    try x.square().sum().backward()
    #expect(try x.gradient?.elements() == [2, 4, 6])
    try (x * 10).sum().backward()
    #expect(try x.gradient?.elements() == [12, 14, 16])
    x.clearGradient()
    #expect(x.gradient == nil)
  }

  @Test func leavesOwnTheirGradients() throws {
    let y = try Tensor([1, 2, 3]).requiringGradient()
    try (x + y).sum().backward()
    try x.gradient?.fill(7)
    #expect(try y.gradient?.elements() == [1, 1, 1])
  }

  @Test func sharedPathsAreWalkedOnce() throws {
    // 60 doublings: walking every path would take 2^60 steps.
    var y = try Tensor(1).requiringGradient()
    let leaf = y
    for _ in 0..<60 { y = try (y + y) / 2 }
    try y.backward()
    #expect(try leaf.gradient?.item() == 1)
  }

  @Test func gradientsOfSeveralOutputsWithTheirWeights() throws {
    let h = try x.exp()
    let (first, second) = (try h * 2, try h.square().sum())
    let gradients = try Tensor.gradients(
      of: [first, second], withRespectTo: [h, x], outputGradients: [Tensor([1, 0, 3]), nil])
    let e = try h.elements()
    #expect(try gradients[0]?.elements() == [2 + 2 * e[0], 2 * e[1], 6 + 2 * e[2]])
    #expect(try gradients[1]?.elements() == zip(gradients[0]!.elements(), e).map { $0 * $1 })
    #expect(x.gradient == nil)
  }

  @Test func unusedInputsHaveNoGradient() throws {
    let other = try Tensor([1]).requiringGradient()
    let gradients = try Tensor.gradients(of: [x.sum()], withRespectTo: [x, other])
    #expect(gradients[0] != nil && gradients[1] == nil)
  }

  @Test func gradientsCanBeDifferentiatedAgainAndAgain() throws {
    // x^4: 4 x^3, 12 x^2, 24 x, 24.
    var y = try x.power(4).sum()
    for wanted: [Float] in [[4, 32, 108], [12, 48, 108], [24, 48, 72], [24, 24, 24]] {
      let gradient = try #require(try Tensor.gradients(of: [y], withRespectTo: [x], createGraph: true)[0])
      #expect(try gradient.elements() == wanted)
      y = try gradient.sum()
    }
  }

  @Test func repeatedRowsOfAGatherAddUp() throws {
    let table = try Tensor([[1, 2], [3, 4], [5, 6]]).requiringGradient()
    try (table.gather([2, 0, 2, -1]) * Tensor([[1, 1], [10, 10], [100, 100], [1000, 1000]])).sum().backward()
    #expect(try table.gradient?.rows() == [[10, 10], [0, 0], [1101, 1101]])
  }

  @Test func rowGradientsAreThoseOfTheGatheredRows() throws {
    let table = try Tensor.normal([50, 3], stream: RandomStream(seed: 1, purpose: "table")).requiringGradient()
    func loss() throws -> Tensor { try (table.gather([40, 7, -10]).exp() * table.gather([7, 8, 7])).sum() }
    let dense = try #require(try Tensor.gradients(of: [loss()], withRespectTo: [table])[0])
    let sparse = try Tensor.rowGradient(of: [loss()], withRespectTo: table)
    #expect(sparse.rows == [7, 8, 40])
    #expect(try sparse.values.elements() == dense.gather(sparse.rows).elements())
    let mixed = try Tensor.rowGradient(of: [loss() + table.sum()], withRespectTo: table)
    #expect(mixed.rows == Array(0..<50))
    #expect(try (mixed.values - dense - 1).absolute().maximum().item() < 1e-6)
  }

  // MARK: Errors

  @Test func whatCannotBeDifferentiatedIsAnError() throws {
    #expect(message { try Tensor([1]).backward() }.hasPrefix("backward: nothing that the result depends on requires"))
    #expect(message { try x.greater(than: Tensor(1)).sum().backward() }.contains("comparisons"))
    #expect(
      message { try x.exp().backward() }
        == "backward: got shape [3]; want a single number, or a gradient of this shape; sum() or mean() makes one number"
    )
    #expect(
      message { try x.exp().backward(gradient: Tensor([1, 2])) }
        == "backward: shapes [2] and [3] do not fit; want a gradient of the shape of the result")
    #expect(
      message { _ = try Tensor.gradients(of: [x.sum()], withRespectTo: [x, Tensor([2])]) }
        == "gradient: input 1 of shape [1] does not require a gradient; call requiringGradient() before computing with it"
    )
    #expect(
      message { _ = try Tensor.gradients(of: [x.sum()], withRespectTo: [x], outputGradients: [nil, nil]) }
        == "gradient: 2 output gradients for 1 outputs; want one for each")
  }

  @Test func aGraphIsUsedOnceUnlessRetained() throws {
    let y = try x.exp().sum()
    try y.backward(retainGraph: true)
    try y.backward()
    let expected = try (x.exp() * 2).elements()
    #expect(try x.gradient?.elements() == expected)
    #expect(message { try y.backward() }.contains("the graph behind 'sum' was used by an earlier backward pass"))
    let shared = try x.exp()
    try shared.sum().backward()
    #expect(message { try shared.square().sum().backward() }.contains("pass retain_graph"))
  }

  @Test func writesThatRecordingWouldMissAreErrors() throws {
    #expect(message { try x.fill(1) }.hasPrefix("assign: the tensor requires a gradient, and a write in place is not"))
    let y = try x.exp()
    #expect(message { try y.assign(x.detached()) }.contains("is the result of the recorded operation 'exp'"))
    #expect(message { try y.at(0).fill(1) }.contains("is the result of the recorded operation 'slice'"))
    #expect(message { try y.setElement(at: [0], to: 1) }.contains("'exp'"))
    #expect(message { try y.withMutableElements { $0[0] = 1 } }.contains("'exp'"))
    #expect(message { try y.assign(Tensor(1), at: [.at(0)]) }.contains("'exp'"))
    #expect(message { try Tensor.zeros([3]).assign(y) }.contains("the source requires a gradient"))
    try withoutGradient { try x.fill(5) }
    #expect(try x.elements() == [5, 5, 5])
  }

  @Test func changesOfWhatWasSavedAreFoundAtBackward() throws {
    let factor = try Tensor([[1, 2, 3], [4, 5, 6]])
    let product = try (x * factor.at(0)).sum()
    try factor.at(1).fill(0)  // another row, but the storage is the same: nothing tells them apart
    #expect(
      message { try product.backward() }
        == "backward: a tensor of shape [3] that the recorded operation 'multiply' needs was changed in place afterwards; "
        + "write into a copy() instead")
    // The result that a derivative is written in, through a view without history.
    let y = try x.exp()
    try y.detached().fill(0)
    #expect(message { try y.sum().backward() }.contains("'exp'"))
    // Not needed: a sum saves nothing.
    let constant = try Tensor([1, 1, 1])
    let sum = try (x + constant).sum()
    try constant.fill(9)
    try sum.backward()
    // Leaves after their backward, as an optimizer does it.
    try x.square().sum().backward()
    try withoutGradient { try x.assign(x - x.gradient! * 0.1) }
    try x.square().sum().backward()
  }

  // MARK: Memory

  @Test func aHundredThousandOperationsDeepIsNoProblem() throws {
    var y = try x.sum()
    for _ in 0..<100_000 { y = try y + 1 }
    try y.backward()
    #expect(try x.gradient?.elements() == [1, 1, 1])
    var unused = try x.sum()
    for _ in 0..<100_000 { unused = try unused * 1 }
    #expect(try unused.item() == 6)
  }

  @Test func backwardFreesWhatItUsed() throws {
    weak var storage: TensorStorage?
    var y: Tensor?
    do {
      let big = try x.exp()
      storage = big.storage
      y = try big.sum()
    }
    #expect(storage != nil)
    try y?.backward(retainGraph: true)
    #expect(storage != nil)
    try y?.backward()
    #expect(storage == nil)
    #expect(y?.requiresGradient == true)
  }

  @Test func recordedGradientsMakeNoCycles() throws {
    weak var leaf: Tensor?
    weak var result: Tensor?
    weak var node: GraphNode?
    do {
      let w = try Tensor([1, 2]).requiringGradient()
      let y = try (w.exp() * w).sum()
      try y.backward(createGraph: true)
      #expect(w.gradient?.requiresGradient == true)
      (leaf, result, node) = (w, y, y.node)
    }
    #expect(leaf == nil && result == nil && node == nil)
  }

  // MARK: Threads

  @Test func gradientsHaveTheSameBitsAtAnyThreadCount() throws {
    let stream = RandomStream(seed: 5, purpose: "threads")
    let table = try Tensor.normal([3000, 40], stream: stream).requiringGradient()
    let weight = try Tensor.normal([40, 64], stream: stream.substream(1)).requiringGradient()
    let rows = (0..<5000).map { stream.integer(below: 3000, at: UInt64($0)) }
    let segments = rows.map { $0 % 700 }
    let graph = try SparseMatrix(
      rows: 3000, columns: 3000, rowIndices: rows, columnIndices: rows.reversed(),
      values: rows.map { Float($0 % 7) - 3 })
    func bits() throws -> [UInt32] {
      let spread = try graph.matrixProduct(table).normalized()
      let hidden = try spread.gather(rows).matrixProduct(weight).tanh().dropout(0.2, seed: 4)
      let loss = try Tensor.segmentSum(hidden, segments: segments, count: 700).logSumExp().mean()
      let first = try Tensor.gradients(of: [loss], withRespectTo: [table, weight], createGraph: true).map { $0! }
      let second = try Tensor.gradients(of: [first[1].square().sum()], withRespectTo: [table])[0]!
      return try (first + [second]).flatMap { try $0.elements().map(\.bitPattern) }
    }
    let before = ThreadPool.shared.threadCount
    defer { ThreadPool.setSharedThreadCount(before) }
    var results: [[UInt32]] = []
    for count in 1...3 {
      ThreadPool.setSharedThreadCount(count)
      results.append(try bits())
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
