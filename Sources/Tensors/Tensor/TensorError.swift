import Platform

/// What can be wrong with a request to a tensor. Each case carries the values that a message needs.
///
/// Axes and indices are counted from 0 here; the Lua library checks and reports its own, from 1, before it calls.
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// Two shapes do not go together.
  case shapes(operation: String, left: [Int], right: [Int], wanted: String)
  /// One shape does not do.
  case shape(operation: String, shape: [Int], wanted: String)
  case axis(operation: String, axis: Int, rank: Int)
  case index(operation: String, index: Int, axis: Int, length: Int)
  /// Any other argument.
  case argument(operation: String, reason: String)
  case memory(shape: [Int])
  case file(path: String, reason: String)

  /// The problem, after the operation where one is known.
  public var description: String {
    switch self {
    case .shapes(let operation, _, _, _), .shape(let operation, _, _), .axis(let operation, _, _),
      .index(let operation, _, _, _), .argument(let operation, _):
      return "\(operation): \(problem)"
    case .memory, .file: return problem
    }
  }

  /// What is wrong and what is wanted, for a message that names the operation itself.
  public var problem: String {
    switch self {
    case .shapes(_, let left, let right, let wanted): return "shapes \(left) and \(right) do not fit; want \(wanted)"
    case .shape(_, let shape, let wanted): return "got shape \(shape); want \(wanted)"
    case .axis(_, let axis, let rank):
      if rank == 0 { return "axis \(axis) of a tensor of rank 0, which has no axes" }
      return "axis \(axis) is out of range; want \(-rank)...\(rank - 1) for a tensor of rank \(rank)"
    case .index(_, let index, let axis, let length):
      if length == 0 { return "index \(index) into axis \(axis), which is empty" }
      return "index \(index) is out of range; want \(-length)...\(length - 1) on axis \(axis)"
    case .argument(_, let reason): return reason
    case .memory(let shape): return "not enough memory: \(memoryError(shape)); use smaller pieces"
    case .file(let path, let reason): return "\(path): \(reason)"
    }
  }

  private func memoryError(_ shape: [Int]) -> MemoryError {
    var bytes: Int? = MemoryLayout<Float>.stride
    for length in shape {
      let (product, overflow) = (bytes ?? 0).multipliedReportingOverflow(by: length)
      bytes = overflow || bytes == nil ? nil : product
    }
    return MemoryError(refused: bytes, for: "a tensor of shape \(shape)")
  }
}
