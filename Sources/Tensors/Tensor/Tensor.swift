import Platform
import Kernels

/// Numbers in a grid of any rank: float32, rank 0 (one number) and empty tensors included.
///
///     let x = try Tensor([[1, 2, 3], [4, 5, 6]])      // [2, 3]
///     let weights = try Tensor([10, 20, 30])          // [3]
///     try (x * weights).sum(axes: [1])                // [140, 320]
///
/// A tensor is a view: a shape, a stride for each axis and an offset into storage that views share. `reshaped`, `transposed`,
/// `permuted`, `expanded`, `slice` and `tensor[i]` copy nothing where strides can say it; what is written through one view
/// (`fill`, `assign`) is seen through all others. `copy()` has storage of its own. Arithmetic always makes new storage.
/// Assigning a `Tensor` to another variable shares it, as with any class.
///
/// Every operation is a case of `Operation` and is evaluated there; on a tensor that requires a gradient it is recorded, see
/// `Differentiation`. Sums are accumulated in float64. The bits of a result do
/// not depend on the number of threads.
///
/// A tensor belongs to one thread (it is not `Sendable`: its history, its gradient and its elements change). Its operations cut
/// their own work over the threads of `ThreadPool`, whose tasks see addresses only.
public final class Tensor {
  let storage: TensorStorage
  /// The length of each axis.
  public let shape: [Int]
  /// For each axis, how many floats of the storage one step skips: 0 where an axis is expanded, negative where reversed.
  public let strides: [Int]
  /// Where in the storage the first element is.
  public let offset: Int
  /// Number of elements.
  public let count: Int
  /// Whether the elements lie in row-major order without gaps.
  public let isContiguous: Bool
  /// Whether the storage is charged to this tensor; see `chargedBytes`.
  private var isCharged = false
  /// What this was computed from, where that can be differentiated; see `requiresGradient`.
  var node: GraphNode?
  /// What backward passes have brought to a leaf.
  var leafGradient: Tensor?

  init(storage: TensorStorage, shape: [Int], strides: [Int], offset: Int) {
    self.storage = storage
    self.shape = shape
    self.strides = strides
    self.offset = offset
    count = shape.reduce(1, *)
    isContiguous = Tensors.isContiguous(shape: shape, strides: strides)
  }

  /// New storage whose content is not defined until it is written.
  package init(uninitialized shape: [Int], operation: String) throws {
    let count = try elementCount(shape, operation: operation)
    guard let storage = TensorStorage(count: count) else { throw TensorError.memory(shape: shape) }
    self.storage = storage
    self.shape = shape
    self.count = count
    strides = contiguousStrides(shape)
    offset = 0
    isContiguous = true
  }

  deinit { if isCharged { storage.isCharged = false } }

  /// Number of axes.
  public var rank: Int { shape.count }

  /// Bytes of the storage, which a view shares with others and keeps alive.
  public var storageBytes: Int { storage.count * MemoryLayout<Float>.stride }

  /// Bytes for an account of memory in which storage that tensors share counts once: it is charged to the first that asks,
  /// until that one is gone; to all others 0. Ask on one thread.
  public func chargedBytes() -> Int {
    if !storage.isCharged {
      storage.isCharged = true
      isCharged = true
    }
    return isCharged ? storageBytes : 0
  }

  /// Whether two tensors see the same storage, so that a write to one may show in the other.
  public func sharesStorage(with other: Tensor) -> Bool { storage === other.storage }

  /// Runs `body` with the address of the first element, keeping the storage alive.
  func withBase<Result>(_ body: (UnsafeMutablePointer<Float>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(storage.pointer + offset) }
  }

  /// Runs `body` with the elements in row-major order: in place where the tensor is contiguous, else a copy of them.
  public func withElements<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) throws -> Result {
    let dense = try contiguous()
    return try dense.withBase { try body(UnsafeBufferPointer(start: $0, count: dense.count)) }
  }

  /// Runs `body` with the elements, to be written in row-major order.
  ///
  /// - Throws: `TensorError.shape` where the tensor is not contiguous, `TensorError.argument` where it is recorded.
  public func withMutableElements<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) throws -> Result
  {
    guard isContiguous else {
      throw TensorError.shape(operation: "write", shape: shape, wanted: "a contiguous tensor; copy() makes one")
    }
    try requireWritable("write")
    storage.version += 1
    return try withBase { try body(UnsafeMutableBufferPointer(start: $0, count: count)) }
  }
}

/// A block of floats on a cache line of its own, which tensors share.
final class TensorStorage {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// Whether one of the tensors is charged for it.
  var isCharged = false
  /// How often the elements were written in place: a derivative that needs them as they were can tell.
  var version = 0

  /// Above this many bytes the system is asked for huge pages: the first write of a fresh block costs less.
  private static let hugePageBytes = 1 << 25

  /// Blocks of some megabytes are made and dropped at every step of a program. Left to itself the C library gives each back to
  /// the system, which then clears its pages anew: half the time of an addition. Keep up to 64 MB for the next one.
  private static let keepsFreedBlocks: Void = kernel_keep_freed_blocks(1 << 25, 1 << 26)

  /// `nil` where there is not enough memory. The content is not defined.
  init?(count: Int) {
    guard (try? Memory.require(count, of: Float.self, for: "a tensor")) != nil else { return nil }
    let (bytes, overflow) = max(1, count).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    _ = Self.keepsFreedBlocks
    var memory: UnsafeMutableRawPointer?
    let isHuge = bytes >= Self.hugePageBytes
    guard !overflow, posix_memalign(&memory, isHuge ? 1 << 21 : 64, bytes) == 0, let memory else { return nil }
    #if os(Linux)
      if isHuge { madvise(memory, bytes, MADV_HUGEPAGE) }
    #endif
    pointer = memory.bindMemory(to: Float.self, capacity: max(1, count))
    self.count = count
  }

  deinit { free(pointer) }
}
