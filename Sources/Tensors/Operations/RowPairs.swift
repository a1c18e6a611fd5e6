import Kernels

/// Pairs of a row of one matrix and a row of another: the edges of an attention or of a graph whose weights are learned.
///
/// Two operations on them, each the other's derivative: `Tensor.pairProducts` (a number for each pair) and `Tensor.pairSums`
/// (weighted sums of the second matrix's rows). A pair costs O(row length), nothing is copied for it. With dropout each element of each
/// pair is dropped by itself, in both operations alike.
public final class RowPairs: Sendable {
  /// For each pair its row in the first matrix, and in the second.
  public let firsts: Segments
  public let seconds: Segments
  private let dropout: PairDropout?

  /// Count of pairs.
  public var count: Int { firsts.rowCount }

  /// - Parameters:
  ///   - firsts: For each pair the row of the first matrix.
  ///   - seconds: For each pair the row of the second.
  ///   - dropout: Which elements of pairs count.
  public init(_ firsts: Segments, _ seconds: Segments, dropout: PairDropout? = nil) throws {
    guard firsts.rowCount == seconds.rowCount else {
      throw TensorError.argument(
        operation: "pairs", reason: "\(firsts.rowCount) and \(seconds.rowCount) rows; want as many of both")
    }
    guard dropout?.pairCount ?? firsts.rowCount == firsts.rowCount else {
      throw TensorError.argument(
        operation: "pairs", reason: "dropout of \(dropout!.pairCount) pairs; want \(firsts.rowCount)")
    }
    self.firsts = firsts
    self.seconds = seconds
    self.dropout = dropout
  }

  private func check(rowLength dim: Int, _ operation: String) throws {
    guard let dropout, dropout.dim != dim else { return }
    throw TensorError.argument(
      operation: operation, reason: "rows of \(dim) numbers; want \(dropout.dim), as the dropout was made for")
  }

  private func check(_ x: Tensor, _ rows: Int, _ operation: String) throws {
    guard x.rank == 2, x.shape[0] == rows else {
      throw TensorError.shape(operation: operation, shape: x.shape, wanted: "[\(rows), n]")
    }
  }

  /// `[count]`
  func products(_ a: Tensor, _ b: Tensor, transposed: Bool) throws -> Tensor {
    let (aRows, bRows) = transposed ? (seconds, firsts) : (firsts, seconds)
    try check(a, aRows.count, "pair_products")
    try check(b, bRows.count, "pair_products")
    guard a.shape[1] == b.shape[1] else {
      throw TensorError.shapes(operation: "pair_products", left: a.shape, right: b.shape, wanted: "rows of one length")
    }
    try check(rowLength: a.shape[1], "pair_products")
    let (a, b) = (try a.contiguous(), try b.contiguous())
    let result = try Tensor(uninitialized: [count], operation: "pair_products")
    let (out, dim) = (Shared(result.storage.pointer), a.shape[1])
    a.withBase { a in
      b.withBase { b in
        aRows.assignment.withUnsafeBufferPointer { aRows in
          bRows.assignment.withUnsafeBufferPointer { bRows in
            let (a, b, aRows, bRows) = (Shared(a), Shared(b), Shared(aRows), Shared(bRows))
            ThreadPool.shared.run(count: count, grain: RowFunctions.grain(dim)) { range in
              kernel_pair_products(
                out.value + range.lowerBound, a.value, aRows.value.baseAddress! + range.lowerBound, b.value,
                bRows.value.baseAddress! + range.lowerBound, range.count, dim, self.dropout?.kept(range.lowerBound),
                self.dropout?.factor ?? 1)
            }
          }
        }
      }
    }
    return result
  }

  /// `[rows, dim]`: each row's pairs are added in their order.
  func sums(_ weights: Tensor, _ b: Tensor, transposed: Bool) throws -> Tensor {
    let (sums, bRows) = transposed ? (seconds, firsts) : (firsts, seconds)
    try check(b, bRows.count, "pair_sums")
    guard weights.shape == [count] else {
      throw TensorError.shape(
        operation: "pair_sums", shape: weights.shape, wanted: "[\(count)], a weight for each pair")
    }
    let (weights, b) = (try weights.contiguous(), try b.contiguous())
    let dim = b.shape[1]
    try check(rowLength: dim, "pair_sums")
    let result = try Tensor(uninitialized: [sums.count, dim], operation: "pair_sums")
    let out = Shared(result.storage.pointer)
    let starts = sums.starts
    weights.withBase { weights in
      b.withBase { b in
        sums.order.withUnsafeBufferPointer { order in
          bRows.assignment.withUnsafeBufferPointer { bRows in
            let (weights, b, order, bRows) = (Shared(weights), Shared(b), Shared(order), Shared(bRows))
            ThreadPool.shared.run(count: sums.count, grain: max(1, RowFunctions.grain(dim) / 8)) { range in
              for row in range {
                let (begin, end) = (Int(starts[row]), Int(starts[row + 1]))
                kernel_pair_sum(
                  out.value + row * dim, weights.value, order.value.baseAddress.map { $0 + begin }, b.value,
                  bRows.value.baseAddress, end - begin, dim, self.dropout?.kept(0), self.dropout?.factor ?? 1)
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
  ///   - a: `[firsts.count, n]`.
  ///   - b: `[seconds.count, n]`.
  /// - Complexity: O(pairs · n).
  public static func pairProducts(_ a: Tensor, _ b: Tensor, _ pairs: RowPairs) throws -> Tensor {
    try Operation.pairProducts(pairs, transposed: false).evaluate(a, b)
  }

  /// For each row of the first matrix the weighted sum of the rows of `b` that it is paired with, `[firsts.count, n]`.
  ///
  /// - Parameters:
  ///   - weights: `[pairs]`.
  ///   - b: `[secondCount, n]`.
  /// - Complexity: O(pairs · n).
  public static func pairSums(_ weights: Tensor, _ b: Tensor, _ pairs: RowPairs) throws -> Tensor {
    try Operation.pairSums(pairs, transposed: false).evaluate(weights, b)
  }
}
