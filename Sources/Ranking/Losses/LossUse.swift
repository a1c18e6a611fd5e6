import Platform

/// Keeps a loss to one batch at a time.
///
/// A loss holds what it prepared for a batch until that batch is over. Its own function, a schedule or an encoding could use it
/// for another batch in between, or another thread could: all that is refused, by the identity of the object.
enum LossUse {
  private static let inUse = Locked<Set<ObjectIdentifier>>([])

  /// - Throws: `TrainingError` of kind `busy` where the loss is in use; what `body` throws.
  static func during<Result>(_ loss: any Loss, _ body: () throws -> Result) throws -> Result {
    let identity = ObjectIdentifier(loss)
    guard inUse.withLock({ $0.insert(identity).inserted }) else {
      throw TrainingError(
        .busy,
        "loss '\(loss.name)' is in the middle of a batch, and was used for another from there; make a second loss for that, or use this "
          + "one between two batches")
    }
    defer { inUse.withLock { _ = $0.remove(identity) } }
    return try body()
  }
}
