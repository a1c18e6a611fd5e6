import Kernels
import Platform

/// Which segment each row belongs to, prepared so that the rows of a segment can be summed in their order.
///
/// Two operations on it, each the other's derivative: `Tensor.segmentSum` (a row for each segment) and `Tensor.spread` (a
/// segment's row for each of its rows).
public final class Segments: Sendable {
  /// For each row its segment.
  let assignment: [Int32]
  /// Number of segments.
  public let count: Int
  /// `order[starts[s]..<starts[s + 1]]` are the rows of segment s, ascending.
  let starts: [Int32]
  let order: [Int32]

  /// Number of rows.
  public var rowCount: Int { assignment.count }

  /// - Parameter assignment: For each row its segment, from 0.
  /// - Throws: `TensorError.argument` for a segment that is not in `0..<count`.
  /// - Complexity: O(rows + segments), on one thread.
  public init(_ assignment: [Int32], count: Int) throws {
    try Self.check(rows: assignment.count, segments: count)
    let bound = UInt32(count)
    // A negative number is a large one without its sign.
    if let row = assignment.firstIndex(where: { UInt32(bitPattern: $0) >= bound }) {
      throw Self.error(row: row, segment: Int(assignment[row]), count: count)
    }
    self.assignment = assignment
    self.count = count
    (starts, order) = Self.grouped(assignment, count)
  }

  public convenience init(_ assignment: [Int], count: Int) throws {
    try Self.check(rows: assignment.count, segments: count)
    if let row = assignment.firstIndex(where: { !(0..<count).contains($0) }) {
      throw Self.error(row: row, segment: assignment[row], count: count)
    }
    try self.init(assignment.map(Int32.init(truncatingIfNeeded:)), count: count)
  }

  private static func check(rows: Int, segments: Int) throws {
    guard segments >= 0, max(segments, rows) < Int(Int32.max) else {
      throw TensorError.argument(
        operation: "segment_sum", reason: "\(rows) rows in \(segments) segments; want below 2^31 - 1 of both")
    }
    // Where each begins, how many rows it has.
    try Memory.require(segments, of: (Int, Int).self, for: "\(segments) segments")
  }

  private static func error(row: Int, segment: Int, count: Int) -> TensorError {
    .argument(operation: "segment_sum", reason: "row \(row) belongs to segment \(segment); want 0..<\(count)")
  }

  /// A stable counting sort. Through pointers: this runs for every batch of a model with histories.
  private static func grouped(_ assignment: [Int32], _ count: Int) -> (starts: [Int32], order: [Int32]) {
    // One more than segments: a segment's rows are counted two places on, so that it can serve as cursor one place on.
    var starts = [Int32](repeating: 0, count: count + 2)
    let order = [Int32](unsafeUninitializedCapacity: assignment.count) { order, filled in
      starts.withUnsafeMutableBufferPointer { starts in
        assignment.withUnsafeBufferPointer { assignment in
          for segment in assignment { starts[Int(segment) + 2] += 1 }
          for segment in 0..<count { starts[segment + 2] += starts[segment + 1] }
          for row in assignment.indices {
            let cursor = Int(assignment[row]) + 1
            order.initializeElement(at: Int(starts[cursor]), to: Int32(truncatingIfNeeded: row))
            starts[cursor] += 1
          }
        }
      }
      filled = assignment.count
    }
    starts.removeLast()
    return (starts, order)
  }

  /// Rows in each segment.
  public var sizes: [Int] { (0..<count).map { Int(starts[$0 + 1] - starts[$0]) } }

  func sum(_ x: Tensor) throws -> Tensor {
    guard x.rank > 0, x.shape[0] == rowCount else {
      throw TensorError.shape(
        operation: "segment_sum", shape: x.shape, wanted: "\(rowCount) rows, one for each segment number")
    }
    let dense = try x.contiguous()
    let result = try Tensor(uninitialized: [count] + x.shape.dropFirst(), operation: "segment_sum")
    let width = x.shape.dropFirst().reduce(1, *)
    let out = Shared(result.storage.pointer)
    let grain = RowFunctions.grain(width * max(1, rowCount / max(1, count)))
    dense.withBase { base in
      let base = Shared(base)
      order.withUnsafeBufferPointer { order in
        let rows = Shared(order)
        ThreadPool.shared.run(count: width == 0 ? 0 : count, grain: grain) { range in
          for segment in range {
            let (begin, end) = (Int(starts[segment]), Int(starts[segment + 1]))
            kernel_sum_rows(
              out.value + segment * width, base.value, width, rows.value.baseAddress.map { $0 + begin }, nil,
              end - begin, width)
          }
        }
      }
    }
    return result
  }

  func spread(_ x: Tensor) throws -> Tensor {
    guard x.rank > 0, x.shape[0] == count else {
      throw TensorError.shape(operation: "spread", shape: x.shape, wanted: "\(count) rows, one for each segment")
    }
    let dense = try x.contiguous()
    let result = try Tensor(uninitialized: [rowCount] + x.shape.dropFirst(), operation: "spread")
    let width = x.shape.dropFirst().reduce(1, *)
    let out = Shared(result.storage.pointer)
    dense.withBase { base in
      let base = Shared(base)
      assignment.withUnsafeBufferPointer { assignment in
        let segments = Shared(assignment)
        ThreadPool.shared.run(count: width == 0 ? 0 : rowCount, grain: RowFunctions.grain(width)) { range in
          if width == 1 {
            for row in range { out.value[row] = base.value[Int(segments.value[row])] }
          } else {
            kernel_gather_rows(
              base.value, Int64(width), segments.value.baseAddress! + range.lowerBound, Int64(range.count),
              Int64(width),
              out.value + range.lowerBound * width)
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
    try segmentSum(x, Segments(segments, count: count))
  }

  /// The same for segments that were prepared before.
  public static func segmentSum(_ x: Tensor, _ segments: Segments) throws -> Tensor {
    try Operation.segmentSum(segments).evaluate(x)
  }

  /// For each segment the mean of its rows; 0 for a segment without rows.
  public static func segmentMean(_ x: Tensor, segments: [Int], count: Int) throws -> Tensor {
    let segments = try Segments(segments, count: count)
    let sums = try segmentSum(x, segments)
    let shares = segments.sizes.map { 1 / Float(max(1, $0)) }
    return try sums * Tensor(shares, shape: [count] + [Int](repeating: 1, count: x.rank - 1))
  }

  /// For each row the position of the first axis that is its segment's, `[rows, ...]`.
  ///
  ///     try Tensor([5, 7]).spread(over: Segments([1, 0, 1], count: 2))     // [7, 5, 7]
  ///
  /// - Complexity: O(elements of the result).
  public func spread(over segments: Segments) throws -> Tensor { try Operation.spread(segments).evaluate(self) }
}
