@testable import Ranking

/// A plain dense optimizer over one table: every row steps at every step. In `Double` it is the reference, in `Float` it is what
/// PyTorch computes.
struct DenseOptimizer<Real: BinaryFloatingPoint> {
  let method: Optimizer.Method
  var values: [Real]
  private var first: [Real]
  private var second: [Real]
  private(set) var step = 0

  init(_ optimizer: Optimizer, values: [Float]) {
    method = optimizer.method
    self.values = values.map { Real($0) }
    first = [Real](repeating: 0, count: values.count)
    second = [Real](repeating: Real(optimizer.initialSecondMoment), count: values.count)
  }

  /// Steps elements in `range` (all of them in a dense optimizer); `begins` once a step.
  mutating func advance(_ gradients: [Real], rate: Double, weightDecay: Double = 0, rows: [Range<Int>]? = nil) {
    step += 1
    for range in rows ?? [values.indices] {
      for i in range { advance(i, gradients[i], rate: Real(rate), weightDecay: Real(weightDecay)) }
    }
  }

  private mutating func advance(_ i: Int, _ gradient: Real, rate: Real, weightDecay: Real) {
    switch method {
    case .sgd(let momentum):
      let g = gradient + weightDecay * values[i]
      first[i] = Real(momentum) * first[i] + g
      values[i] -= rate * first[i]
    case .adagrad(let variant):
      let g = gradient + weightDecay * values[i]
      if variant != .lightfm { second[i] += g * g }
      values[i] -= rate * g / (second[i].squareRoot() + (variant == .torch ? 1e-10 : 0))
      if variant == .lightfm { second[i] += g * g }
    case .adam(let options):
      var g = gradient
      // PyTorch multiplies by 1 - rate · decay, which in float32 drifts by 1e-4 of the parameter within 5,000 steps.
      if options.decoupled { values[i] -= rate * weightDecay * values[i] } else { g += weightDecay * values[i] }
      adam(i, g, rate, options)
    }
  }

  private mutating func adam(_ i: Int, _ g: Real, _ rate: Real, _ options: Optimizer.AdamOptions) {
    first[i] = Real(options.beta1) * first[i] + Real(1 - options.beta1) * g
    second[i] = Real(options.beta2) * second[i] + Real(1 - options.beta2) * g * g
    let correction1 = 1 - pow(options.beta1, step)
    let correction2 = 1 - pow(options.beta2, step)
    if options.keras {
      let factor = correction2.squareRoot() / correction1
      values[i] -= rate * Real(factor) * first[i] / (second[i].squareRoot() + Real(options.epsilon))
    } else {
      let denominator = second[i].squareRoot() / Real(correction2.squareRoot()) + Real(options.epsilon)
      values[i] -= rate / Real(correction1) * first[i] / denominator
    }
  }
}
