import Kernels
import Tensors

// One side's rows for the other's as they stand.

extension AlternatingLeastSquares {
  /// Writes the rows of one side, and gives the objective as it is with them.
  ///
  /// - Parameters:
  ///   - start: The side's rows before.
  ///   - fixed: The other side's rows, called `fixedName`.
  func solve(
    _ problems: RowProblems, from start: UnsafePointer<Float>, for fixed: UnsafePointer<Float>, _ fixedName: String,
    into rows: UnsafeMutablePointer<Float>, _ memory: SolvingMemory, _ isInterrupted: () -> Bool
  ) throws -> Double {
    if isInterrupted() { throw interruption }
    let (matrix, square) = try gram(of: fixed, count: problems.fixedCount, memory)
    let coordinates = try coordinates(matrix, fixedName, memory)
    memory.transform(fixed, count: problems.fixedCount, by: coordinates.toSolve, to: memory.fixed.base, pool)
    var errors = 0.0
    for round in problems.rounds {
      if isInterrupted() { throw interruption }
      errors += solve(problems, round, from: start, coordinates, into: rows, memory)
    }
    let objective = errors + configuration.regularization * square
    guard objective.isFinite else { throw notFinite(fixedName) }
    return objective
  }

  /// Y'Y, and |Y|².
  ///
  /// Blocks of rows are summed apart and then in order, so that the bits do not depend on the threads.
  private func gram(of fixed: UnsafePointer<Float>, count: Int, _ memory: SolvingMemory) throws
    -> (PositiveDefiniteMatrix, square: Double)
  {
    let (dim, stride) = (memory.dim, memory.stride)
    let purpose = "wrmf: sums of products of \(dim) numbers"
    // Few blocks: each has sums of its own.
    let grain = max(4096, (count + 15) / 16)
    let sums = try AlignedBuffer<Double>(count: (count + grain - 1) / grain * dim * dim, repeating: 0, for: purpose)
    let shared = Shared((fixed: fixed, sums: sums, memory: memory))
    pool.run(count: count, grain: grain) { range in
      shared.value.memory.withWorkspace { workspace in
        kernel_add_gram(
          shared.value.fixed + range.lowerBound * stride, range.count, stride, dim, workspace,
          shared.value.sums.base + range.lowerBound / grain * dim * dim)
      }
    }
    let matrix = try PositiveDefiniteMatrix(size: dim, for: purpose, pool: pool)
    var square = 0.0
    for row in 0..<dim {
      for column in 0...row {
        for place in Swift.stride(from: column * dim + row, to: sums.count, by: dim * dim) {
          matrix[row, column] += sums[place]
        }
      }
      square += matrix[row, row]
    }
    return (matrix, square)
  }

  /// Between rows as they are and the coordinates in which they are solved, L of L L' = Y'Y + l I.
  struct Coordinates {
    /// L'⁻¹: a row y becomes z, y' L'⁻¹.
    let toSolve: AlignedBuffer<Float>
    /// L⁻¹: a row w becomes x, w' L⁻¹.
    let fromSolved: AlignedBuffer<Float>
    /// L: a row x becomes w, x' L.
    let toStart: AlignedBuffer<Float>
  }

  private func coordinates(_ matrix: PositiveDefiniteMatrix, _ fixedName: String, _ memory: SolvingMemory) throws
    -> Coordinates
  {
    let dim = memory.dim
    for row in 0..<dim { matrix[row, row] += configuration.regularization }
    do { try matrix.factorize() } catch is PositiveDefiniteMatrix.NotPositiveDefinite {
      throw notFinite(fixedName)
    }
    let toStart = try memory.matrix { matrix[max($0, $1), min($0, $1)] * ($1 <= $0 ? 1 : 0) }
    try matrix.invertFactor()
    return Coordinates(
      toSolve: try memory.matrix { $0 <= $1 ? matrix[$1, $0] : 0 },
      fromSolved: try memory.matrix { $1 <= $0 ? matrix[$0, $1] : 0 }, toStart: toStart)
  }

  /// Solves the tasks of a round. Returns what their rows add to the objective.
  private func solve(
    _ problems: RowProblems, _ round: Range<Int>, from start: UnsafePointer<Float>, _ coordinates: Coordinates,
    into rows: UnsafeMutablePointer<Float>, _ memory: SolvingMemory
  ) -> Double {
    let steps = if case .conjugateGradient(let count) = configuration.method { count } else { 0 }
    let confidence = Float(configuration.observedConfidence)
    var errors = [Double](repeating: 0, count: round.count)
    errors.withUnsafeMutableBufferPointer { errors in
      let shared = Shared(
        (start: start, rows: rows, memory: memory, coordinates: coordinates, problems: problems, errors: errors))
      pool.run(count: round.count) { [stride = memory.stride, dim = memory.dim] place in
        let range = shared.value.problems.tasks[round.lowerBound + place]
        let out = shared.value.rows + range.lowerBound * stride
        shared.value.memory.withWorkspace { workspace in
          if steps > 0 {
            kernel_transform_rows(
              shared.value.start + range.lowerBound * stride, range.count, stride, dim,
              shared.value.coordinates.toStart.base, workspace, out)
          }
          shared.value.errors[place] = shared.value.problems.withIndices { offsets, indices in
            var problem = kernel_weighted_rows(
              fixed: shared.value.memory.fixed.base, offsets: offsets, indices: indices, stride: stride, dim: dim,
              confidence: confidence, steps: steps)
            return kernel_solve_weighted_rows(&problem, range.lowerBound, range.upperBound, workspace, out)
          }
          kernel_transform_rows(
            out, range.count, stride, dim, shared.value.coordinates.fromSolved.base, workspace, out)
        }
      }
    }
    return errors.reduce(0, +)
  }

  private var interruption: TrainingError {
    TrainingError(.interrupted, "stopped in epoch \(epochsDone + 1); the model stands as after epoch \(epochsDone)")
  }

  private func notFinite(_ fixedName: String) -> TrainingError {
    TrainingError(
      .notFinite,
      "wrmf: in epoch \(epochsDone + 1) the \(fixedName)' rows are not finite, or so large that regularization = "
        + "\(configuration.regularization) is lost beside them; the model stands as after epoch \(epochsDone). Fit a new model with "
        + "a smaller initialization, a smaller alpha or a larger regularization")
  }
}
