import Kernels
import Tensors

@testable import Ranking

/// One table and its optimizer, driven as a training step drives them: rows catch up before they are read, those with a gradient
/// step, all are swept now and then.
final class CatchingTable {
  let table: EmbeddingTable
  let optimizer: Optimizer
  private(set) var idle: IdleMotion?
  private(set) var step = 0
  private let weightDecay: Double

  init(rows: Int, dim: Int, values: [Float], _ optimizer: Optimizer, weightDecay: Double = 0) {
    self.optimizer = optimizer
    self.weightDecay = weightDecay
    table = try! EmbeddingTable(rowCount: rows, dim: dim, score: .dot, keepsScale: false)
    for row in 0..<rows {
      for column in 0..<dim { table.values[row * table.stride + column] = values[row * dim + column] }
    }
    try! table.resetState(for: optimizer)
    idle = IdleMotion(optimizer: optimizer, weightDecay: weightDecay)
  }

  /// Brings rows up to date, as a batch that reads them without giving them a gradient.
  func read(_ rows: [Int32]) { idle?.advance(table.view, rows: rows, count: rows.count) }

  /// One step: `gradients[row]` for the rows that have one.
  func advance(_ gradients: [Int32: [Float]], rate: Double) {
    let rows = gradients.keys.sorted()
    read(rows)
    step += 1
    var numbers = optimizer.numbers(step: step, rate: rate, weightDecay: weightDecay)
    var view = table.view
    let padding = [Float](repeating: 0, count: table.stride - table.dim)
    for row in rows {
      var gradient = gradients[row]! + padding
      kernel_step_row(&numbers, &view, Int64(row), &gradient)
    }
    idle?.stepped(optimizer, step: step, rate: rate, weightDecay: weightDecay)
    if step % IdleMotion.sweepInterval == 0 { idle?.sweep(table, lag: IdleMotion.sweepInterval, pool: .shared) }
  }

  /// The values as they stand now, without touching the table.
  var current: [Float] {
    let copy = AlignedBuffer<Float>(count: table.values.count, repeating: 0)
    if let idle {
      idle.copy(table, 0..<table.rowCount, to: copy.base)
    } else {
      copy.base.update(from: table.values.base, count: copy.count)
    }
    return table.compactValues(copy.base)
  }
}
