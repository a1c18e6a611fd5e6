import Kernels

// Random fills. Element i, in row-major order, depends on the stream and on i only: on no thread, shape or other fill.

extension Tensor {
  /// Uniform in `low..<high`.
  public static func uniform(_ shape: [Int], from low: Float = 0, to high: Float = 1, stream: RandomStream) throws
    -> Tensor
  {
    guard low <= high, (high - low).isFinite else {
      throw TensorError.argument(
        operation: "uniform", reason: "the range is \(low) to \(high); want finite, low <= high")
    }
    let result = try Tensor(uninitialized: shape, operation: "uniform")
    let out = Shared(result.storage.pointer)
    runElementwise(count: result.count) { range in
      kernel_fill_uniform(out.value + range.lowerBound, stream.key, UInt64(range.lowerBound), low, high, range.count)
    }
    return result
  }

  /// Normally distributed, by Box and Muller's method; no value is further than 6.7 deviations from the mean.
  public static func normal(
    _ shape: [Int], mean: Float = 0, standardDeviation: Float = 1, stream: RandomStream
  ) throws -> Tensor {
    guard mean.isFinite, standardDeviation.isFinite, standardDeviation >= 0 else {
      throw TensorError.argument(
        operation: "normal",
        reason: "mean \(mean), standard deviation \(standardDeviation); want finite, deviation >= 0")
    }
    let result = try Tensor(uninitialized: shape, operation: "normal")
    let out = Shared(result.storage.pointer)
    runElementwise(count: result.count) { range in
      kernel_fill_normal(
        out.value + range.lowerBound, stream.key, UInt64(range.lowerBound), mean, standardDeviation, range.count)
    }
    return result
  }

  /// Uniform in ±`gain` · √(6 / (fan in + fan out)); the fans of `[rows, columns, ...]` are columns and rows, each times the
  /// product of the other axes.
  ///
  /// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, eq. 16.
  public static func xavierUniform(_ shape: [Int], gain: Float = 1, stream: RandomStream) throws -> Tensor {
    let bound = try gain * (6 / fans(shape, operation: "xavier_uniform")).squareRoot()
    return try uniform(shape, from: -bound, to: bound, stream: stream)
  }

  /// Normal with standard deviation `gain` · √(2 / (fan in + fan out)). Glorot and Bengio, eq. 12.
  public static func xavierNormal(_ shape: [Int], gain: Float = 1, stream: RandomStream) throws -> Tensor {
    let deviation = try gain * (2 / fans(shape, operation: "xavier_normal")).squareRoot()
    return try normal(shape, standardDeviation: deviation, stream: stream)
  }

  private static func fans(_ shape: [Int], operation: String) throws -> Float {
    guard shape.count >= 2, try elementCount(shape, operation: operation) > 0 else {
      throw TensorError.shape(operation: operation, shape: shape, wanted: "at least two axes, none empty")
    }
    return Float((shape[0] + shape[1]) * shape.dropFirst(2).reduce(1, *))
  }
}
