// Reverse-mode differentiation, define by run: operations on a tensor that requires a gradient are recorded, and a backward
// pass applies the chain rule to what was recorded.
//
// The derivative of every operation is itself made of operations, so with `createGraph` a gradient can be differentiated again.

extension Tensor {
  /// Whether a gradient with respect to this tensor, or to something that it was computed from, can be asked for.
  public var requiresGradient: Bool { node != nil }

  /// Whether this is where a gradient arrives: a tensor that was told to require one, not a result.
  public var isLeaf: Bool { node.map { $0.operation == nil } ?? false }

  /// A leaf over the same storage: from here on operations are recorded.
  ///
  ///     let x = try Tensor([1, 2, 3]).requiringGradient()
  ///     try x.square().sum().backward()
  ///     x.gradient!.elements()                          // [2, 4, 6]
  public func requiringGradient() -> Tensor { detached().requireGradient() }

  /// Makes this tensor itself a leaf. A result of recorded operations requires a gradient already and stays as it is.
  @discardableResult
  public func requireGradient() -> Tensor {
    if node == nil { node = GraphNode(leaf: self) }
    return self
  }

  /// The same elements, seen by a tensor that has no history: nothing flows back through it.
  public func detached() -> Tensor { Tensor(storage: storage, shape: shape, strides: strides, offset: offset) }

  /// Of a leaf, the sum of what `backward` has brought since it was last cleared.
  public var gradient: Tensor? { leafGradient }

  /// Forgets the gradient.
  public func clearGradient() { leafGradient = nil }

  /// Adds the derivative of this tensor with respect to each leaf that it depends on to the leaf's `gradient`.
  ///
  /// - Parameters:
  ///   - gradient: What each element counts, of this shape; 1 for a single number, which is the only one that needs none.
  ///   - retainGraph: Whether the graph may be walked again; otherwise what it saved is freed on the way.
  ///   - createGraph: Whether the gradients are recorded, so that they can be differentiated. Also retains the graph.
  /// - Throws: `TensorError.argument` where nothing that this depends on requires a gradient, where the graph was used before,
  ///   and where a tensor that it needs was changed in place since; `TensorError.shape` for a tensor of more than one number.
  public func backward(gradient: Tensor? = nil, retainGraph: Bool = false, createGraph: Bool = false) throws {
    _ = try Tensor.differentiate(
      [self], [gradient], keepsGraph: retainGraph || createGraph, records: createGraph, operation: "backward",
      isTarget: { $0.operation == nil },
      receive: { node, gradient in
        guard let leaf = node.leaf else { return }
        leaf.leafGradient = try leaf.leafGradient.map { try $0 + gradient } ?? gradient.copy()
      })
  }

  /// The derivatives of `outputs`, each element weighted by `outputGradients`, summed, with respect to each of `inputs`.
  ///
  /// Works for leaves and for results in between, and leaves `gradient` alone. A gradient has its input's shape; it may share
  /// its storage with others: `copy()` it before writing into it.
  ///
  /// - Parameter outputGradients: One for each output, of its shape; `nil`, or an empty list, stands for 1 where the output is
  ///   a single number.
  /// - Returns: For each input its gradient, `nil` where no output depends on it.
  /// - Throws: As `backward`; and `TensorError.argument` for an input that does not require a gradient.
  public static func gradients(
    of outputs: [Tensor], withRespectTo inputs: [Tensor], outputGradients: [Tensor?] = [], retainGraph: Bool = false,
    createGraph: Bool = false
  ) throws -> [Tensor?] {
    let targets = try inputs.enumerated().map { ObjectIdentifier(try $1.requireNode("input \($0)")) }
    let wanted = Set(targets)
    var found: [ObjectIdentifier: Tensor] = [:]
    _ = try differentiate(
      outputs, outputGradients, keepsGraph: retainGraph || createGraph, records: createGraph, operation: "gradient",
      isTarget: { wanted.contains(ObjectIdentifier($0)) }, receive: { found[ObjectIdentifier($0)] = $1 })
    return targets.map { found[$0] }
  }

  /// The derivatives of `outputs` with respect to a table of which rows were gathered, without the rows that have none.
  ///
  /// - Returns: The rows, ascending, and their gradients: `[rows, ...]`. Where the table was used otherwise than by `gather` too,
  ///   those are all of its rows.
  /// - Throws: As `gradients`.
  public static func rowGradient(
    of outputs: [Tensor], withRespectTo table: Tensor, outputGradients: [Tensor?] = [], retainGraph: Bool = false
  ) throws -> (rows: [Int], values: Tensor) {
    let node = try table.requireNode("the table")
    guard let height = table.shape.first else {
      throw TensorError.axis(operation: "gradient", axis: 0, rank: 0)
    }
    var dense: Tensor?
    let pass = try differentiate(
      outputs, outputGradients, keepsGraph: retainGraph, records: false, operation: "gradient", gatheredTable: node,
      isTarget: { $0 === node }, receive: { dense = $1 })
    var parts = pass.gathered.map { ($0.rows.map { $0 < 0 ? $0 + height : $0 }, $0.gradient) }
    if let dense { parts.append((Array(0..<height), dense)) }
    let rows = Set(parts.flatMap { $0.0 }).sorted()
    guard !parts.isEmpty else { return ([], try Tensor.zeros([0] + table.shape.dropFirst())) }
    let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let segments = parts.flatMap { $0.0 }.map { places[$0]! }
    let values = try withoutGradient {
      try segmentSum(concatenate(parts.map(\.1)), segments: segments, count: rows.count)
    }
    return (rows, values)
  }

  private func requireNode(_ what: String) throws -> GraphNode {
    guard let node else {
      throw TensorError.argument(
        operation: "gradient",
        reason:
          "\(what) of shape \(shape) does not require a gradient; call requiringGradient() before computing with it")
    }
    return node
  }

  private static func differentiate(
    _ outputs: [Tensor], _ outputGradients: [Tensor?], keepsGraph: Bool, records: Bool, operation: String,
    gatheredTable: GraphNode? = nil, isTarget: (GraphNode) -> Bool, receive: (GraphNode, Tensor) throws -> Void
  ) throws -> BackwardPass {
    guard outputGradients.isEmpty || outputGradients.count == outputs.count else {
      throw TensorError.argument(
        operation: operation,
        reason: "\(outputGradients.count) output gradients for \(outputs.count) outputs; want one for each")
    }
    guard outputs.contains(where: { $0.node != nil }) else {
      throw TensorError.argument(
        operation: operation,
        reason: "nothing that the result depends on requires a gradient; call requiringGradient() (in Lua "
          + "requires_gradient()) on a tensor before computing with it, outside no_gradient, and mind that comparisons, "
          + "positions and rounding have no gradient")
    }
    return try Recording.with(isOn: records) {
      var pass = try BackwardPass(from: outputs.compactMap(\.node))
      pass.gatheredTable = gatheredTable
      for (index, output) in outputs.enumerated() {
        guard let node = output.node else { continue }
        let given = outputGradients.isEmpty ? nil : outputGradients[index]
        try pass.add(output.startingGradient(given, operation: operation), to: node)
      }
      try pass.run(keepsGraph: keepsGraph, isTarget: isTarget, receive: receive)
      return pass
    }
  }

  private func startingGradient(_ given: Tensor?, operation: String) throws -> Tensor {
    guard let given else {
      guard count == 1 else {
        throw TensorError.shape(
          operation: operation, shape: shape,
          wanted: "a single number, or a gradient of this shape; sum() or mean() makes one number")
      }
      return try Tensor.ones(shape)
    }
    guard given.shape == shape else {
      throw TensorError.shapes(
        operation: operation, left: given.shape, right: shape, wanted: "a gradient of the shape of the result")
    }
    return given
  }

  // MARK: Writing in place

  /// Throws where a write would not do what it says: into an expanded axis, whose elements are one and the same, and behind the
  /// back of what is recorded.
  func requireWritable(_ operation: String) throws {
    if count > 0, let axis = shape.indices.first(where: { strides[$0] == 0 && shape[$0] > 1 }) {
      throw TensorError.argument(
        operation: operation,
        reason:
          "a tensor of shape \(shape) that was expanded has one element in memory for all \(shape[axis]) along an "
          + "axis, and a write would keep the last; write into a copy(), or into the tensor before it was expanded")
    }
    guard let node, !Recording.isPaused else { return }
    let what = node.operation == nil ? "requires a gradient" : "is the result of the recorded operation '\(node.name)'"
    throw TensorError.argument(
      operation: operation,
      reason: "the tensor \(what), and a write in place is not recorded; write into a copy, or within no_gradient "
        + "(withoutGradient)")
  }
}
