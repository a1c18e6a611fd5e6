import Platform
import Kernels
import Tensors

/// What a solver works in: kept from epoch to epoch.
final class SolvingMemory: Sendable {
  let dim: Int
  let stride: Int
  /// New rows of each side, and those of the fixed side in the coordinates that rows are solved in.
  let users: AlignedBuffer<Float>
  let items: AlignedBuffer<Float>
  let fixed: AlignedBuffer<Float>
  /// One for each thread; whoever has none takes it.
  private let workspaces: Locked<[AlignedBuffer<Float>]>
  private let workspaceBytes: Int

  init(users: Int, items: Int, like parameter: Parameter, _ pool: ThreadPool) throws {
    let (dim, stride) = (parameter.columnCount, parameter.rowStride)
    func buffer(_ count: Int) throws -> AlignedBuffer<Float> {
      try AlignedBuffer(
        count: count, repeating: 0,
        for: "wrmf: what it needs to solve \(users) users and \(items) items of \(dim) numbers")
    }
    (self.dim, self.stride) = (dim, stride)
    self.users = try buffer(users * stride)
    self.items = try buffer(items * stride)
    fixed = try buffer(max(users, items) * stride)
    let size = kernel_weighted_rows_workspace(stride)
    workspaceBytes = 4 * size * pool.threadCount
    let made = try (0..<pool.threadCount).map { _ in try buffer(size) }
    workspaces = Locked(made)
  }

  var byteCount: Int { 4 * (users.count + items.count + fixed.count) + workspaceBytes }

  func withWorkspace<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    let workspace = workspaces.withLock { $0.removeLast() }
    defer { workspaces.withLock { $0.append(workspace) } }
    return body(workspace.base)
  }

  /// A matrix of [dim, stride], padded with zeros, as kernels take it.
  func matrix(_ element: (Int, Int) -> Double) throws -> AlignedBuffer<Float> {
    let matrix = try AlignedBuffer<Float>(count: dim * stride, repeating: 0, for: "wrmf: a matrix of \(dim) x \(dim)")
    for row in 0..<dim { for column in 0..<dim { matrix[row * stride + column] = Float(element(row, column)) } }
    return matrix
  }

  func transform(
    _ rows: UnsafePointer<Float>, count: Int, by matrix: AlignedBuffer<Float>, to out: UnsafeMutablePointer<Float>,
    _ pool: ThreadPool
  ) {
    let shared = Shared((rows: rows, matrix: matrix, out: out, memory: self))
    pool.run(count: count, grain: 1024) { [stride, dim] range in
      shared.value.memory.withWorkspace { workspace in
        kernel_transform_rows(
          shared.value.rows + range.lowerBound * stride, range.count, stride, dim, shared.value.matrix.base, workspace,
          shared.value.out + range.lowerBound * stride)
      }
    }
  }
}
