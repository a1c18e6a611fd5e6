import Kernels
import Tensors

/// The gradient of one parameter: those of its rows that have one.
public final class RowGradients {
  public let parameter: Parameter
  /// Rows with a gradient, in the order of their first one.
  public private(set) var rows: [Int32] = []
  /// `[rows.count, parameter.rowStride]`, padded with zeros; empty where `hasBlock`.
  private var values: [Float] = []
  /// Gradients of all rows of the parameter, `[rowCount, rowStride]`, where `hasBlock`. Made when the first block comes, and kept.
  private var block: AlignedBuffer<Float>?
  /// Whether the gradients came as one block. Each then stands at its row's own place.
  private(set) var hasBlock = false
  /// Where each row's gradient stands, -1 for none. Made when the first gradient comes.
  private(set) var places: [Int32] = []
  /// Whether rows without a gradient step too, by 0.
  private(set) var movesEveryRow = false

  init(_ parameter: Parameter) { self.parameter = parameter }

  public var isEmpty: Bool { rows.isEmpty }
  /// Bytes held.
  public var byteCount: Int { 4 * (values.capacity + (block?.count ?? 0) + places.count + rows.capacity) }
  var stride: Int { parameter.rowStride }
  var columns: Int { parameter.columnCount }

  /// The gradients, a row's at its place; `nil` where there are none.
  func withValues<Result>(_ body: (UnsafeMutablePointer<Float>?) throws -> Result) rethrows -> Result {
    if hasBlock { return try body(block!.base) }
    return try values.withUnsafeMutableBufferPointer { try body($0.baseAddress) }
  }

  /// The same to be read: also twice at a time, where a set is multiplied with itself.
  func reading<Result>(_ body: (UnsafePointer<Float>?) throws -> Result) rethrows -> Result {
    if hasBlock { return try body(UnsafePointer(block!.base)) }
    return try values.withUnsafeBufferPointer { try body($0.baseAddress) }
  }

  /// Numbers behind that pointer.
  var valueCount: Int { hasBlock ? block!.count : values.count }

  // MARK: Adding

  /// Adds to the gradient of a row. The order of calls is the order of the sum.
  ///
  /// - Parameter gradient: `columnCount` numbers.
  public func add(_ gradient: UnsafePointer<Float>, row: Int) {
    let start = place(of: row) * stride
    withValues { values in for column in 0..<columns { values![start + column] += gradient[column] } }
  }

  /// Adds to the gradients of some rows, in their order; a row may come repeatedly.
  ///
  /// - Parameters:
  ///   - gradients: `columnCount` numbers for each row, `distance` apart.
  ///   - sources: Which of them each row gets; one after another where `nil`.
  func add(_ gradients: UnsafePointer<Float>, distance: Int, rows: [Int32], from sources: [Int32]? = nil) {
    let (targets, stride) = (places(of: rows), stride)
    withValues { values in
      for (number, target) in targets.enumerated() {
        kernel_add(
          values! + Int(target) * stride, gradients + (sources.map { Int($0[number]) } ?? number) * distance, columns)
      }
    }
  }

  /// Adds to the gradients of all rows, in their order.
  ///
  /// - Parameter gradients: `columnCount` numbers for each row, `distance` apart.
  func addAll(_ gradients: UnsafePointer<Float>, distance: Int) {
    if rows.isEmpty, !hasBlock {
      makePlaces()
      rows = (0..<Int32(parameter.rowCount)).map { $0 }
      for row in 0..<parameter.rowCount { places[row] = Int32(row) }
      values = [Float](repeating: 0, count: parameter.rowCount * stride)
    }
    add(gradients, distance: distance, rows: (0..<Int32(parameter.rowCount)).map { $0 })
  }

  /// Adds to the gradient of a row of one number.
  public func add(_ gradient: Float, row: Int = 0) {
    let start = place(of: row) * stride
    withValues { $0![start] += gradient }
  }

  /// Adds gradients of rows that were gathered: `[places, columnCount]`, summed for each row in the order of its places.
  func add(_ groups: RowGroups, _ gradient: UnsafePointer<Float>, pool: ThreadPool) {
    if rows.isEmpty { return take(groups, gradient, pool: pool) }
    let targets = places(of: groups.rows)
    let (columns, stride) = (columns, stride)
    let gradient = Shared(gradient)
    withValues { sums in
      let sums = Shared(sums)
      pool.run(count: targets.count, grain: 256) { range in
        for slot in range {
          let target = sums.value! + Int(targets[slot]) * stride
          for member in groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])] {
            kernel_add(target, gradient.value + Int(member) * columns, columns)
          }
        }
      }
    }
  }

  /// The same where there are none yet: no memory is cleared only to be added to.
  private func take(_ groups: RowGroups, _ gradient: UnsafePointer<Float>, pool: ThreadPool) {
    makePlaces()
    for (number, row) in groups.rows.enumerated() { places[Int(row)] = Int32(truncatingIfNeeded: number) }
    rows = groups.rows
    let (columns, stride) = (columns, stride)
    let gradient = Shared(gradient)
    values = [Float](unsafeUninitializedCapacity: groups.rows.count * stride) { sums, filled in
      let base = Shared(sums.baseAddress)
      pool.run(count: groups.rows.count, grain: 256) { range in
        for slot in range {
          let target = base.value! + slot * stride
          let members = groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])]
          target.initialize(from: gradient.value + Int(members.first!) * columns, count: columns)
          (target + columns).initialize(repeating: 0, count: stride - columns)
          for member in members.dropFirst() { kernel_add(target, gradient.value + Int(member) * columns, columns) }
        }
      }
      filled = groups.rows.count * stride
    }
  }

  /// Adds to the gradients of distinct rows, `[rows.count, rowStride]`.
  func add(_ gradients: UnsafePointer<Float>, distinct rows: [Int32], pool: ThreadPool) {
    guard self.rows.isEmpty, !hasBlock else { return add(gradients, distance: stride, rows: rows) }
    makePlaces()
    places.withUnsafeMutableBufferPointer { places in
      for (number, row) in rows.enumerated() { places[Int(row)] = Int32(truncatingIfNeeded: number) }
    }
    self.rows = rows
    let stride = stride
    values = [Float](unsafeUninitializedCapacity: rows.count * stride) { sums, filled in
      let shared = Shared((sums: sums.baseAddress, gradients: gradients))
      pool.run(count: rows.count, grain: 512) { range in
        let first = range.lowerBound * stride
        (shared.value.sums! + first).initialize(from: shared.value.gradients + first, count: range.count * stride)
      }
      filled = rows.count * stride
    }
  }

  /// Adds another gradient of the same parameter.
  func add(_ other: RowGradients) {
    precondition(other.parameter === parameter)
    other.withValues { values in
      for row in other.rows { add(values! + Int(other.places[Int(row)]) * stride, row: Int(row)) }
    }
  }

  /// Makes the places of rows, if there are none yet.
  func makePlaces() {
    if places.isEmpty { places = [Int32](repeating: -1, count: parameter.rowCount) }
  }

  private func place(of row: Int) -> Int {
    makePlaces()
    if places[row] < 0 {
      places[row] = Int32(hasBlock ? row : rows.count)
      rows.append(Int32(row))
      if !hasBlock { values.append(contentsOf: repeatElement(0, count: stride)) }
    }
    return Int(places[row])
  }

  /// The same of many rows.
  func places(of wanted: some Collection<Int32>) -> [Int32] {
    makePlaces()
    let (known, hasBlock) = (rows.count, hasBlock)
    var added: [Int32] = []
    let result = places.withUnsafeMutableBufferPointer { places in
      wanted.map { row in
        if places[Int(row)] < 0 {
          places[Int(row)] = hasBlock ? row : Int32(known + added.count)
          added.append(row)
        }
        return places[Int(row)]
      }
    }
    rows += added
    if !hasBlock { values.append(contentsOf: repeatElement(0, count: added.count * stride)) }
    return result
  }

  /// Gives every row a gradient, 0 where none was added: for optimizers that move all rows in every batch.
  func addEveryRow() {
    guard rows.count < parameter.rowCount else { return }
    _ = places(of: 0..<Int32(parameter.rowCount))
  }

  /// Lets `step` move every row, by 0 where none was added. The others still have no gradient.
  func moveEveryRow() { movesEveryRow = true }

  /// Whether `step` moves any row.
  var moves: Bool { movesEveryRow || !isEmpty }

  // MARK: Blocks

  /// The block, to be written.
  func emptyBlock() throws -> AlignedBuffer<Float> {
    precondition(!hasBlock, "one block of gradients a batch")
    if let block { return block }
    let made = try AlignedBuffer<Float>(
      count: parameter.table.values.count, repeating: 0,
      for: "gradients of \(parameter.rowCount) rows of \(parameter.columnCount) numbers")
    block = made
    return made
  }

  /// From here on the gradients are those of the block; what was there before is returned.
  func useBlock(_ rowsOfBlock: [Int32]) -> (rows: [Int32], values: [Float]) {
    let earlier = (rows, values)
    clear()
    makePlaces()
    places.withUnsafeMutableBufferPointer { places in for row in rowsOfBlock { places[Int(row)] = row } }
    rows = rowsOfBlock
    hasBlock = true
    return earlier
  }

  // MARK: Taking away

  /// Takes rows whose gradient is all 0 from those that have one, where `drops` agrees. In a block such rows have none anyway.
  func dropRowsOfZeros(where drops: (_ row: Int) -> Bool) {
    guard !hasBlock else { return }
    let stride = stride
    var kept = 0
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for (slot, row) in rows.enumerated() {
        let source = base + slot * stride
        guard (0..<stride).contains(where: { source[$0] != 0 }) || !drops(Int(row)) else {
          places[Int(row)] = -1
          continue
        }
        if kept < slot {
          (base + kept * stride).update(from: source, count: stride)
          rows[kept] = row
          places[Int(row)] = Int32(kept)
        }
        kept += 1
      }
    }
    rows.removeLast(rows.count - kept)
    values.removeLast(values.count - kept * stride)
  }

  /// A column that is always 1 has no gradient: whoever read whole rows may have left one there.
  func clearConstantColumn() {
    guard let column = parameter.table.constantColumn else { return }
    withValues { values in for row in rows { values![Int(places[Int(row)]) * stride + column] = 0 } }
  }

  /// Forgets all rows and keeps their memory.
  public func clear() {
    places.withUnsafeMutableBufferPointer { places in for row in rows { places[Int(row)] = -1 } }
    rows.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    (hasBlock, movesEveryRow) = (false, false)
  }
}
