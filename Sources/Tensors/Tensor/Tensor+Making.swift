import Kernels
import Platform

extension Tensor {
  /// A tensor of `shape` with the given elements in row-major order.
  ///
  /// - Throws: `TensorError.shape` where their number differs.
  public convenience init(_ elements: [Float], shape: [Int]) throws {
    try self.init(uninitialized: shape, operation: "tensor")
    guard elements.count == count else {
      throw TensorError.shape(operation: "tensor", shape: shape, wanted: "a shape of \(elements.count) elements")
    }
    elements.withUnsafeBufferPointer { if count > 0 { storage.pointer.update(from: $0.baseAddress!, count: count) } }
  }

  /// A tensor of rank 0.
  public convenience init(_ value: Float) throws { try self.init([value], shape: []) }

  /// A tensor of rank 1.
  public convenience init(_ elements: [Float]) throws { try self.init(elements, shape: [elements.count]) }

  /// A tensor of rank 2. The rows must have one length.
  public convenience init(_ rows: [[Float]]) throws {
    let columns = rows.first?.count ?? 0
    for (number, row) in rows.enumerated() where row.count != columns {
      throw TensorError.argument(
        operation: "tensor", reason: "row \(number) has \(row.count) elements, row 0 has \(columns); want equal lengths"
      )
    }
    try self.init(Array(rows.joined()), shape: [rows.count, columns])
  }

  /// A tensor of rank 3. The rows must have one length, and so must the planes.
  public convenience init(_ planes: [[[Float]]]) throws {
    let rows = planes.first?.count ?? 0
    for (number, plane) in planes.enumerated() where plane.count != rows {
      throw TensorError.argument(
        operation: "tensor", reason: "plane \(number) has \(plane.count) rows, plane 0 has \(rows); want equal lengths")
    }
    let matrix = try Tensor(Array(planes.joined()))
    try self.init(matrix.elements(), shape: [planes.count, rows, planes.isEmpty ? 0 : matrix.shape[1]])
  }

  public static func full(_ shape: [Int], _ value: Float) throws -> Tensor {
    let result = try Tensor(uninitialized: shape, operation: "full")
    let out = Shared(result.storage.pointer)
    runElementwise(count: result.count) { range in
      withUnsafePointer(to: value) { kernel_copy(out.value + range.lowerBound, 1, $0, 0, range.count) }
    }
    return result
  }

  public static func zeros(_ shape: [Int]) throws -> Tensor { try full(shape, 0) }

  public static func ones(_ shape: [Int]) throws -> Tensor { try full(shape, 1) }

  /// `start`, `start + step`, ... up to but without `end`. Each is computed from its position, so errors do not add up.
  public static func arange(from start: Double = 0, to end: Double, by step: Double = 1) throws -> Tensor {
    guard step != 0, start.isFinite, end.isFinite, step.isFinite else {
      throw TensorError.argument(
        operation: "arange", reason: "from \(start) to \(end) by \(step); want finite numbers and a step that is not 0")
    }
    let length = max(0, ((end - start) / step).rounded(.up))
    guard length < 0x1p48 else {
      throw TensorError.argument(operation: "arange", reason: "\(length) elements are too many")
    }
    let result = try Tensor(uninitialized: [Int(length)], operation: "arange")
    for index in 0..<result.count { result.storage.pointer[index] = Float(start + Double(index) * step) }
    return result
  }

  /// `count` numbers from `start` to `end`, both included, at equal distances.
  public static func linspace(from start: Double, to end: Double, count: Int) throws -> Tensor {
    guard count >= 0 else {
      throw TensorError.argument(operation: "linspace", reason: "count is \(count); want 0 or more")
    }
    let result = try Tensor(uninitialized: [count], operation: "linspace")
    let step = count > 1 ? (end - start) / Double(count - 1) : 0
    for index in 0..<count {
      result.storage.pointer[index] = index > 0 && index == count - 1 ? Float(end) : Float(start + Double(index) * step)
    }
    return result
  }

  /// The square matrix with ones on the diagonal.
  public static func identity(_ size: Int) throws -> Tensor {
    let result = try zeros([size, size])
    for index in 0..<size { result.storage.pointer[index * size + index] = 1 }
    return result
  }

  /// `[count, classes]` with a single 1 in each row, at the given index.
  public static func oneHot(_ indices: [Int], classes: Int) throws -> Tensor {
    let result = try zeros([indices.count, classes])
    for (row, index) in indices.enumerated() {
      guard (0..<classes).contains(index) else {
        throw TensorError.argument(
          operation: "one_hot", reason: "index \(index) at position \(row) is out of range; want 0..<\(classes)")
      }
      result.storage.pointer[row * classes + index] = 1
    }
    return result
  }
}

// MARK: - Reading and writing elements

extension Tensor {
  /// All elements in row-major order.
  ///
  /// - Throws: `MemoryError`: an expanded tensor may have more than the machine can hold.
  public func elements() throws -> [Float] {
    try Memory.require(count, of: Float.self, for: "a list of the elements of a tensor of shape \(shape)")
    return [Float](unsafeUninitializedCapacity: count) { buffer, written in
      if count > 0 { copyElements(to: buffer.baseAddress!) }
      written = count
    }
  }

  /// The rows of a matrix.
  public func rows() throws -> [[Float]] {
    guard rank == 2 else { throw TensorError.shape(operation: "rows", shape: shape, wanted: "rank 2") }
    let all = try elements()
    return (0..<shape[0]).map { Array(all[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }

  /// The only element.
  public func item() throws -> Float {
    guard count == 1 else { throw TensorError.shape(operation: "item", shape: shape, wanted: "a single element") }
    return withBase { $0.pointee }
  }

  /// The element at one index for each axis; negative ones count from the end.
  public func element(at indices: [Int]) throws -> Float {
    let position = try self.position(of: indices, operation: "element")
    return withExtendedLifetime(storage) { storage.pointer[position] }
  }

  public func setElement(at indices: [Int], to value: Float) throws {
    let position = try self.position(of: indices, operation: "element")
    try requireWritable("element")
    storage.version += 1
    withExtendedLifetime(storage) { storage.pointer[position] = value }
  }

  private func position(of indices: [Int], operation: String) throws -> Int {
    guard indices.count == rank else {
      throw TensorError.argument(operation: operation, reason: "\(indices.count) indices for shape \(shape)")
    }
    var position = offset
    for axis in 0..<rank {
      let index = indices[axis]
      guard (-shape[axis]..<shape[axis]).contains(index) else {
        throw TensorError.index(operation: operation, index: index, axis: axis, length: shape[axis])
      }
      position += (index < 0 ? index + shape[axis] : index) * strides[axis]
    }
    return position
  }
}
