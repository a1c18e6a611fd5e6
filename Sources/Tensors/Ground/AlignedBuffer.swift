import Kernels
import Platform

/// 2 MiB, the larger page of x86-64 and of most arm64 systems.
private let largePage = 2 << 20

/// Memory aligned to 64 bytes, for kernels that read whole registers.
///
/// Tasks of the thread pool write to parts that do not overlap, as with `Shared`; nothing here guards that.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public let count: Int
  public let base: UnsafeMutablePointer<Element>

  /// For sizes that the program fixes: where there is no memory, the process ends.
  public convenience init(count: Int, repeating value: Element) {
    guard let memory = Self.allocate(count) else { fatalError("no memory for \(count) \(Element.self)s") }
    self.init(memory, count: count, repeating: value)
  }

  /// For sizes that a script, a setting or a file decides.
  ///
  /// - Parameter purpose: What the memory is for, as the subject of a sentence: `a batch of 1000 positives`.
  /// - Throws: `MemoryError` where that much cannot be had; a negative count is more than any machine has.
  public convenience init(
    count: Int, repeating value: Element, for purpose: @autoclosure () -> String
  ) throws(MemoryError) {
    guard count >= 0 else { throw MemoryError(refused: nil, for: purpose()) }
    try Memory.require(count, of: Element.self, for: purpose())
    guard let memory = Self.allocate(count) else {
      throw MemoryError(refused: count * MemoryLayout<Element>.stride, for: purpose())
    }
    self.init(memory, count: count, repeating: value)
  }

  private init(_ memory: UnsafeMutableRawPointer, count: Int, repeating value: Element) {
    self.count = count
    base = memory.bindMemory(to: Element.self, capacity: max(1, count))
    fill(value)
  }

  private static func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
    let (bytes, overflow) = max(1, count).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let isLarge = bytes >= largePage
    var memory: UnsafeMutableRawPointer?
    guard !overflow, posix_memalign(&memory, isLarge ? largePage : 64, bytes) == 0 else { return nil }
    if isLarge, let memory { kernel_prefer_large_pages(memory, bytes) }
    return memory
  }

  deinit { free(base) }

  /// The first `count` elements.
  public func prefix(_ count: Int) -> UnsafeBufferPointer<Element> {
    precondition(count <= self.count)
    return UnsafeBufferPointer(start: base, count: count)
  }

  /// Copies a block that stays in the nearest cache: element by element a generic class would call a function for each.
  public func fill(_ value: Element) {
    guard count > 0 else { return }
    base.initialize(to: value)
    let memory = UnsafeMutableRawPointer(base)
    let stride = MemoryLayout<Element>.stride
    let (total, block) = (count * stride, max(1, 4096 / stride) * stride)
    var done = stride
    while done < total {
      let part = min(done, total - done, block)
      memcpy(memory + done, memory, part)
      done += part
    }
  }

  public subscript(index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }
}
