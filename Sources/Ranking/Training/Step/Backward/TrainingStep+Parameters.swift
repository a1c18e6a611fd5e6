import Kernels
import Tensors

/// Gradients and steps of what is learned besides the tables that score: boundaries, margins, temperatures, weights.
extension TrainingStep {
  /// What the fused kernels do not step.
  func otherParameters(_ work: UpdateWork) -> [Parameter] {
    state.parameters.filter { $0 !== work.steppedUsers && $0 !== work.steppedItems }
  }

  func addParameterGradients(_ batch: Batch, _ loss: Loss, _ memory: BatchMemory) {
    loss.addParameterGradients(plane(batch, memory), to: gradients)
    // Where pairs are scored the boundary goes back through the scorer's own operations.
    if case .factors = model.scoring { addBoundaryGradients(batch, memory) }
  }

  /// W and c: the batch's rows in their order.
  private func addBoundaryGradients(_ batch: Batch, _ memory: BatchMemory) {
    guard let boundary = model.boundary else { return }
    let parameter = boundary.parameter
    if boundary.kind == .user {
      for row in 0..<batch.rowCount {
        gradients.of(parameter).add(memory.boundaryGradients[row], row: Int(memory.users[row]))
      }
      return
    }
    var sum = [Double](repeating: 0, count: parameter.columnCount)
    for row in 0..<batch.rowCount where memory.boundaryGradients[row] != 0 {
      let slope = Double(memory.boundaryGradients[row])
      let scoring = memory.scoringRows.base + row * memory.stride
      for column in 0..<model.dim { sum[column] += slope * Double(scoring[column]) }
      if boundary.kind == .linearBias { sum[model.dim] += slope }
    }
    sum.map(Float.init).withUnsafeBufferPointer { gradients.of(parameter).add($0.baseAddress!, row: 0) }
  }

  /// Adds the L2 term of embeddings that the fused kernels do not step.
  func regularizeParameters(_ work: UpdateWork) {
    addNormsOfCountedRows(work)
    for parameter in otherParameters(work) {
      if everyRowSteps(parameter, work.batch, work.numbers) {
        let gradients = gradients.of(parameter)
        work.joinsNorms ? gradients.moveEveryRow() : gradients.addEveryRow()
      }
      if let weight = normWeight(of: parameter, work), !work.joinsNorms {
        gradients.of(parameter).addSquaredNorm(weight: weight, pool: pool)
      }
    }
  }

  /// The weight of a table's squares; `nil` where they do not count, or are those of the batch's rows.
  private func normWeight(of parameter: Parameter, _ work: UpdateWork) -> Float? {
    guard isRegularized(parameter), let regularization = work.batch.regularization,
      !regularization.scope.countsRows
    else { return nil }
    return Float(regularization.weight)
  }

  /// Steps all parameters that do not score themselves, by the gradients that were added to them.
  func stepParameters(_ work: UpdateWork) {
    for parameter in otherParameters(work) {
      let group = state.group(of: parameter)
      var numbers = work.steps[group]
      if work.joinsNorms, let weight = normWeight(of: parameter, work) { numbers.weight_decay += weight }
      let own = gradients.of(parameter)
      if own.moves { own.step(numbers, factor: work.factor(group), pool: pool) }
    }
  }
}
