/// The weights of a batch in a loss that does not read them itself.
extension LossTrace {
  /// - Throws: `LossProgramError` where weights have no meaning for what the function returned.
  func weigh(_ result: TracedValue) throws -> TracedValue {
    if batch.offers.contains(.tripletWeight), !needs.contains(.tripletWeight) {
      throw LossProgramError(
        "the trainer's weight gives one for each triplet, and the loss does not read s.triplet_weight; multiply each negative's term by it, or "
          + "give a weight [B] of each positive")
    }
    guard batch.offers.contains(.weight), !needs.contains(.weight) else { return result }
    if result.kind == .row { return try result * required(.weight) }
    guard result.kind == .scalar else { return result }
    guard !computesWithTensors else {
      throw LossProgramError(
        "the trainer has a weight, and the loss is computed with tensors to one number; return one number for each positive, or multiply "
          + "by s.weight in the loss")
    }
    weighsParts = true
    _ = try required(.weight)
    return result
  }
}
