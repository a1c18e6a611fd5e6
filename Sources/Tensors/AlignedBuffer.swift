import Kernels

/// 2 MiB, the larger page of x86-64 and of most arm64 systems.
private let largePage = 2 << 20

/// Memory aligned to 64 bytes, for kernels that read whole registers.
///
/// Tasks of the thread pool write to parts that do not overlap; nothing here guards that.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  public let count: Int
  public let base: UnsafeMutablePointer<Element>

  public init(count: Int, repeating value: Element) {
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    let isLarge = bytes >= largePage
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? largePage : 64)
    if isLarge { kernel_prefer_large_pages(memory, bytes) }
    base = memory.bindMemory(to: Element.self, capacity: max(1, count))
    base.initialize(repeating: value, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// The first `count` elements.
  public func prefix(_ count: Int) -> UnsafeBufferPointer<Element> {
    precondition(count <= self.count)
    return UnsafeBufferPointer(start: base, count: count)
  }

  public func fill(_ value: Element) { base.update(repeating: value, count: count) }

  public subscript(index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }
}
