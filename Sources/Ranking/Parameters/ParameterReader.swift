import Kernels
import Tensors

/// Reads rows of parameters as tensors.
///
/// In training rows are brought up to date first, each read is a leaf of the recorded graph, and `addGradients` takes the
/// gradients back to the parameters. At evaluation values are copied as they stand; nothing is recorded or moved.
public final class ParameterReader {
  private struct Read {
    let parameter: Parameter
    let groups: RowGroups
    let leaf: Tensor
  }

  private let pool: ThreadPool
  private let isTraining: Bool
  private var reads: [Read] = []
  /// At evaluation: what was read once is not copied again.
  private var copies: [ObjectIdentifier: [Float]] = [:]

  private init(isTraining: Bool, pool: ThreadPool) {
    self.isTraining = isTraining
    self.pool = pool
  }

  static func training(pool: ThreadPool) -> ParameterReader { ParameterReader(isTraining: true, pool: pool) }
  public static func evaluation(pool: ThreadPool = .shared) -> ParameterReader {
    ParameterReader(isTraining: false, pool: pool)
  }

  /// Parameters read since the reader was made.
  public private(set) var parameters: [Parameter] = []

  /// Chosen rows, `[rows.count, columnCount]`; a row may be asked for repeatedly.
  public func rows(_ parameter: Parameter, _ rows: [Int32]) throws -> Tensor {
    if !parameters.contains(where: { $0 === parameter }) { parameters.append(parameter) }
    guard isTraining else { return try copy(parameter, rows) }
    var groups = RowGroups(rowCount: parameter.rowCount)
    rows.withUnsafeBufferPointer { rows in
      if let base = rows.baseAddress { groups.group(base, count: rows.count) }
    }
    advance(parameter.table, groups.rows)
    let leaf = try gathered(parameter, rows).requiringGradient()
    reads.append(Read(parameter: parameter, groups: groups, leaf: leaf))
    return leaf
  }

  /// All rows, `[rowCount, columnCount]`.
  public func all(_ parameter: Parameter) throws -> Tensor {
    try rows(parameter, (0..<parameter.rowCount).map(Int32.init))
  }

  private func advance(_ table: EmbeddingTable, _ rows: [Int32]) {
    guard let motion = table.idleMotion else { return }
    rows.withUnsafeBufferPointer { rows in
      let shared = Shared((motion: motion, view: table.view, rows: rows.baseAddress))
      pool.run(count: rows.count, grain: 256) {
        let (motion, view, rows) = shared.value
        motion.advance(view, rows: rows! + $0.lowerBound, count: $0.count)
      }
    }
  }

  private func gathered(_ parameter: Parameter, _ rows: [Int32]) throws -> Tensor {
    let (columns, stride, values) = (parameter.columnCount, parameter.rowStride, parameter.values)
    let source = Shared(values)
    let tensor = try Tensor(uninitialized: [rows.count, columns], operation: "rows of '\(parameter.name)'")
    try tensor.withMutableElements { target in
      let target = Shared(target.baseAddress)
      pool.run(count: rows.count, grain: 1024) { range in
        rows.withUnsafeBufferPointer {
          kernel_gather_rows(
            source.value, Int64(stride), $0.baseAddress! + range.lowerBound, Int64(range.count), Int64(columns),
            target.value! + range.lowerBound * columns)
        }
      }
    }
    return tensor
  }

  private func copy(_ parameter: Parameter, _ rows: [Int32]) throws -> Tensor {
    let columns = parameter.columnCount
    let values = copies[ObjectIdentifier(parameter)] ?? parameter.currentValues
    copies[ObjectIdentifier(parameter)] = values
    var chosen: [Float] = []
    chosen.reserveCapacity(rows.count * columns)
    for row in rows { chosen += values[Int(row) * columns..<(Int(row) + 1) * columns] }
    return try Tensor(chosen, shape: [rows.count, columns])
  }

  /// Takes the derivative of `Σ <output, outputGradient>` back to the parameters that were read.
  func addGradients(of outputs: [Tensor], outputGradients: [Tensor], to set: GradientSet) throws {
    let depending = zip(outputs, outputGradients).filter { $0.0.requiresGradient }
    guard !depending.isEmpty, !reads.isEmpty else { return }
    let gradients = try Tensor.gradients(
      of: depending.map(\.0), withRespectTo: reads.map(\.leaf), outputGradients: depending.map { Optional($0.1) })
    for (read, gradient) in zip(reads, gradients) {
      guard let gradient = try gradient?.contiguous() else { continue }
      try gradient.withElements { set.of(read.parameter).add(read.groups, $0.baseAddress!, pool: pool) }
    }
  }
}
