import Kernels

extension Tensor {
  /// The same elements in storage of their own, in row-major order.
  public func copy() throws -> Tensor { try Operation.copy.evaluate(self) }

  func copyOfElements() throws -> Tensor {
    let result = try Tensor(uninitialized: shape, operation: "copy")
    copyElements(to: result.storage.pointer)
    return result
  }

  /// This tensor where its elements already lie in row-major order, else a copy.
  public func contiguous() throws -> Tensor { isContiguous ? self : try copy() }

  /// Sets every element.
  public func fill(_ value: Float) throws { try assign(Tensor(value)) }

  /// Writes the elements of `source`, broadcast to this shape, into this tensor and all views that share them.
  ///
  /// - Throws: `TensorError.shapes`; `TensorError.argument` where this tensor is expanded, and where it or `source` requires a gradient while the thread
  ///   records, because a write is not recorded.
  public func assign(_ source: Tensor) throws {
    guard try broadcastShape(source.shape, shape, operation: "assign") == shape else {
      throw TensorError.shapes(
        operation: "assign", left: source.shape, right: shape, wanted: "a source that broadcasts to the destination")
    }
    try requireWritable("assign")
    if source.node != nil, !Recording.isPaused {
      throw TensorError.argument(
        operation: "assign",
        reason:
          "the source requires a gradient, which a write in place would lose; write its detached() elements (in Lua "
          + "x:detach()), or combine tensors with where, concatenate or stack")
    }
    storage.version += 1
    let source = source.storage === storage ? try source.copy() : source
    let loop = StridedLoop(
      shape: shape,
      operands: [strides, broadcastStrides(shape: source.shape, strides: source.strides, to: shape)])
    withBase { target in
      source.withBase { origin in
        let (target, origin) = (Shared(target), Shared(origin))
        runElementwise(count: count) { range in
          loop.forEachRun(in: range) { _, positions, length in
            kernel_copy(
              target.value + positions[0], loop.runStride(0), origin.value + positions[1], loop.runStride(1), length
            )
          }
        }
      }
    }
  }

  /// Writes the elements of `source` into a part of this tensor.
  public func assign(_ source: Tensor, at slices: [Slice]) throws {
    try requireWritable("assign")
    try withoutGradient { try slice(slices) }.assign(source)
  }

  /// Writes all elements in row-major order to `target`, which holds `count`.
  func copyElements(to target: UnsafeMutablePointer<Float>) {
    let loop = StridedLoop(shape: shape, operands: [strides])
    withBase { origin in
      if loop.runStride(0) == 1 || loop.runStride(0) == 0 || loop.lengths.count == 1 {
        let (target, origin) = (Shared(target), Shared(origin))
        runElementwise(count: count) { range in
          loop.forEachRun(in: range) { first, positions, length in
            kernel_copy(target.value + first, 1, origin.value + positions[0], loop.runStride(0), length)
          }
        }
      } else {
        Tensor.copyTiled(loop, from: origin, to: target)
      }
    }
  }

  /// A matrix that lies the other way round is copied in tiles: the axis whose elements are closest makes the other side.
  private static func copyTiled(
    _ loop: StridedLoop, from origin: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let lengths = loop.lengths
    let strides = loop.strides[0]
    let targetStrides = contiguousStrides(lengths)
    let last = lengths.count - 1
    let near = (0..<last).min { abs(strides[$0]) < abs(strides[$1]) }!
    let others = (0..<last).filter { $0 != near }
    let planes = others.reduce(1) { $0 * lengths[$1] }
    let band = max(16, elementwiseGrain / max(1, lengths[last]))
    let bands = (lengths[near] + band - 1) / band
    let (sharedTarget, sharedOrigin) = (Shared(target), Shared(origin))
    let copyBand = { @Sendable (task: Int) in
      var rest = task / bands
      var from = 0
      var to = 0
      for axis in others.reversed() {
        from += rest % lengths[axis] * strides[axis]
        to += rest % lengths[axis] * targetStrides[axis]
        rest /= lengths[axis]
      }
      let start = task % bands * band
      kernel_copy_tiled(
        sharedTarget.value + to + start * targetStrides[near], targetStrides[near],
        sharedOrigin.value + from + start * strides[near], strides[near], strides[last],
        min(band, lengths[near] - start), lengths[last])
    }
    if loop.count < 2 * elementwiseGrain {
      for task in 0..<planes * bands { copyBand(task) }
    } else {
      ThreadPool.shared.run(count: planes * bands, copyBand)
    }
  }
}
