import Interactions

/// The rows of one side: what each has, and how they are shared out.
final class RowProblems: Sendable {
  /// Rows are users, or items.
  private let matrix: InteractionMatrix
  /// Rows of about equal work.
  let tasks: [Range<Int>]
  /// Tasks between which an interruption is looked for.
  let rounds: [Range<Int>]

  private static let taskOperations = 2e6
  private static let tasksOfRound = 128

  init(_ matrix: InteractionMatrix, dim: Int, _ configuration: AlternatingLeastSquares.Configuration) {
    self.matrix = matrix
    var tasks: [Range<Int>] = []
    var (first, work) = (0, 0.0)
    for row in 0..<matrix.userCount {
      work += Self.operations(count: matrix.items(of: row).count, dim: dim, configuration.method)
      if work >= Self.taskOperations || row == matrix.userCount - 1 {
        tasks.append(first..<row + 1)
        (first, work) = (row + 1, 0)
      }
    }
    self.tasks = tasks
    rounds = Swift.stride(from: 0, to: tasks.count, by: Self.tasksOfRound).map { [count = tasks.count] in
      $0..<min(count, $0 + Self.tasksOfRound)
    }
  }

  /// About what a row of `count` entries costs.
  private static func operations(count: Int, dim: Int, _ method: AlternatingLeastSquares.Configuration.Method) -> Double
  {
    let (count, dim) = (Double(count), Double(dim))
    let rows = dim * dim + 4 * count * dim
    switch method {
    case .conjugateGradient(let steps): return rows + 2 * Double(steps + 1) * count * dim
    case .cholesky:
      let unknowns = min(count, dim)
      return rows + unknowns * unknowns * max(count, dim) / 2 + unknowns * unknowns * unknowns / 6
    }
  }

  var rowCount: Int { matrix.userCount }
  var fixedCount: Int { matrix.itemCount }
  var byteCount: Int { 8 * matrix.rowOffsets.count + 4 * matrix.count + 16 * tasks.count }

  func withIndices<Result>(_ body: (UnsafePointer<Int>?, UnsafePointer<Int32>?) -> Result) -> Result {
    matrix.rowOffsets.withUnsafeBufferPointer { offsets in
      matrix.items.withUnsafeBufferPointer { body(offsets.baseAddress, $0.baseAddress) }
    }
  }
}
