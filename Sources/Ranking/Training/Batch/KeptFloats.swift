import Platform
import Tensors

/// What one batch after another writes, kept in between: nothing is allocated once it has grown.
final class KeptFloats<Part: RawRepresentable<Int> & CaseIterable> {
  private let purpose: String
  private var parts = [AlignedBuffer<Float>?](repeating: nil, count: Part.allCases.count)

  /// - Parameter purpose: What the memory is for, as the subject of a sentence.
  init(for purpose: String) { self.purpose = purpose }

  /// Room for `rows` rows of `width` numbers, aligned to 64 bytes, with whatever was there before.
  ///
  /// - Throws: `MemoryError`.
  func callAsFunction(_ part: Part, _ rows: Int, _ width: Int) throws -> UnsafeMutablePointer<Float> {
    func text() -> String { "\(purpose) (\(rows) rows of \(width) numbers)" }
    let count = try Memory.count(rows, width, of: Float.self, for: text())
    if let kept = parts[part.rawValue], kept.count >= count { return kept.base }
    let made = try AlignedBuffer<Float>(count: count, repeating: 0, for: text())
    parts[part.rawValue] = made
    return made.base
  }
}
