// What models are made of besides arithmetic, as compositions of the operations.

extension Tensor {
  /// x / max(‖x‖₂, `floor`) along an axis: rows of length 1. A row shorter than `floor` is divided by `floor`, which then counts
  /// as a constant in the gradient; a row of zeros has the gradient 1 / `floor`.
  public func normalized(axis: Int = -1, floor: Float = 1e-12) throws -> Tensor {
    guard floor > 0 else {
      throw TensorError.argument(operation: "normalize", reason: "floor is \(floor); want more than 0")
    }
    let axis = try normalizedAxis(axis, rank: rank, operation: "normalize")
    return try self / norm(axes: [axis], keepingAxes: true).clamped(floor)
  }

  /// Each element is 0 with probability `rate`, else divided by 1 - `rate`.
  ///
  /// Which ones is a pure function of the seed, the position (of the step, say) and the element's place.
  ///
  /// - Parameter rate: In 0..<1.
  public func dropout(_ rate: Float, seed: UInt64, position: Int = 0) throws -> Tensor {
    try dropout(rate, stream: RandomStream(seed: seed, purpose: "dropout", position))
  }

  /// Dropout with a stream of its own: element i is dropped where `stream.uniform(at: i)` < `rate`.
  public func dropout(_ rate: Float, stream: RandomStream) throws -> Tensor {
    guard (0..<1).contains(rate) else {
      throw TensorError.argument(operation: "dropout", reason: "rate is \(rate); want 0 <= rate < 1")
    }
    if rate == 0 { return self }
    let kept = try Tensor.uniform(shape, stream: stream).greaterOrEqual(to: Tensor(rate))
    return try self * (kept * (1 / (1 - rate)))
  }

  /// The elements of `hard`; the gradient goes to `soft` as if it were returned. Of equal shapes.
  ///
  /// Bengio, Léonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013, section 4.
  public static func straightThrough(_ hard: Tensor, _ soft: Tensor) throws -> Tensor {
    try Operation.straightThrough.evaluate(hard, soft)
  }
}
