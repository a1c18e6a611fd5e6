import Platform

extension Tensor: CustomStringConvertible {
  /// The shape, then the elements in aligned columns:
  ///
  ///     Tensor [2, 3]
  ///     [[ 0.5000, -1.2500,  3.0000],
  ///      [ 4.0000,  0.0000,  2.7500]]
  ///
  /// Of more than 1000 elements only the first and last three along each axis are shown.
  public var description: String {
    let body = TensorText(self).text()
    return "Tensor \(shape)\n\(body)"
  }
}

/// Lays the elements of a tensor out as text.
private struct TensorText {
  let tensor: Tensor
  /// For each axis the positions that are shown; nil stands for the ones left out.
  var shown: [[Int?]]
  let format: NumberFormat
  let width: Int

  private static let limit = 1000
  private static let edge = 3
  private static let lineWidth = 100

  init(_ tensor: Tensor) {
    self.tensor = tensor
    shown = Self.shownPositions(tensor.shape)
    var values: [Float] = []
    Self.visit(tensor, shown) { values.append($0) }
    let format = NumberFormat(values)
    self.format = format
    width = values.map { format.text($0).count }.max() ?? 0
  }

  private static func shownPositions(_ shape: [Int]) -> [[Int?]] {
    if shape.contains(0) { return shape.map { _ in [] } }
    var edge = shape.reduce(1, *) > limit ? Self.edge : Int.max / 2
    var shown: [[Int?]]
    repeat {
      shown = shape.map { length in
        length <= 2 * edge ? Array(0..<length) : Array(0..<edge) + [nil] + Array(length - edge..<length)
      }
      edge -= 1
    } while shown.reduce(1, { $0 * $1.count }) > limit && edge > 0
    // Many short axes: only the first position of the leading ones.
    for axis in shape.indices where shown.reduce(1, { $0 * $1.count }) > limit { shown[axis] = [0, nil] }
    return shown
  }

  private static func visit(_ tensor: Tensor, _ shown: [[Int?]], _ body: (Float) -> Void) {
    func walk(_ axis: Int, _ position: Int) {
      if axis == tensor.rank { return body(tensor.storage.pointer[position]) }
      for case let index? in shown[axis] { walk(axis + 1, position + index * tensor.strides[axis]) }
    }
    walk(0, tensor.offset)
  }

  func text() -> String {
    if tensor.rank == 0 { return format.text(tensor.storage.pointer[tensor.offset]) }
    if tensor.count == 0 { return "[]" }
    return block(axis: 0, position: tensor.offset)
  }

  private func block(axis: Int, position: Int) -> String {
    if axis == tensor.rank - 1 { return row(position: position) }
    let deeper = tensor.rank - axis - 1
    let separator = "," + String(repeating: "\n", count: deeper) + String(repeating: " ", count: axis + 1)
    let parts = shown[axis].map { index in
      index.map { block(axis: axis + 1, position: position + $0 * tensor.strides[axis]) } ?? "..."
    }
    return "[" + parts.joined(separator: separator) + "]"
  }

  private func row(position: Int) -> String {
    let axis = tensor.rank - 1
    var lines: [String] = []
    var line = ""
    let parts = shown[axis].map { index -> String in
      guard let index else { return "..." }
      let text = format.text(tensor.storage.pointer[position + index * tensor.strides[axis]])
      return String(repeating: " ", count: width - text.count) + text
    }
    for (number, part) in parts.enumerated() {
      let piece = number == parts.count - 1 ? part : part + ","
      if !line.isEmpty && tensor.rank + line.count + 1 + piece.count > Self.lineWidth {
        lines.append(line)
        line = piece
      } else {
        line += line.isEmpty ? piece : " " + piece
      }
    }
    lines.append(line)
    return "[" + lines.joined(separator: "\n" + String(repeating: " ", count: tensor.rank)) + "]"
  }
}

/// One way to write all the numbers of a tensor: whole, with four decimals, or with an exponent.
private struct NumberFormat {
  private let pattern: String

  init(_ values: [Float]) {
    let finite = values.lazy.filter { $0.isFinite }
    let largest = finite.map { abs($0) }.max() ?? 0
    let smallest = finite.filter { $0 != 0 }.map { abs($0) }.min() ?? 1
    if largest < 1e7, finite.allSatisfy({ $0 == $0.rounded() }) {
      pattern = "%.0f"
    } else if largest >= 1e5 || smallest < 1e-4 {
      pattern = "%.4e"
    } else {
      pattern = "%.4f"
    }
  }

  func text(_ value: Float) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value > 0 ? "inf" : "-inf" }
    return withVaList([Double(value)]) { arguments in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
        vsnprintf(buffer.baseAddress!, 64, pattern, arguments)
        return String(cString: buffer.baseAddress!)
      }
    }
  }
}
