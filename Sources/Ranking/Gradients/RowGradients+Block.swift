import Kernels
import Tensors

/// Gradients that come as one block of all rows: from models in which all rows reach each other, such as those of graphs.
extension RowGradients {
  /// Takes the gradients of all rows, which `write` puts into `[rowCount, rowStride]`, zeros beyond the columns. Rows of zeros count
  /// as rows without a gradient. What was added before is added to them.
  ///
  /// - Parameter keepsZeros: They count as rows with one: nobody looks for them, where all rows will move anyway.
  /// - Throws: `MemoryError`; what `write` throws. The gradients are those from before then.
  func takeBlock(
    pool: ThreadPool, keepsZeros: Bool = false, write: (UnsafeMutablePointer<Float>) throws -> Void
  ) throws {
    let block = try emptyBlock()
    try write(block.base)
    let earlier = useBlock(
      keepsZeros ? Array(0..<Int32(parameter.rowCount)) : rowsWithGradient(in: block, pool: pool))
    earlier.values.withUnsafeBufferPointer { values in
      for (slot, row) in earlier.rows.enumerated() {
        add(values.baseAddress! + slot * parameter.rowStride, row: Int(row))
      }
    }
  }

  /// Rows of a block that are not all 0, ascending.
  private func rowsWithGradient(in block: AlignedBuffer<Float>, pool: ThreadPool) -> [Int32] {
    let (grain, rowCount, stride) = (1024, parameter.rowCount, parameter.rowStride)
    var counts = [Int](repeating: 0, count: (rowCount + grain - 1) / grain)
    return [Int32](unsafeUninitializedCapacity: rowCount) { rows, filled in
      counts.withUnsafeMutableBufferPointer { counts in
        let shared = Shared((block: block.base, rows: rows.baseAddress!, counts: counts))
        pool.run(count: rowCount, grain: grain) { range in
          shared.value.counts[range.lowerBound / grain] = Int(
            kernel_find_rows(
              shared.value.block, Int64(stride), Int64(range.lowerBound), Int64(range.upperBound),
              shared.value.rows + range.lowerBound))
        }
      }
      for (part, count) in counts.enumerated() {
        if filled < part * grain {
          (rows.baseAddress! + filled).update(from: rows.baseAddress! + part * grain, count: count)
        }
        filled += count
      }
    }
  }

  /// Cuts a range of `rows`, rows with a gradient, into parts whose gradients lie one after another, with the place of the first.
  func forEachRun(
    of rows: UnsafeBufferPointer<Int32>, _ range: Range<Int>, _ body: (_ run: Range<Int>, _ place: Int) -> Void
  ) {
    guard hasBlock else { return body(range, range.lowerBound) }
    var first = range.lowerBound
    while first < range.upperBound {
      var end = first + 1
      while end < range.upperBound, rows[end] == rows[end - 1] + 1 { end += 1 }
      body(first..<end, Int(rows[first]))
      first = end
    }
  }
}
