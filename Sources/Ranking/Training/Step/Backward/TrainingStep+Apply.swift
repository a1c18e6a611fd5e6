import Kernels
import Tensors

/// Gradients that were collected, and come back to move the parameters.
extension TrainingStep {
  /// Steps once by a set of gradients, whichever batches they are of.
  ///
  /// - Parameter batch: Whose rates, decays and limits count.
  /// - Throws: `TrainingError` where a parameter is not this training's; `NonFinite`. Nothing has moved then.
  func apply(_ given: GradientSet, _ batch: Batch) throws {
    for gradients in given.all where !gradients.isEmpty {
      let parameter = gradients.parameter
      guard state.owns(parameter), parameter.table.training === self else {
        throw TrainingError.setting(
          "the gradients hold parameter '\(parameter.name)', which this trainer does not train; apply them by the trainer that made them"
        )
      }
    }
    let numbers = batch.numbers
    state.prepare(numbers)
    let set = given.copy()
    for parameter in state.parameters where state.everyRowSteps(parameter, numbers) { set.of(parameter).addEveryRow() }
    let factors = try clipFactors(set, numbers, batch)
    catchUp(set)
    let steps = state.kernelSteps(numbers)
    for gradients in set.all where !gradients.isEmpty {
      let group = state.group(of: gradients.parameter)
      gradients.step(steps[group], factor: factors.isEmpty ? 1 : factors[group], pool: pool)
    }
    state.stepped(numbers)
  }

  private func clipFactors(_ set: GradientSet, _ numbers: [GroupNumbers], _ batch: Batch) throws -> [Float] {
    var squares = [Double](repeating: 0, count: numbers.count)
    for gradients in set.all { squares[state.group(of: gradients.parameter)] += gradients.squares(pool: pool) }
    if let total = squares.first(where: { !$0.isFinite }) { throw NonFinite(value: total, isGradient: true) }
    return batch.clips ? clipFactors(numbers, squares, batch.clip) : []
  }

  /// Brings rows up to date that stood aside since their gradients were made.
  private func catchUp(_ set: GradientSet) {
    for gradients in set.all where !gradients.isEmpty {
      let table = gradients.parameter.table
      guard let motion = table.idleMotion else { continue }
      let shared = Shared((motion: motion, view: table.view))
      gradients.rows.withUnsafeBufferPointer { rows in
        let rows = Shared(rows)
        pool.run(count: rows.value.count, grain: 256) {
          shared.value.motion.advance(
            shared.value.view, rows: rows.value.baseAddress! + $0.lowerBound, count: $0.count)
        }
      }
      gradients.parameter.keepWithinBounds(gradients.rows)
    }
  }
}
