/// What is added to the loss.
extension TrainingStep {
  /// Adds the gradients of the terms to those of the loss.
  ///
  /// - Throws: What a term throws; `NonFinite` for a value that is no number.
  func addTerms(_ terms: [any Term], _ work: UpdateWork) throws -> [TermValue] {
    guard !terms.isEmpty else { return [] }
    let batch = TermBatch(self, work)
    let values = try terms.map { term in
      let value = try term.addGradients(batch, to: gradients)
      guard value.isFinite else { throw NonFinite(value: value, term: term.name) }
      return TermValue(name: term.name, value: value)
    }
    for gradient in gradients.all { gradient.clearConstantColumn() }
    return values
  }
}
