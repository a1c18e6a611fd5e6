extension NeuMF {
  /// Starts from a trained product and a trained tower, whose scores it then adds, weighted:
  ///
  ///     s = alpha s_gmf + (1 - alpha) s_mlp
  ///
  /// He et al., WWW 2017, section 3.4.1, Eq. 13; with embeddings and layers as they are and the weights that make the scores, c
  /// included, times alpha and 1 - alpha. Both may be trained further, or thrown away: nothing is shared.
  ///
  /// - Parameter alpha: In [0, 1].
  /// - Throws: `TrainingError` for models of another size, or in the middle of a batch; nothing has changed then.
  public func start(fromProduct gmf: GMF, tower ncf: NCF, alpha: Double = 0.5) throws {
    guard (0...1).contains(alpha) else {
      throw TrainingError.setting("\(name): alpha is \(alpha); want a number from 0 to 1")
    }
    try checkSize(gmf, "gmf")
    try checkSize(ncf, "mlp")
    try check(gmf.dim == dim, "gmf", "dim = \(gmf.dim)", "dim = \(dim)")
    try check(ncf.dim == towerDim, "mlp", "dim = \(ncf.dim)", "mlp_dim = \(towerDim)")
    try check(ncf.layers == layers, "mlp", "layers \(ncf.layers)", "layers \(layers)")
    try embeddings.setValues(of: gmf.embeddings)
    try factorOutput.setValues(of: gmf.output, times: Float(alpha))
    try towerEmbeddings.setValues(of: ncf.embeddings)
    try tower.setValues(of: ncf.tower, timesOutput: Float(1 - alpha))
    try tower.output.bias!.setValues([
      Float(alpha) * gmf.output.biasValues[0] + Float(1 - alpha) * ncf.tower.output.biasValues[0]
    ])
    for part in gmf.trainedParts + ncf.trainedParts { noteTraining(on: part) }
  }

  private func checkSize(_ model: any NeuralModel, _ role: String) throws {
    try check(
      model.userCount == userCount && model.itemCount == itemCount, role,
      "\(model.userCount) users and \(model.itemCount) items", "\(userCount) and \(itemCount)")
  }

  private func check(_ holds: Bool, _ role: String, _ found: String, _ wanted: String) throws {
    guard holds else {
      throw TrainingError.setting(
        "\(name): the pretrained \(role) has \(found), and this model \(wanted); make both of the same size")
    }
  }
}
