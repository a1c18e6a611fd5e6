/// One recorded operation, or a leaf: a tensor that a gradient was asked for.
///
/// A node knows the nodes that it was computed from, never the tensors: a tensor keeps its history alive, the history keeps
/// only the elements that its own derivatives need. So there are no cycles, and what nobody can differentiate any more is gone.
final class GraphNode {
  /// `nil` for a leaf.
  let operation: Operation?
  /// What the operation was applied to; empty for a leaf and once the node is released.
  private(set) var inputs: [Input] = []
  /// The elements of the result, where the derivative is written in terms of it.
  private(set) var result: SavedTensor?
  /// Whether a backward pass has used this node up.
  private(set) var isReleased = false
  /// Of a leaf, the tensor that receives the gradient, as long as there is one.
  weak var leaf: Tensor?

  struct Input {
    /// `nil` where the input does not depend on a leaf.
    let node: GraphNode?
    let shape: [Int]
    /// The elements, where the derivative needs them.
    let value: SavedTensor?
  }

  init(leaf: Tensor) {
    operation = nil
    self.leaf = leaf
  }

  init(operation: Operation, inputs tensors: [Tensor], result: Tensor) {
    self.operation = operation
    let depends = tensors.map { $0.node != nil }
    inputs = tensors.indices.map { index in
      let tensor = tensors[index]
      return Input(
        node: tensor.node, shape: tensor.shape,
        value: operation.derivativeReads(input: index, depends: depends) ? SavedTensor(tensor) : nil)
    }
    if operation.derivativeReadsResult(depends: depends) { self.result = SavedTensor(result) }
  }

  /// The name that messages give the operation.
  var name: String { operation?.name ?? "leaf" }

  /// Forgets the inputs and their elements: a backward pass has used them.
  func release() {
    guard operation != nil else { return }
    isReleased = true
    result = nil
    GraphNode.unlink(&inputs)
  }

  deinit { GraphNode.unlink(&inputs) }

  /// Lets go of the inputs without recursion: the history behind them may be a hundred thousand operations deep.
  private static func unlink(_ inputs: inout [Input]) {
    var pending = inputs.compactMap(\.node)
    inputs = []
    while var node = pending.popLast() {
      guard isKnownUniquelyReferenced(&node), !node.inputs.isEmpty else { continue }
      pending.append(contentsOf: node.inputs.compactMap(\.node))
      node.inputs = []
    }
  }
}

/// The elements that a derivative will need, and the state in which they were recorded.
struct SavedTensor {
  private let storage: TensorStorage
  private let shape: [Int]
  private let strides: [Int]
  private let offset: Int
  private let version: Int

  init(_ tensor: Tensor) {
    storage = tensor.storage
    shape = tensor.shape
    strides = tensor.strides
    offset = tensor.offset
    version = tensor.storage.version
  }

  /// The tensor as it was recorded, with `node` for its history.
  ///
  /// - Throws: `TensorError.argument` where it was written in place since.
  func restored(node: GraphNode?, savedBy operation: String) throws -> Tensor {
    guard storage.version == version else {
      throw TensorError.argument(
        operation: "backward",
        reason: "a tensor of shape \(shape) that the recorded operation '\(operation)' needs was changed in place "
          + "afterwards; write into a copy() instead")
    }
    let tensor = Tensor(storage: storage, shape: shape, strides: strides, offset: offset)
    tensor.node = node
    return tensor
  }
}
