/// A walk over the elements of a shape in row-major order that knows where each operand is, in runs along the last axis.
///
/// Axes that all operands step through alike are merged, so that a loop over contiguous tensors is a single run.
struct StridedLoop {
  /// Lengths after merging; the last is the run. At least one axis.
  private(set) var lengths: [Int]
  /// For each operand, its strides along `lengths`.
  private(set) var strides: [[Int]]
  let count: Int

  /// - Parameter operands: Strides for `shape`, already broadcast.
  init(shape: [Int], operands: [[Int]]) {
    count = shape.reduce(1, *)
    lengths = []
    strides = operands.map { _ in [] }
    for axis in shape.indices where shape[axis] != 1 {
      let merges =
        !lengths.isEmpty && operands.indices.allSatisfy { strides[$0].last! == operands[$0][axis] * shape[axis] }
      if merges {
        lengths[lengths.count - 1] *= shape[axis]
        for operand in operands.indices { strides[operand][lengths.count - 1] = operands[operand][axis] }
      } else {
        lengths.append(shape[axis])
        for operand in operands.indices { strides[operand].append(operands[operand][axis]) }
      }
    }
    if lengths.isEmpty {
      lengths = [1]
      strides = operands.map { _ in [0] }
    }
  }

  /// The step of an operand within a run.
  func runStride(_ operand: Int) -> Int { strides[operand][lengths.count - 1] }

  /// Calls `body` for every run, or part of one, whose elements are numbered `range`: the number of its first element, the
  /// position of that element in each operand, and its length.
  func forEachRun(
    in range: Range<Int>, _ body: (_ first: Int, _ positions: UnsafeBufferPointer<Int>, _ length: Int) -> Void
  ) {
    let last = lengths.count - 1
    withUnsafeTemporaryAllocation(of: Int.self, capacity: strides.count) { advanced in
      walk(in: range, axes: last) { first, positions, start, length in
        for operand in strides.indices { advanced[operand] = positions[operand] + start * strides[operand][last] }
        body(first, UnsafeBufferPointer(advanced), length)
      }
    }
  }

  /// Columns of a tile: the run.
  var columns: Int { lengths[lengths.count - 1] }

  /// The step of an operand from one row of a tile to the next.
  func rowStride(_ operand: Int) -> Int {
    lengths.count > 1 ? strides[operand][lengths.count - 2] : columns * runStride(operand)
  }

  /// Calls `body` for every tile, the matrix along the last two axes, or part of one, whose elements are numbered `range`: the
  /// number of its first element, the position of the tile in each operand, the number of that element within the tile, and
  /// how many there are.
  func forEachTile(
    in range: Range<Int>,
    _ body: (_ first: Int, _ positions: UnsafeBufferPointer<Int>, _ start: Int, _ length: Int) -> Void
  ) {
    walk(in: range, axes: max(0, lengths.count - 2), body)
  }

  /// Walks the first `axes` axes; the others make up a piece that `body` sees at once.
  private func walk(
    in range: Range<Int>, axes: Int, _ body: (Int, UnsafeBufferPointer<Int>, Int, Int) -> Void
  ) {
    guard !range.isEmpty else { return }
    let piece = lengths[axes...].reduce(1, *)
    var index = [Int](repeating: 0, count: axes)
    var rest = range.lowerBound / piece
    for axis in (0..<axes).reversed() {
      index[axis] = rest % lengths[axis]
      rest /= lengths[axis]
    }
    var positions = strides.map { steps in zip(steps, index).reduce(0) { $0 + $1.0 * $1.1 } }
    var first = range.lowerBound
    var start = first % piece
    while true {
      let length = min(piece - start, range.upperBound - first)
      positions.withUnsafeBufferPointer { body(first, $0, start, length) }
      first += length
      start = 0
      if first >= range.upperBound { return }
      var axis = axes - 1
      while true {
        index[axis] += 1
        for operand in positions.indices { positions[operand] += strides[operand][axis] }
        if index[axis] < lengths[axis] { break }
        for operand in positions.indices { positions[operand] -= lengths[axis] * strides[operand][axis] }
        index[axis] = 0
        axis -= 1
      }
    }
  }
}

/// Elements that one task of an elementwise loop takes: about 10 to 50 µs of work.
let elementwiseGrain = 1 << 15

/// Cuts an elementwise loop into tasks; a short one runs on the caller.
func runElementwise(count: Int, _ body: @Sendable (Range<Int>) -> Void) {
  if count < 2 * elementwiseGrain {
    if count > 0 { body(0..<count) }
  } else {
    ThreadPool.shared.run(count: count, grain: elementwiseGrain, body)
  }
}
