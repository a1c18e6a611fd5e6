/// A function of tensors that is computed in one pass by hand, because a pass for each operation would cost much more.
///
/// The same function made of operations says what it means, and is differentiated where a gradient is to be differentiated again.
public protocol FusedFunction: AnyObject {
  /// For messages.
  var name: String { get }

  func value(of inputs: [Tensor]) throws -> Tensor

  /// For each input the derivative of `Σ value * gradient`, of the input's shape.
  ///
  /// - Parameter gradient: Of the value's shape, contiguous.
  func gradients(_ gradient: Tensor, inputs: [Tensor]) throws -> [Tensor]

  /// The same value, made of differentiable operations.
  func composed(of inputs: [Tensor]) throws -> Tensor
}

extension Tensor {
  /// A fused function as one operation of the recorded graph.
  public static func fused(_ function: any FusedFunction, _ inputs: [Tensor]) throws -> Tensor {
    try Operation.fused(function).evaluate(inputs)
  }
}

extension FusedFunction {
  func inputGradients(_ step: BackwardStep) throws -> [Tensor?] {
    let inputs = (0..<step.inputCount).map(step.input)
    guard !Recording.isPaused else { return try gradients(step.gradient.contiguous(), inputs: inputs) }
    // Views of their own, so that an input that was computed from another counts as itself alone.
    let own = try inputs.map { $0.requiresGradient ? try $0.reshaped($0.shape) : $0 }
    let wanted = own.indices.filter { own[$0].requiresGradient && step.wanted[$0] }
    let found = try Tensor.gradients(
      of: [composed(of: own)], withRespectTo: wanted.map { own[$0] }, outputGradients: [step.gradient],
      createGraph: true)
    var result = [Tensor?](repeating: nil, count: inputs.count)
    for (index, gradient) in zip(wanted, found) { result[index] = gradient }
    return result
  }
}
