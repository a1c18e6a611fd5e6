import Kernels

/// Pairs of a row of one matrix and a row of another: the edges of an attention or of a graph whose weights are learned.
///
/// Two operations on them, each the other's derivative: `Tensor.pairProducts` (a number for each pair) and `Tensor.pairSums`
/// (weighted sums of the second matrix's rows). A pair costs O(row length), nothing is copied for it.
public final class RowPairs: Sendable {
  /// Count of pairs.
  public let count: Int
  /// For each pair its row in the first matrix, and in the second.
  let firsts: [Int32]
  let seconds: [Int32]
  let firstCount: Int
  let secondCount: Int
  /// Pairs in the order of their first row, and where each row's begin.
  private let order: [Int32]
  private let starts: [Int32]
  private let transposedOrder: [Int32]
  private let transposedStarts: [Int32]

  /// - Parameters:
  ///   - firsts: For each pair the row of the first matrix, below `firstCount`.
  ///   - seconds: For each pair the row of the second, below `secondCount`.
  public init(firsts: [Int], seconds: [Int], firstCount: Int, secondCount: Int) throws {
    guard firsts.count == seconds.count, firsts.allSatisfy({ (0..<firstCount).contains($0) }),
      seconds.allSatisfy({ (0..<secondCount).contains($0) })
    else {
      throw TensorError.argument(
        operation: "pairs",
        reason:
          "\(firsts.count) and \(seconds.count) rows; want as many of both, below \(firstCount) and \(secondCount)")
    }
    count = firsts.count
    self.firsts = firsts.map(Int32.init)
    self.seconds = seconds.map(Int32.init)
    self.firstCount = firstCount
    self.secondCount = secondCount
    (order, starts) = Self.grouped(firsts, firstCount)
    (transposedOrder, transposedStarts) = Self.grouped(seconds, secondCount)
  }

  private static func grouped(_ rows: [Int], _ count: Int) -> (order: [Int32], starts: [Int32]) {
    var starts = [Int32](repeating: 0, count: count + 1)
    for row in rows { starts[row + 1] += 1 }
    for row in 0..<count { starts[row + 1] += starts[row] }
    var next = starts
    var order = [Int32](repeating: 0, count: rows.count)
    for (pair, row) in rows.enumerated() {
      order[Int(next[row])] = Int32(pair)
      next[row] += 1
    }
    return (order, starts)
  }

  /// For each pair its row of the second matrix.
  public var secondRows: [Int] { seconds.map(Int.init) }

  private func check(_ x: Tensor, _ rows: Int, _ operation: String) throws {
    guard x.rank == 2, x.shape[0] == rows else {
      throw TensorError.shape(operation: operation, shape: x.shape, wanted: "[\(rows), n]")
    }
  }

  /// `[count]`
  func products(_ a: Tensor, _ b: Tensor, transposed: Bool) throws -> Tensor {
    let (aRows, bRows) = transposed ? (seconds, firsts) : (firsts, seconds)
    try check(a, transposed ? secondCount : firstCount, "pair_products")
    try check(b, transposed ? firstCount : secondCount, "pair_products")
    guard a.shape[1] == b.shape[1] else {
      throw TensorError.shapes(operation: "pair_products", left: a.shape, right: b.shape, wanted: "rows of one length")
    }
    let (a, b) = (try a.contiguous(), try b.contiguous())
    let result = try Tensor(uninitialized: [count], operation: "pair_products")
    let (out, dim) = (result.storage.pointer, a.shape[1])
    a.withBase { a in
      b.withBase { b in
        aRows.withUnsafeBufferPointer { aRows in
          bRows.withUnsafeBufferPointer { bRows in
            ThreadPool.shared.run(count: count, grain: RowFunctions.grain(dim)) { range in
              kernel_pair_products(
                out + range.lowerBound, a, aRows.baseAddress! + range.lowerBound, b,
                bRows.baseAddress! + range.lowerBound, range.count, dim)
            }
          }
        }
      }
    }
    return result
  }

  /// `[rows, dim]`: each row's pairs are added in their order.
  func sums(_ weights: Tensor, _ b: Tensor, transposed: Bool) throws -> Tensor {
    let rows = transposed ? secondCount : firstCount
    let bRows = transposed ? firsts : seconds
    let (order, starts) = transposed ? (transposedOrder, transposedStarts) : (order, starts)
    try check(b, transposed ? firstCount : secondCount, "pair_sums")
    guard weights.shape == [count] else {
      throw TensorError.shape(
        operation: "pair_sums", shape: weights.shape, wanted: "[\(count)], a weight for each pair")
    }
    let (weights, b) = (try weights.contiguous(), try b.contiguous())
    let dim = b.shape[1]
    let result = try Tensor(uninitialized: [rows, dim], operation: "pair_sums")
    let out = result.storage.pointer
    weights.withBase { weights in
      b.withBase { b in
        order.withUnsafeBufferPointer { order in
          bRows.withUnsafeBufferPointer { bRows in
            ThreadPool.shared.run(count: rows, grain: max(1, RowFunctions.grain(dim) / 8)) { range in
              for row in range {
                let (begin, end) = (Int(starts[row]), Int(starts[row + 1]))
                kernel_pair_sum(
                  out + row * dim, weights, order.baseAddress.map { $0 + begin }, b, bRows.baseAddress, end - begin, dim
                )
              }
            }
          }
        }
      }
    }
    return result
  }
}

extension RowPairs {
  func productsGradients(_ step: BackwardStep, transposed: Bool) throws -> [Tensor?] {
    [
      step.wanted[0]
        ? try Operation.pairSums(self, transposed: transposed).evaluate(step.gradient, step.input(1)) : nil,
      step.wanted[1]
        ? try Operation.pairSums(self, transposed: !transposed).evaluate(step.gradient, step.input(0)) : nil,
    ]
  }

  func sumsGradients(_ step: BackwardStep, transposed: Bool) throws -> [Tensor?] {
    [
      step.wanted[0]
        ? try Operation.pairProducts(self, transposed: transposed).evaluate(step.gradient, step.input(1)) : nil,
      step.wanted[1]
        ? try Operation.pairSums(self, transposed: !transposed).evaluate(step.input(0), step.gradient) : nil,
    ]
  }
}

extension Tensor {
  /// The inner product of each pair's rows, `[pairs]`.
  ///
  /// - Parameters:
  ///   - a: `[firstCount, n]`.
  ///   - b: `[secondCount, n]`.
  /// - Complexity: O(pairs · n).
  public static func pairProducts(_ a: Tensor, _ b: Tensor, _ pairs: RowPairs) throws -> Tensor {
    try Operation.pairProducts(pairs, transposed: false).evaluate(a, b)
  }

  /// For each row of the first matrix the weighted sum of the rows of `b` that it is paired with, `[firstCount, n]`.
  ///
  /// - Parameters:
  ///   - weights: `[pairs]`.
  ///   - b: `[secondCount, n]`.
  /// - Complexity: O(pairs · n).
  public static func pairSums(_ weights: Tensor, _ b: Tensor, _ pairs: RowPairs) throws -> Tensor {
    try Operation.pairSums(pairs, transposed: false).evaluate(weights, b)
  }
}
