import Kernels
import Tensors

/// A named table of numbers that the optimizer moves: a margin for each user, a temperature, a matrix of weights.
///
/// Losses and models own parameters. Before a batch is evaluated the training step brings the rows that can be read up to date:
/// of a user's parameter those of the batch's users, of an item's those of its items, of a shared one all. Gradients are added row
/// by row, on one thread, and taken by the optimizer at the end of the batch.
public final class Parameter {
  /// What a row belongs to.
  public enum Owner: String, Sendable, CaseIterable {
    case shared
    case user
    case item
  }

  public let name: String
  public let owner: Owner
  /// Every number is brought into this range after each step, where there is one.
  public var bounds: ClosedRange<Float>?
  let table: EmbeddingTable
  /// Rows with a gradient in this batch, in the order of their first one.
  private(set) var gradientRows: [Int32] = []
  /// `[gradientRows.count, columnCount]`
  private(set) var gradients: [Float] = []
  private var places: [Int32]

  /// - Parameter initialValue: The value at a row and a column.
  public init(
    name: String, owner: Owner, rowCount: Int, columnCount: Int = 1, bounds: ClosedRange<Float>? = nil,
    initialValue: (_ row: Int, _ column: Int) -> Float
  ) {
    precondition(rowCount >= 1 && columnCount >= 1)
    self.name = name
    self.owner = owner
    self.bounds = bounds
    table = EmbeddingTable(rowCount: rowCount, dim: columnCount, score: .dot, keepsScale: false)
    places = [Int32](repeating: -1, count: rowCount)
    for row in 0..<rowCount {
      for column in 0..<columnCount { table.values[row * table.stride + column] = initialValue(row, column) }
    }
  }

  public var rowCount: Int { table.rowCount }
  public var columnCount: Int { table.dim }
  /// Row r begins at `r * rowStride`.
  public var values: UnsafePointer<Float> { UnsafePointer(table.values.base) }
  public var rowStride: Int { table.stride }

  /// Adds to the gradient of a row. The order of calls is the order of the sum.
  ///
  /// - Parameter gradient: `columnCount` numbers.
  public func addGradient(_ gradient: UnsafePointer<Float>, row: Int) {
    if places[row] < 0 {
      places[row] = Int32(gradientRows.count)
      gradientRows.append(Int32(row))
      gradients.append(contentsOf: repeatElement(0, count: columnCount))
    }
    let start = Int(places[row]) * columnCount
    for column in 0..<columnCount { gradients[start + column] += gradient[column] }
  }

  /// Adds to the gradient of a row of one number.
  public func addGradient(_ gradient: Float, row: Int = 0) {
    withUnsafePointer(to: gradient) { addGradient($0, row: row) }
  }

  /// Forgets the batch's gradients.
  public func clearGradients() {
    for row in gradientRows { places[Int(row)] = -1 }
    gradientRows.removeAll(keepingCapacity: true)
    gradients.removeAll(keepingCapacity: true)
  }
}
