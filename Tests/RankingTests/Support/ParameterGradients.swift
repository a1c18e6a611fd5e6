import Tensors

@testable import Ranking

/// The loss of a batch and its gradient with respect to every parameter of a model, a loss and terms, read off a step of plain SGD.
///
/// The rate is so large that the difference loses nothing to rounding. The parameters are put back.
func parameterGradients(
  of model: any RankingModel, _ batch: GivenBatch, _ loss: Loss, _ settings: GivenBatch.Settings = .init(),
  pool: ThreadPool = .shared
) throws -> (loss: Double, gradients: [String: [Double]]) {
  let step = try TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1024), pool: pool)
  let parameters = model.trainedParameters.adding(Objective(loss, settings.terms).parameters)
  let before = parameters.map(\.currentValues)
  var settings = settings
  settings.rate = 1024
  let value = try batch.run(step, loss, settings)
  var result: [String: [Double]] = [:]
  for (parameter, before) in zip(parameters, before) {
    result[parameter.name] = zip(before, parameter.currentValues).map { (Double($0) - Double($1)) / 1024 }
    try parameter.setValues(before)
  }
  return (value, result)
}

/// Gradients by central differences of the batch's loss and what terms add to it. The loss is summed in float64 from float32 scores: good to about 1e-3.
func differenceGradients(
  of model: any RankingModel, _ batch: GivenBatch, _ loss: Loss, _ settings: GivenBatch.Settings = .init(),
  width: Float = 1e-2
) throws -> [String: [Double]] {
  let parameters = model.trainedParameters.adding(Objective(loss, settings.terms).parameters)
  var settings = settings
  settings.rate = 0
  func value() throws -> Double {
    let value = try batch.value(
      TrainingStep(model: model, optimizer: Optimizer(.sgd(momentum: 0), rate: 1), pool: .shared), loss, settings)
    return value.terms.reduce(value.loss) { $0 + $1.value }
  }
  var result: [String: [Double]] = [:]
  for parameter in parameters {
    let values = parameter.currentValues
    result[parameter.name] = try values.indices.map { place in
      var moved = values
      moved[place] = values[place] + width
      try parameter.setValues(moved)
      let above = try value()
      moved[place] = values[place] - width
      try parameter.setValues(moved)
      let below = try value()
      try parameter.setValues(values)
      return (above - below) / (2 * Double(width))
    }
  }
  return result
}
