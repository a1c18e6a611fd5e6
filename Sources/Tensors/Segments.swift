import Kernels

/// Which segment each row belongs to, prepared so that the rows of a segment can be summed in their order.
final class Segments: Sendable {
  /// For each row its segment.
  let assignment: [Int]
  /// Number of segments.
  let count: Int
  /// `order[starts[s]..<starts[s + 1]]` are the rows of segment s, ascending.
  private let starts: [Int]
  private let order: [Int32]

  /// - Throws: `TensorError.argument` for a segment that is not in `0..<count`.
  /// - Complexity: O(rows + segments).
  init(_ assignment: [Int], count: Int) throws {
    guard count >= 0, max(count, assignment.count) <= Int(Int32.max) else {
      throw TensorError.argument(
        operation: "segment_sum", reason: "\(assignment.count) rows in \(count) segments; want below 2^31 of both")
    }
    var starts = [Int](repeating: 0, count: count + 1)
    for (row, segment) in assignment.enumerated() {
      guard (0..<count).contains(segment) else {
        throw TensorError.argument(
          operation: "segment_sum", reason: "row \(row) belongs to segment \(segment); want 0..<\(count)")
      }
      starts[segment + 1] += 1
    }
    for segment in 0..<count { starts[segment + 1] += starts[segment] }
    var next = starts
    var order = [Int32](repeating: 0, count: assignment.count)
    for (row, segment) in assignment.enumerated() {
      order[next[segment]] = Int32(row)
      next[segment] += 1
    }
    self.assignment = assignment
    self.count = count
    self.starts = starts
    self.order = order
  }

  /// Rows in each segment.
  var sizes: [Int] { (0..<count).map { starts[$0 + 1] - starts[$0] } }

  func sum(_ x: Tensor) throws -> Tensor {
    guard x.rank > 0, x.shape[0] == assignment.count else {
      throw TensorError.shape(
        operation: "segment_sum", shape: x.shape, wanted: "\(assignment.count) rows, one for each segment number")
    }
    let dense = try x.contiguous()
    let result = try Tensor(uninitialized: [count] + x.shape.dropFirst(), operation: "segment_sum")
    let width = x.shape.dropFirst().reduce(1, *)
    let out = result.storage.pointer
    let grain = RowFunctions.grain(width * max(1, assignment.count / max(1, count)))
    dense.withBase { base in
      order.withUnsafeBufferPointer { order in
        let rows = Unchecked(order)
        ThreadPool.shared.run(count: width == 0 ? 0 : count, grain: grain) { range in
          for segment in range {
            kernel_sum_rows(
              out + segment * width, base, width, rows.value.baseAddress.map { $0 + starts[segment] }, nil,
              starts[segment + 1] - starts[segment], width)
          }
        }
      }
    }
    return result
  }
}

extension Tensor {
  /// For each segment the sum of the rows (positions of the first axis) that belong to it, in their order: `[count, ...]`,
  /// 0 for a segment without rows.
  ///
  ///     try segmentSum(Tensor([1, 2, 3]), segments: [1, 0, 1], count: 2)     // [2, 4]
  ///
  /// - Parameter segments: For each row its segment, from 0.
  /// - Complexity: O(elements + segments), on all threads; the bits do not depend on how many.
  public static func segmentSum(_ x: Tensor, segments: [Int], count: Int) throws -> Tensor {
    try Operation.segmentSum(Segments(segments, count: count)).evaluate(x)
  }

  /// For each segment the mean of its rows; 0 for a segment without rows.
  public static func segmentMean(_ x: Tensor, segments: [Int], count: Int) throws -> Tensor {
    let segments = try Segments(segments, count: count)
    let sums = try Operation.segmentSum(segments).evaluate(x)
    let shares = segments.sizes.map { 1 / Float(max(1, $0)) }
    return try sums * Tensor(shares, shape: [count] + [Int](repeating: 1, count: x.rank - 1))
  }
}
