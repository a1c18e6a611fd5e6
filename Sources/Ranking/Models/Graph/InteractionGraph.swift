import Interactions
import Kernels
import Tensors

/// The train part as a graph: users on one side, items on the other, an edge for each pair.
final class InteractionGraph {
  let users: GraphSide
  let items: GraphSide

  /// - Throws: `MemoryError`.
  init(_ train: InteractionMatrix) throws {
    users = try GraphSide(offsets: train.rowOffsets, neighbors: train.items)
    let turned = train.transposed()
    items = try GraphSide(offsets: turned.rowOffsets, neighbors: turned.items)
  }

  /// Bytes held.
  var byteCount: Int { users.byteCount + items.byteCount }
}

/// The nodes of one side, each with its neighbors on the other, ascending.
final class GraphSide {
  let count: Int
  private let offsets: AlignedBuffer<Int64>
  private let neighborList: AlignedBuffer<Int32>

  init(offsets: [Int], neighbors: [Int32]) throws {
    count = offsets.count - 1
    let purpose = "a graph of \(neighbors.count) edges"
    self.offsets = try AlignedBuffer(count: offsets.count, repeating: 0, for: purpose)
    neighborList = try AlignedBuffer(count: neighbors.count, repeating: 0, for: purpose)
    for (node, offset) in offsets.enumerated() { self.offsets[node] = Int64(offset) }
    neighbors.withUnsafeBufferPointer { list in
      if let base = list.baseAddress { neighborList.base.update(from: base, count: list.count) }
    }
  }

  /// As the kernels take it. Valid while the side lives.
  var edges: kernel_edges { kernel_edges(offsets: offsets.base, neighbors: neighborList.base) }

  func degree(_ node: Int) -> Int { Int(offsets[node + 1] - offsets[node]) }

  func neighbors(_ node: Int) -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(start: neighborList.base + Int(offsets[node]), count: degree(node))
  }

  var byteCount: Int { 8 * offsets.count + 4 * neighborList.count }
}
