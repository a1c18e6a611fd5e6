/// What is minimized: a ranking loss, and terms that are added to it.
struct Objective {
  let loss: any Loss
  var terms: [any Term] = []

  /// Weights of triplets that are learned, where there are any.
  var importance: TripletImportance?

  init(_ loss: any Loss, _ terms: [any Term] = [], importance: TripletImportance? = nil) {
    (self.loss, self.terms, self.importance) = (loss, terms, importance)
  }

  /// Whose parameters beside the model's, in words.
  var parts: [(text: String, parameters: [Parameter])] {
    [("loss '\(loss.name)'", loss.parameters)] + terms.map { ("term '\($0.name)'", $0.parameters) }
      + (importance.map { [("the weighting", $0.parameters)] } ?? [])
  }

  /// Of the loss, the terms and the weighting, each once.
  var parameters: [Parameter] { loss.parameters.adding(parts.dropFirst().flatMap(\.parameters)) }
}

extension [Parameter] {
  /// With those of another list that are not here.
  func adding(_ others: [Parameter]) -> [Parameter] {
    others.reduce(into: self) { all, parameter in
      if !all.contains(where: { $0 === parameter }) { all.append(parameter) }
    }
  }
}
