import Tensors

/// Rows of users or of items as they score: `stride` floats from one to the next, zeros beyond `width`.
///
/// What a sampler got in `refresh` stands until the batch's last draw: the rows of a table may be the table's own.
public struct RowBlock {
  public let rowCount: Int
  /// Numbers of a row.
  public let width: Int
  public let stride: Int
  /// `[rowCount, stride]`, aligned to 64 bytes.
  public let base: UnsafePointer<Float>
  /// Holds the memory.
  private let owner: AnyObject

  init(_ buffer: AlignedBuffer<Float>, rowCount: Int, width: Int) {
    self.init(UnsafePointer(buffer.base), rowCount: rowCount, width: width, owner: buffer)
  }

  init(_ table: EmbeddingTable, width: Int) {
    self.init(UnsafePointer(table.values.base), rowCount: table.rowCount, width: width, owner: table)
  }

  private init(_ base: UnsafePointer<Float>, rowCount: Int, width: Int, owner: AnyObject) {
    self.base = base
    self.rowCount = rowCount
    self.width = width
    self.owner = owner
    stride = EmbeddingTable.stride(width)
  }

  /// A copy of rows without padding, `[rowCount, width]`.
  init(copying rows: UnsafePointer<Float>, rowCount: Int, width: Int) throws {
    try self.init(copying: rows, stride: width, rowCount: rowCount, width: width)
  }

  /// A copy of rows that are `stride` numbers apart.
  init(copying rows: UnsafePointer<Float>, stride rowStride: Int, rowCount: Int, width: Int) throws {
    let stride = EmbeddingTable.stride(width)
    let buffer = try AlignedBuffer<Float>(count: rowCount * stride, repeating: 0, for: "\(rowCount) rows of a batch")
    for row in 0..<rowCount { (buffer.base + row * stride).update(from: rows + row * rowStride, count: width) }
    self.init(buffer, rowCount: rowCount, width: width)
  }

  /// A copy of a tensor's rows, `[rowCount, width]`.
  init(copying rows: Tensor) throws {
    self = try rows.contiguous().withElements {
      try RowBlock(copying: $0.baseAddress!, rowCount: rows.shape[0], width: rows.shape[1])
    }
  }

  /// A copy of some rows of a table as they stand, the first `width` numbers of each.
  init(copying rows: [Int32], of table: EmbeddingTable, width: Int) throws {
    let stride = EmbeddingTable.stride(width)
    let buffer = try AlignedBuffer<Float>(
      count: rows.count * stride, repeating: 0, for: "\(rows.count) rows of a batch")
    for (place, row) in rows.enumerated() {
      (buffer.base + place * stride).update(from: table.values.base + Int(row) * table.stride, count: width)
    }
    self.init(buffer, rowCount: rows.count, width: width)
  }

  public subscript(row: Int) -> UnsafePointer<Float> { base + row * stride }
}

/// The users' rows of a batch.
public struct UserRows {
  public let rows: RowBlock
  /// Dense user of each of them.
  public let users: [Int32]
  /// Which of them each row of the batch has, `[B]`.
  public let slots: [Int32]
}
