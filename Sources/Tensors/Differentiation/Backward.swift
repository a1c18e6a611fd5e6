/// A walk from results back to what they depend on, in reverse topological order, without recursion.
struct BackwardPass {
  /// Every node that the results depend on, each after those that it was computed from.
  private var nodes: [GraphNode] = []
  private var positions: [ObjectIdentifier: Int] = [:]
  /// For each node the sum of what has come back to it so far.
  private var gradients: [Tensor?] = []
  /// A table whose gathers are not scattered into its shape, but kept as they come.
  var gatheredTable: GraphNode?
  /// What came back to the gathers of that table.
  private(set) var gathered: [(rows: [Int], gradient: Tensor)] = []

  /// Finds the nodes below `roots`.
  ///
  /// - Throws: `TensorError.argument` where a node was used up by an earlier pass.
  init(from roots: [GraphNode]) throws {
    var stack: [(node: GraphNode, nextInput: Int)] = []
    var visited: Set<ObjectIdentifier> = []
    for root in roots where visited.insert(ObjectIdentifier(root)).inserted {
      stack.append((root, 0))
      while let (node, next) = stack.last {
        if node.isReleased { throw Self.releasedError(node) }
        guard next < node.inputs.count else {
          positions[ObjectIdentifier(node)] = nodes.count
          nodes.append(node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].nextInput += 1
        if let input = node.inputs[next].node, visited.insert(ObjectIdentifier(input)).inserted {
          stack.append((input, 0))
        }
      }
    }
    gradients = Array(repeating: nil, count: nodes.count)
  }

  private static func releasedError(_ node: GraphNode) -> TensorError {
    .argument(
      operation: "backward",
      reason: "the graph behind '\(node.name)' was used by an earlier backward pass, which freed it; pass retain_graph "
        + "(retainGraph: true) to the earlier one")
  }

  /// Adds to what has come back to a node.
  mutating func add(_ gradient: Tensor, to node: GraphNode) throws {
    guard let position = positions[ObjectIdentifier(node)] else { return }
    gradients[position] = try gradients[position].map { try $0 + gradient } ?? gradient
  }

  /// Walks back and calls `receive` for each target that a gradient came to.
  ///
  /// - Parameters:
  ///   - isTarget: Whether the gradient of a node is wanted.
  ///   - keepsGraph: Whether the nodes that are used may be used again.
  mutating func run(
    keepsGraph: Bool, isTarget: (GraphNode) -> Bool, receive: (GraphNode, Tensor) throws -> Void
  ) throws {
    // A node matters if a target lies at or below it. Inputs come before their users.
    var matters = [Bool](repeating: false, count: nodes.count)
    var inputsMatter = matters
    for (index, node) in nodes.enumerated() {
      inputsMatter[index] = node.inputs.contains { $0.node.map { matters[positions[ObjectIdentifier($0)]!] } ?? false }
      matters[index] = inputsMatter[index] || isTarget(node)
    }
    for index in nodes.indices.reversed() {
      let node = nodes[index]
      guard matters[index], let gradient = gradients[index] else { continue }
      gradients[index] = nil
      if isTarget(node) { try receive(node, gradient) }
      guard inputsMatter[index], let operation = node.operation else { continue }
      if case .gather(let rows) = operation, let table = gatheredTable, node.inputs[0].node === table {
        gathered.append((rows, gradient))
        if !keepsGraph { node.release() }
        continue
      }
      let wanted = node.inputs.map { $0.node.map { matters[positions[ObjectIdentifier($0)]!] } ?? false }
      let step = try BackwardStep(node, gradient: gradient, wanted: wanted)
      for (number, inputGradient) in try operation.inputGradients(step).enumerated() {
        guard wanted[number], let inputGradient, let input = node.inputs[number].node else { continue }
        try add(inputGradient, to: input)
      }
      if !keepsGraph { node.release() }
    }
  }
}

/// What the derivative of one recorded operation is computed from.
struct BackwardStep {
  /// The derivative of the final results with respect to this operation's result; of the result's shape.
  let gradient: Tensor
  /// For each input whether its gradient is asked for.
  let wanted: [Bool]
  private let node: GraphNode
  private let values: [Tensor?]
  private let savedResult: Tensor?

  init(_ node: GraphNode, gradient: Tensor, wanted: [Bool]) throws {
    self.node = node
    self.gradient = gradient
    self.wanted = wanted
    let records = !Recording.isPaused
    values = try node.inputs.map { input in
      try input.value?.restored(node: records ? input.node : nil, savedBy: node.name)
    }
    savedResult = try node.result?.restored(node: records ? node : nil, savedBy: node.name)
  }

  /// The elements of an input. The operation has said that its derivative reads them.
  func input(_ index: Int) -> Tensor {
    guard let value = values[index] else { preconditionFailure("\(node.name): input \(index) was not recorded") }
    return value
  }

  func inputShape(_ index: Int) -> [Int] { node.inputs[index].shape }

  var inputCount: Int { node.inputs.count }

  /// The elements of the result. The operation has said that its derivative reads them.
  var result: Tensor {
    guard let savedResult else { preconditionFailure("\(node.name): the result was not recorded") }
    return savedResult
  }
}
