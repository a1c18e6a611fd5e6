import Kernels

/// Gradients longer than a limit are scaled down to it; mostly they are not, and a cheap bound shows it.
extension TrainingStep {
  /// Whether a bound shows that clipping would multiply by exactly 1, so that rows can step without their gradients being stored.
  ///
  /// The bound is that of `kernel_bound_items` for items and the norm itself for all else. It holds up to rounding, which is less
  /// than the number of terms of a sum times 2^-24 of it, once in the bound and once in the gradients: `slack` is more. Where it
  /// is no number, or so large that a float might overflow, the exact norm has to say what is the matter.
  func clipsNothing(_ work: UpdateWork) throws -> Bool {
    guard boundsGradients else { return false }
    var bound = try updateTables(work, phase: .measure)
    let slack = 1 + 0x1p-22 * Double(work.blockStarts[blockCount] + work.memory.stride + 16)
    bound.items *= slack * slack
    guard bound.items < 1e60, bound.users < 1e60, let factors = try? clipFactors(work, bound) else { return false }
    return factors.allSatisfy { $0 == 1 }
  }

  /// As PyTorch's clip_grad_norm_, once for all groups without a limit of their own and once for each of the others.
  func clipFactors(_ work: UpdateWork, _ tableSquares: TableSquares) throws -> [Float] {
    var squares = [Double](repeating: 0, count: work.numbers.count)
    if let items = work.steppedItems { squares[state.group(of: items)] += tableSquares.items }
    if let users = work.steppedUsers { squares[state.group(of: users)] += tableSquares.users }
    for parameter in otherParameters(work) {
      squares[state.group(of: parameter)] += gradients.of(parameter).squares(pool: pool)
    }
    if let total = squares.first(where: { !$0.isFinite }) { throw NonFinite(value: total, isGradient: true) }
    return clipFactors(work.numbers, squares, work.batch.clip)
  }

  /// - Parameters:
  ///   - squares: Of the gradients' norms, by group.
  ///   - clip: The limit of groups without one of their own.
  func clipFactors(_ numbers: [GroupNumbers], _ squares: [Double], _ clip: Double?) -> [Float] {
    let shared = zip(numbers, squares).reduce(0) { $0 + ($1.0.clip == nil ? $1.1 : 0) }
    return zip(numbers, squares).map { numbers, own in
      guard let clip = numbers.clip ?? clip else { return 1 }
      return Float(min(1, clip / ((numbers.clip == nil ? shared : own).squareRoot() + 1e-6)))
    }
  }

  /// Sums of squares of gradients by table.
  struct TableSquares {
    var items = 0.0
    var users = 0.0
  }
}
