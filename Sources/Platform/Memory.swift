/// Memory that cannot be had. Its description says what wanted it, how much, and what the machine has.
public struct MemoryError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the memory was for: `a batch of 10000000000 positives`.
  public let purpose: String
  /// `nil` where the number of bytes is beyond counting.
  public let bytes: Int?
  public let available: Int

  init(purpose: String, bytes: Int?, available: Int) {
    self.purpose = purpose
    self.bytes = bytes
    self.available = available
  }

  /// For whoever asked the system and was refused, although there seemed to be enough.
  ///
  /// - Parameter bytes: `nil` where their number is beyond counting.
  public init(refused bytes: Int?, for purpose: String) {
    self.init(purpose: purpose, bytes: bytes, available: Memory.available)
  }

  public var description: String {
    let wanted = bytes.map(Memory.text) ?? "more memory than any machine has"
    return "\(purpose) needs \(wanted); \(Memory.text(available)) can be had here"
  }
}

/// The one gate for memory whose size a script, a setting or a file decides.
///
/// Swift ends the process where an allocation fails or a size overflows. Whoever allocates by such a size asks here first, and
/// has an error to throw where the answer is no:
///
/// ```swift
/// let count = try Memory.count(users, dim, of: Float.self, for: "a table of \(users) x \(dim)")
/// let values = [Float](repeating: 0, count: count)
/// ```
public enum Memory {
  /// Requests below this are not held against what the machine has free: they are many, and looking takes microseconds.
  private static let unchecked = 16 << 20

  /// The product of `factors`, where that many elements can be had.
  ///
  /// - Parameter purpose: What the memory is for, as the subject of a sentence.
  /// - Throws: `MemoryError` where the product overflows or is more than the process can still get.
  public static func count<Element>(
    _ factors: Int..., of type: Element.Type, for purpose: @autoclosure () -> String
  ) throws(MemoryError) -> Int {
    var count = 1
    for factor in factors {
      let (product, overflow) = count.multipliedReportingOverflow(by: max(0, factor))
      if overflow { throw MemoryError(purpose: purpose(), bytes: nil, available: available) }
      count = product
    }
    try require(count, of: type, for: purpose())
    return count
  }

  /// Throws where `count` elements cannot be had.
  public static func require<Element>(
    _ count: Int, of type: Element.Type, for purpose: @autoclosure () -> String
  ) throws(MemoryError) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    if overflow { throw MemoryError(purpose: purpose(), bytes: nil, available: available) }
    guard bytes >= unchecked else { return }
    let available = available
    if bytes > available { throw MemoryError(purpose: purpose(), bytes: bytes, available: available) }
  }

  /// Bytes that this process can still get: what the system has free, within the process's own limit (`ulimit -v`).
  public static var available: Int { min(systemAvailable, belowLimit) }

  private static var systemAvailable: Int {
    #if os(Linux)
      if let kilobytes = number(in: "/proc/meminfo", after: "MemAvailable:") { return kilobytes << 10 }
    #endif
    return sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  private static var belowLimit: Int {
    var limit = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    #else
      let resource = RLIMIT_AS
    #endif
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return .max }
    let used = number(in: "/proc/self/status", after: "VmSize:").map { $0 << 10 } ?? 0
    return max(0, Int(limit.rlim_cur) - used)
  }

  /// The number that follows `label` in a file of the kernel.
  private static func number(in path: String, after label: String) -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      guard strncmp(line, label, label.utf8.count) == 0 else { continue }
      return line.withUnsafeBufferPointer { strtol($0.baseAddress! + label.utf8.count, nil, 10) }
    }
    return nil
  }

  /// Bytes as a message shows them: `812 bytes`, `64 MB`, `8.2 TB`.
  public static func text(_ bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let shown = unit == 0 || value >= 10 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
    return "\(shown) \(units[unit])"
  }
}
