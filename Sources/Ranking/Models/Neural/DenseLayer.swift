import Tensors

/// How the weights of a dense layer start, uniform in ±bound; biases start at 0.
public enum LayerInitialization: String, Sendable, CaseIterable {
  /// Bound sqrt(6 / (inputs + outputs)). Glorot and Bengio, AISTATS 2010, Eq. 16.
  case glorotUniform = "glorot_uniform"
  /// Bound sqrt(3 / inputs). LeCun et al., "Efficient BackProp", 1998, section 4.6.
  case lecunUniform = "lecun_uniform"

  func bound(inputs: Int, outputs: Int) -> Double {
    switch self {
    case .glorotUniform: (6 / Double(inputs + outputs)).squareRoot()
    case .lecunUniform: (3 / Double(inputs)).squareRoot()
    }
  }
}

/// A dense layer `x A' + a`: the parameters of one, shared by all users and items.
struct DenseLayer {
  /// A, `[outputs, inputs]`.
  let weight: Parameter
  /// a, `[1, outputs]`; `nil` for a layer without.
  let bias: Parameter?

  /// - Parameter name: The parameters are `NAME_weight` and `NAME_bias`.
  init(
    _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, _ initialization: LayerInitialization,
    _ stream: RandomStream
  ) throws {
    let bound = initialization.bound(inputs: inputs, outputs: outputs)
    weight = try Parameter(name: "\(name)_weight", owner: .shared, rowCount: outputs, columnCount: inputs) {
      Float((stream.uniformDouble(at: UInt64($0 * inputs + $1)) * 2 - 1) * bound)
    }
    bias =
      hasBias
      ? try Parameter(name: "\(name)_bias", owner: .shared, rowCount: 1, columnCount: outputs) { _, _ in 0 } : nil
  }

  var inputs: Int { weight.columnCount }
  var outputs: Int { weight.rowCount }
  var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }

  /// `[n, inputs]` to `[n, outputs]`.
  func callAsFunction(_ x: Tensor, _ reader: ParameterReader) throws -> Tensor {
    let product = try x.matrixProduct(reader.all(weight).transposed())
    return try bias.map { try product + reader.all($0) } ?? product
  }

  /// Puts in the values of a layer of the same shape, times a factor.
  func setValues(of other: DenseLayer, times factor: Float = 1) throws {
    try weight.setValues(other.weight.currentValues.map { $0 * factor })
    try bias?.setValues(other.biasValues.map { $0 * factor })
  }

  /// a as it stands, 0 for a layer without.
  var biasValues: [Float] { bias?.currentValues ?? [Float](repeating: 0, count: outputs) }
}
