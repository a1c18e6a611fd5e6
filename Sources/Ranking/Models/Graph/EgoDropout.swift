import Kernels
import Tensors

/// Dropout of elements of the rows before they are propagated: a pure function of the stream, so that forward and backward agree.
struct EgoDropout: Sendable {
  let stream: RandomStream
  /// In (0, 1).
  let rate: Float

  /// What a request asks for; `nil` for nothing.
  init?(_ request: EncodingRequest) {
    guard request.dropout > 0, let stream = request.stream else { return nil }
    (self.stream, rate) = (stream, request.dropout)
  }

  /// Factors for some rows of a side, `[rows, stride]`: 0 or `1 / (1 - rate)`.
  func withMasks(of rows: Range<Int>, firstNode: Int, stride: Int, _ body: (UnsafePointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * stride) { masks in
      let base = masks.baseAddress!
      for (place, row) in rows.enumerated() {
        kernel_dropout_mask(stream.key, UInt64((firstNode + row) * stride), rate, stride, base + place * stride)
      }
      body(base)
    }
  }
}
