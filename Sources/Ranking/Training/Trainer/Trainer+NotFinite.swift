/// What is said of a batch that is no number.
extension Trainer {
  func namingNonFinite<Result>(
    _ objective: Objective, at position: TrainingPosition, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let failure as TrainingStep.NonFinite {
      throw notFinite(failure, objective, at: position)
    }
  }

  private func notFinite(_ failure: TrainingStep.NonFinite, _ objective: Objective, at position: TrainingPosition)
    -> TrainingError
  {
    let bad = model.trainedParameters.adding(objective.parameters).compactMap { parameter -> String? in
      let values = parameter.currentValues
      guard let place = values.firstIndex(where: { !$0.isFinite }) else { return nil }
      let what = ["user": "the user embeddings", "item": "the item embeddings"][parameter.name]
      return "\(what ?? "parameter '\(parameter.name)'") hold \(values[place].isNaN ? "nan" : "\(values[place])") "
        + "(first in row \(place / parameter.columnCount))"
    }
    let loss = "the loss '\(objective.loss.name)'"
    let subject = failure.term.map { "term '\($0)'" } ?? (failure.isGradient ? "the gradient of \(loss)" : loss)
    // An invalid operation may leave a NaN with a sign, which means nothing.
    let value = failure.value.isNaN ? "nan" : "\(failure.value)"
    let overflow =
      failure.isGradient ? "its gradient overflows" : "the \(failure.term == nil ? "loss" : "term") itself overflows"
    let cause = bad.isEmpty ? "all parameters are finite, so \(overflow)" : bad.joined(separator: " and ")
    return TrainingError(
      .notFinite,
      "\(subject) is \(value) at epoch \(position.epoch), step \(position.step): \(cause); nothing was changed by this "
        + "batch. Try a lower rate, gradient clipping (clip = 10), or a loss with a larger temperature")
  }
}
