import Tensors

/// Hidden layers over two embeddings beside each other, and a linear score of the last one:
///
///     z_1 = relu(A_1 [P_u; Q_i] + a_1),  z_k = relu(A_k z_{k-1} + a_k),  score = <h, z_K> + c
///
/// A_1 is a part for users beside a part for items, so that what depends on a user or an item alone is computed once for each.
struct Tower {
  let layers: [DenseLayer]
  /// h, `[1, outputs of the last layer]`, and c.
  let output: DenseLayer

  init(_ configuration: TowerConfiguration, dim: Int, _ common: NeuralConfiguration) throws {
    var inputs = 2 * dim
    layers = try configuration.layers.enumerated().map { number, outputs in
      defer { inputs = outputs }
      return try DenseLayer(
        "layer\(number + 1)", inputs: inputs, outputs: outputs, configuration.initialization,
        RandomStream(seed: common.seed, purpose: "layer weights", number + 1))
    }
    output = try DenseLayer(
      "output", inputs: inputs, outputs: 1, common.outputInitialization,
      RandomStream(seed: common.seed, purpose: "output weights"))
  }

  var widths: [Int] { layers.map(\.outputs) }
  var parameters: [Parameter] { layers.flatMap(\.parameters) + output.parameters }

  /// The scores of a batch, `[B, 1 + N]`.
  ///
  /// - Parameter dropout: On the outputs of the hidden layers.
  func scores(_ rows: PairRows, _ reader: ParameterReader, betweenLayers dropout: BatchDropout?) throws -> Tensor {
    let (first, dim) = (layers[0], rows.users.shape[1])
    let weights = try reader.all(first.weight)
    let ofUsers =
      try rows.users.matrixProduct(weights.narrowed(axis: 1, to: 0..<dim).transposed()) + reader.all(first.bias!)
    let ofItems = try rows.items.matrixProduct(weights.narrowed(axis: 1, to: dim..<2 * dim).transposed())
    let later = try (layers.dropFirst() + [output]).flatMap { [try reader.all($0.weight), try reader.all($0.bias!)] }
    let function = TowerFunction(rows, dropout: dropout?.isActive == true ? dropout : nil)
    return try function([ofUsers, ofItems] + later)
  }

  /// Puts in the values of a tower of the same shape; those that make the score times a factor.
  func setValues(of other: Tower, timesOutput factor: Float) throws {
    for (own, given) in zip(layers, other.layers) { try own.setValues(of: given) }
    try output.setValues(of: other.output, times: factor)
  }
}
