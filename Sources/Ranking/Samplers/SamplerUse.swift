import Platform

/// Keeps a sampler to one batch at a time.
///
/// From `refresh` to the last draw a sampler holds what it found for a batch. A function of a script that is called there could train
/// another model with the same sampler: that is refused, by the identity of the object, for the samplers within a mixture too.
enum SamplerUse {
  private static let inUse = Locked<Set<ObjectIdentifier>>([])

  /// - Throws: `TrainingError` of kind `busy` where the sampler is in use; what `body` throws.
  static func during<Result>(_ sampler: any Sampler, _ body: () throws -> Result) throws -> Result {
    let all = family(sampler)
    guard let taken = (inUse.withLock { take(all, &$0) }) else {
      defer { inUse.withLock { $0.subtract(all.map { ObjectIdentifier($0) }) } }
      return try body()
    }
    throw TrainingError(
      .busy,
      "sampler '\(taken)' is in the middle of a batch, and was used for another from there; make a second sampler for that, or use "
        + "this one between two batches")
  }

  /// Takes all or none. Returns the name of the first that is in use.
  private static func take(_ samplers: [any Sampler], _ inUse: inout Set<ObjectIdentifier>) -> String? {
    if let taken = samplers.first(where: { inUse.contains(ObjectIdentifier($0)) }) { return taken.name }
    inUse.formUnion(samplers.map { ObjectIdentifier($0) })
    return nil
  }

  private static func family(_ sampler: any Sampler) -> [any Sampler] { [sampler] + sampler.parts.flatMap(family) }
}
