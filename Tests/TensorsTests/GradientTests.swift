import Testing

@testable import Tensors

/// Every operation against finite differences, once and twice.
@Suite struct GradientTests {
  private let step: Float = 0x1p-5

  @Test(arguments: try GradientCase.names()) func firstDerivativesAgreeWithFiniteDifferences(_ name: String) throws {
    let test = try GradientCase.named(name)
    let leaves = test.inputs.map { $0.requiringGradient() }
    let gradients = try Tensor.gradients(of: [objective(test, leaves)], withRespectTo: leaves)
    for (index, gradient) in gradients.enumerated() {
      let expected = try differences(test.inputs, index) { try value(objective(test, $0)) }
      try expectClose(gradient, expected, test, index)
    }
  }

  @Test(arguments: try GradientCase.names()) func secondDerivativesAgreeWithFiniteDifferences(_ name: String) throws {
    let test = try GradientCase.named(name)
    let leaves = test.inputs.map { $0.requiringGradient() }
    let inner = try slope(test, leaves, createGraph: true)
    let gradients = try Tensor.gradients(of: [inner], withRespectTo: leaves)
    for (index, gradient) in gradients.enumerated() {
      let expected = try differences(test.inputs, index) { inputs in
        try value(slope(test, inputs.map { $0.requiringGradient() }, createGraph: false))
      }
      try expectClose(gradient, expected, test, index)
    }
  }

  /// Σ w f + Σ v f²: what flows back into the operation depends on its result, so that the derivative with respect to it counts.
  private func objective(_ test: GradientCase, _ inputs: [Tensor]) throws -> Tensor {
    let result = try test.apply(inputs)
    let weights = try GradientInputs.uniform(result.shape, 0.5, 1.5, seed: 91)
    let squares = try GradientInputs.uniform(result.shape, -0.5, 0.5, seed: 92)
    return try (result * (weights + squares * result)).sum()
  }

  /// The gradient in a fixed direction.
  private func slope(_ test: GradientCase, _ leaves: [Tensor], createGraph: Bool) throws -> Tensor {
    let gradients = try Tensor.gradients(
      of: [objective(test, leaves)], withRespectTo: leaves, createGraph: createGraph)
    var total = try Tensor(0)
    for (index, gradient) in gradients.enumerated() {
      let direction = try GradientInputs.uniform(leaves[index].shape, seed: 93 + UInt64(index))
      total = try total + (#require(gradient) * direction).sum()
    }
    return total
  }

  private func value(_ x: Tensor) throws -> Double { Double(try x.item()) }

  /// Central differences of fourth order in each element of one input.
  private func differences(_ inputs: [Tensor], _ index: Int, _ function: ([Tensor]) throws -> Double) throws -> [Double]
  {
    let elements = try inputs[index].elements()
    return try elements.indices.map { place in
      func at(_ distance: Float) throws -> Double {
        var moved = elements
        moved[place] += distance
        var all = inputs
        all[index] = try Tensor(moved, shape: inputs[index].shape)
        return try function(all)
      }
      let near = try at(step) - at(-step)
      let far = try at(2 * step) - at(-2 * step)
      return (8 * near - far) / (12 * Double(step))
    }
  }

  private func expectClose(_ gradient: Tensor?, _ expected: [Double], _ test: GradientCase, _ index: Int) throws {
    let gradient = try #require(gradient, "\(test.name): no gradient of input \(index)")
    #expect(gradient.shape == test.inputs[index].shape)
    let scale = expected.reduce(1) { max($0, abs($1)) }
    for (place, (got, want)) in zip(try gradient.elements(), expected).enumerated() {
      #expect(
        abs(Double(got) - want) <= test.tolerance * scale,
        "\(test.name), input \(index), element \(place): \(got), by differences \(want)")
    }
  }
}
