extension View {
  /// The gradient of what was viewed.
  func inputGradient(_ step: BackwardStep) throws -> Tensor {
    let shape = step.inputShape(0)
    switch self {
    case .reshape: return try step.gradient.reshaped(shape)
    case .permute(let axes):
      return try step.gradient.permuted(axes.indices.map { axis in axes.firstIndex(of: axis)! })
    case .expand: return try step.gradient.summed(to: shape)
    case .slice(let slices): return try Operation.embed(slices: slices, shape: shape).evaluate(step.gradient)
    }
  }
}
