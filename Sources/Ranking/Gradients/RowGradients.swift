import Kernels
import Tensors

/// The gradient of one parameter: those of its rows that have one.
public final class RowGradients {
  public let parameter: Parameter
  /// Rows with a gradient, in the order of their first one.
  public private(set) var rows: [Int32] = []
  /// `[rows.count, parameter.rowStride]`, padded with zeros.
  private(set) var values: [Float] = []
  /// Where each row stands among `rows`, -1 for none. Made when the first gradient comes.
  private var places: [Int32] = []

  init(_ parameter: Parameter) { self.parameter = parameter }

  public var isEmpty: Bool { rows.isEmpty }
  /// Bytes held.
  public var byteCount: Int { 4 * (values.capacity + places.count + rows.capacity) }
  private var stride: Int { parameter.rowStride }
  private var columns: Int { parameter.columnCount }

  // MARK: Adding

  /// Adds to the gradient of a row. The order of calls is the order of the sum.
  ///
  /// - Parameter gradient: `columnCount` numbers.
  public func add(_ gradient: UnsafePointer<Float>, row: Int) {
    let start = place(of: row) * stride
    for column in 0..<columns { values[start + column] += gradient[column] }
  }

  /// Adds to the gradient of a row of one number.
  public func add(_ gradient: Float, row: Int = 0) { values[place(of: row) * stride] += gradient }

  /// Adds gradients of rows that were gathered: `[places, columnCount]`, summed for each row in the order of its places.
  func add(_ groups: RowGroups, _ gradient: UnsafePointer<Float>, pool: ThreadPool) {
    if rows.isEmpty { return take(groups, gradient, pool: pool) }
    let targets = groups.rows.map { place(of: Int($0)) * stride }
    let columns = columns
    let gradient = Shared(gradient)
    values.withUnsafeMutableBufferPointer { sums in
      let sums = Shared(sums.baseAddress)
      pool.run(count: targets.count, grain: 256) { range in
        for slot in range {
          let target = sums.value! + targets[slot]
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

  /// Adds another gradient of the same parameter.
  func add(_ other: RowGradients) {
    precondition(other.parameter === parameter)
    other.values.withUnsafeBufferPointer { values in
      for (slot, row) in other.rows.enumerated() { add(values.baseAddress! + slot * stride, row: Int(row)) }
    }
  }

  private func makePlaces() {
    if places.isEmpty { places = [Int32](repeating: -1, count: parameter.rowCount) }
  }

  private func place(of row: Int) -> Int {
    makePlaces()
    if places[row] < 0 {
      places[row] = Int32(rows.count)
      rows.append(Int32(row))
      values.append(contentsOf: repeatElement(0, count: stride))
    }
    return Int(places[row])
  }

  /// Gives every row a gradient, 0 where none was added: for optimizers that move all rows in every batch.
  func addEveryRow() {
    for row in 0..<parameter.rowCount { _ = place(of: row) }
  }

  /// Adds the gradient of weight/2 |row|² to the rows that have a gradient.
  func addSquaredNorm(weight: Float, pool: ThreadPool) {
    let (stride, parameterValues) = (stride, parameter.table.values.base)
    values.withUnsafeMutableBufferPointer { sums in
      rows.withUnsafeBufferPointer { rows in
        let shared = Shared((sums: sums.baseAddress, values: parameterValues, rows: rows.baseAddress))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          kernel_add_scaled_rows(
            shared.value.sums! + range.lowerBound * stride, shared.value.values,
            shared.value.rows! + range.lowerBound, Int64(range.count), Int64(stride), weight)
        }
      }
    }
  }

  // MARK: Taking away

  /// Takes rows whose gradient is all 0 from those that have one, where `drops` agrees.
  func dropRowsOfZeros(where drops: (_ row: Int) -> Bool) {
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

  /// Forgets all rows and keeps their memory.
  public func clear() {
    for row in rows { places[Int(row)] = -1 }
    rows.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  // MARK: As a vector

  /// Multiplies all of it.
  func scale(_ factor: Float) { for place in values.indices { values[place] *= factor } }

  /// The inner product with another gradient of the same parameter, in float64, in the order of this one's rows.
  func dot(_ other: RowGradients) -> Double {
    guard !other.places.isEmpty else { return 0 }
    var sum = 0.0
    for (slot, row) in rows.enumerated() where other.places[Int(row)] >= 0 {
      let (mine, theirs) = (slot * stride, Int(other.places[Int(row)]) * stride)
      for column in 0..<columns { sum += Double(values[mine + column]) * Double(other.values[theirs + column]) }
    }
    return sum
  }

  /// Squared norm, added up in pieces of one length whatever the number of threads.
  func squares(pool: ThreadPool) -> Double {
    let piece = 1 << 15
    var squares = [Double](repeating: 0, count: (values.count + piece - 1) / piece)
    values.withUnsafeBufferPointer { values in
      squares.withUnsafeMutableBufferPointer { squares in
        let shared = Shared((values: values.baseAddress, squares: squares))
        pool.run(count: values.count, grain: piece) { range in
          shared.value.squares[range.lowerBound / piece] = kernel_sum_of_squares(
            shared.value.values! + range.lowerBound, range.count)
        }
      }
    }
    return squares.reduce(0, +)
  }

  /// The gradient of all rows, `[rowCount, columnCount]`, 0 for those without one.
  public func dense() -> [Float] {
    var result = [Float](repeating: 0, count: parameter.rowCount * columns)
    for (slot, row) in rows.enumerated() {
      for column in 0..<columns { result[Int(row) * columns + column] = values[slot * stride + column] }
    }
    return result
  }

  /// Those of its rows without padding, `[rows.count, columnCount]`.
  func compactValues() -> [Float] {
    rows.indices.flatMap { values[$0 * stride..<$0 * stride + columns] }
  }

  // MARK: Stepping

  /// Moves the rows that have a gradient, scaled by `factor`, and keeps them within bounds. Rows are up to date.
  func step(_ numbers: kernel_step, factor: Float, pool: ThreadPool) {
    let (stride, bounds) = (stride, parameter.bounds)
    values.withUnsafeMutableBufferPointer { values in
      rows.withUnsafeBufferPointer { rows in
        let shared = Shared(
          (parameter: parameter, view: parameter.table.view, gradients: values.baseAddress, rows: rows))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          withUnsafePointer(to: shared.value.view) { view in
            withUnsafePointer(to: numbers) {
              kernel_step_rows(
                $0, view, shared.value.rows.baseAddress! + range.lowerBound, Int64(range.count),
                shared.value.gradients! + range.lowerBound * stride, factor)
            }
          }
          guard let bounds else { return }
          for place in range { shared.value.parameter.bound(Int(shared.value.rows[place]), bounds) }
        }
      }
    }
  }
}
