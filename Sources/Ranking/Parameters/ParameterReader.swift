import Kernels
import Tensors

/// Reads rows of parameters as tensors.
///
/// In training rows are brought up to date first, each read is a leaf of the recorded graph, and `addGradients` takes the
/// gradients back to the parameters. At evaluation values are copied as they stand; nothing is recorded or moved. Over tables it reads
/// whole tables that are given in place of parameters, and what is done with them is recorded beside what they were computed from.
public final class ParameterReader {
  private struct Read {
    let parameter: Parameter
    let groups: RowGroups
    let leaf: Tensor
  }

  /// What a model computed by itself, and its derivative.
  private struct Computed {
    let leaves: [Tensor]
    let differentiate: ([Tensor?], GradientSet) throws -> Void
  }

  let pool: ThreadPool
  let isTraining: Bool
  private var reads: [Read] = []
  private var computed: [Computed] = []
  /// What is read in place of parameters.
  private var tables: [ObjectIdentifier: Tensor] = [:]
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

  /// - Parameter tables: `[rowCount, columnCount]` each. Other parameters are read as at evaluation.
  static func over(_ tables: [(parameter: Parameter, table: Tensor)], pool: ThreadPool) -> ParameterReader {
    let reader = ParameterReader(isTraining: false, pool: pool)
    for (parameter, table) in tables { reader.tables[ObjectIdentifier(parameter)] = table }
    return reader
  }

  /// The table that is read in place of a parameter.
  func table(of parameter: Parameter) -> Tensor? { tables[ObjectIdentifier(parameter)] }

  /// Parameters read since the reader was made.
  public private(set) var parameters: [Parameter] = []

  /// Chosen rows, `[rows.count, columnCount]`; a row may be asked for repeatedly.
  public func rows(_ parameter: Parameter, _ rows: [Int32]) throws -> Tensor {
    note(parameter)
    if let table = table(of: parameter) { return try table.gather(rows.map { Int($0) }) }
    guard isTraining else { return try copy(parameter, rows) }
    var groups = RowGroups(rowCount: parameter.rowCount)
    rows.withUnsafeBufferPointer { rows in
      if let base = rows.baseAddress { groups.group(base, count: rows.count) }
    }
    bringUpToDate(parameter, groups.rows)
    let leaf = try gathered(parameter, rows).requiringGradient()
    reads.append(Read(parameter: parameter, groups: groups, leaf: leaf))
    return leaf
  }

  /// All rows, `[rowCount, columnCount]`.
  public func all(_ parameter: Parameter) throws -> Tensor {
    if let table = table(of: parameter) { return table }
    return try rows(parameter, (0..<parameter.rowCount).map(Int32.init))
  }

  private func note(_ parameter: Parameter) {
    if !parameters.contains(where: { $0 === parameter }) { parameters.append(parameter) }
  }

  // MARK: By hand

  /// Runs `body` with all rows of a parameter where they are, `stride` floats apart; nothing is recorded. For models that
  /// differentiate by hand what they make of them (`recording`).
  public func withAllRows<Result>(
    of parameter: Parameter, _ body: (_ rows: UnsafePointer<Float>, _ stride: Int) throws -> Result
  ) rethrows -> Result {
    note(parameter)
    if isTraining {
      parameter.table.idleMotion?.sweep(parameter.table, lag: 1, pool: pool)
      parameter.keepWithinBounds(0..<Int32(parameter.rowCount))
      return try body(parameter.values, parameter.rowStride)
    }
    return try values(of: parameter).withUnsafeBufferPointer { try body($0.baseAddress!, parameter.columnCount) }
  }

  /// Takes what a model computed without recording it into what is recorded.
  ///
  /// - Parameter differentiate: Called in `addGradients` with the gradient of each tensor, `nil` where nothing came back to it; adds
  ///   those of the parameters that they were computed from to the set.
  /// - Returns: The same elements, to be used in place of `tensors`.
  public func recording(
    _ tensors: [Tensor], differentiate: @escaping ([Tensor?], GradientSet) throws -> Void
  ) -> [Tensor] {
    guard isTraining else { return tensors }
    let leaves = tensors.map { $0.requiringGradient() }
    computed.append(Computed(leaves: leaves, differentiate: differentiate))
    return leaves
  }

  // MARK: Rows as they stand

  private func values(of parameter: Parameter) -> [Float] {
    let values = copies[ObjectIdentifier(parameter)] ?? parameter.currentValues
    copies[ObjectIdentifier(parameter)] = values
    return values
  }

  /// Moves distinct rows that stood aside to where they stand now.
  func bringUpToDate(_ parameter: Parameter, _ rows: [Int32]) {
    guard let motion = parameter.table.idleMotion else { return }
    defer { parameter.keepWithinBounds(rows) }
    rows.withUnsafeBufferPointer { rows in
      let shared = Shared((motion: motion, view: parameter.table.view, rows: rows.baseAddress))
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
    let values = values(of: parameter)
    var chosen: [Float] = []
    chosen.reserveCapacity(rows.count * columns)
    for row in rows { chosen += values[Int(row) * columns..<(Int(row) + 1) * columns] }
    return try Tensor(chosen, shape: [rows.count, columns])
  }

  /// Takes the derivative of `Σ <output, outputGradient>` back to the parameters that were read.
  ///
  /// - Parameter retainGraph: Whether that may be done again.
  public func addGradients(
    of outputs: [Tensor], outputGradients: [Tensor], to set: GradientSet, retainGraph: Bool = false
  ) throws {
    let depending = zip(outputs, outputGradients).filter { $0.0.requiresGradient }
    let leaves = reads.map(\.leaf) + computed.flatMap(\.leaves)
    guard !depending.isEmpty, !leaves.isEmpty else { return }
    var gradients = try Tensor.gradients(
      of: depending.map(\.0), withRespectTo: leaves, outputGradients: depending.map { Optional($0.1) },
      retainGraph: retainGraph)[...]
    for read in reads {
      guard let gradient = try gradients.removeFirst()?.contiguous() else { continue }
      try gradient.withElements { set.of(read.parameter).add(read.groups, $0.baseAddress!, pool: pool) }
    }
    for part in computed {
      try part.differentiate(Array(gradients.prefix(part.leaves.count)), set)
      gradients = gradients.dropFirst(part.leaves.count)
    }
  }
}
