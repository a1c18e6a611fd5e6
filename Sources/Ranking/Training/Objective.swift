/// What is minimized: a ranking loss, and terms that are added to it.
struct Objective {
  let loss: any Loss
  var terms: [any Term] = []

  init(_ loss: any Loss, _ terms: [any Term] = []) { (self.loss, self.terms) = (loss, terms) }

  /// Whose parameters beside the model's, in words.
  var parts: [(text: String, parameters: [Parameter])] {
    [("loss '\(loss.name)'", loss.parameters)] + terms.map { ("term '\($0.name)'", $0.parameters) }
  }

  /// Of the loss and the terms, each once.
  var parameters: [Parameter] { loss.parameters.adding(terms.flatMap(\.parameters)) }
}

extension [Parameter] {
  /// With those of another list that are not here.
  func adding(_ others: [Parameter]) -> [Parameter] {
    others.reduce(into: self) { all, parameter in
      if !all.contains(where: { $0 === parameter }) { all.append(parameter) }
    }
  }
}
