import Platform

/// Everything that decides a trainer's next bit.
///
/// The order of the positives, the negatives and the dropout are functions of the seed and the place, so that the place is enough. A
/// script's own variables are no part of it.
extension Trainer: Stateful {
  /// - Throws: `TrainingError` of kind `busy` in the middle of a batch.
  public func snapshot() throws -> Snapshot {
    if case .batch(let position)? = activity {
      throw TrainingError(
        .busy,
        "a trainer cannot be saved in the middle of a batch (epoch \(position.epoch), step \(position.step)); do it between two batches"
      )
    }
    try trainingStep.checkOwnership(objective)
    try trainingStep.adoptParameters(of: objective)
    var snapshot = Snapshot()
    snapshot.add(description.snapshot, under: "description")
    snapshot["place"] = .integers([Int64(epoch), Int64(place), Int64(epochBatches), Int64(batchSize), shuffles ? 1 : 0])
    // A script may have assigned another batch since the epoch was drawn.
    if drawsWithReplacement { snapshot["epoch_length"] = .integers([Int64(epochLength)]) }
    snapshot["epoch"] = .doubles([epochLoss, epochSeconds])
    snapshot.add(epochTerms.snapshot, under: "epoch_terms")
    if let epochCorrupted { snapshot["epoch_corrupted"] = .integers(epochCorrupted.numbers) }
    snapshot.add(try trainingStep.state.snapshot(), under: "optimizer")
    snapshot.add(evaluations.snapshot(), under: "evaluations")
    snapshot.add(numbers.snapshot, under: "numbers")
    noteHistory(&snapshot)
    snapshot["trained_parts"] = .integers(model.trainedParts.map { Int64(bitPattern: $0.fingerprint) })
    snapshot["trained_rules"] = .texts(model.trainedParts.map(\.rule))
    if let accumulated { snapshot.add(accumulated.snapshot(), under: "accumulated") }
    for (name, part) in statefulParts { snapshot.add(try part.snapshot(), under: name) }
    return snapshot
  }

  private func noteHistory(_ snapshot: inout Snapshot) {
    snapshot["history.epochs"] = .integers(history.map { Int64($0.epoch) })
    snapshot["history.losses"] = .doubles(history.map(\.loss))
    snapshot["history.seconds"] = .doubles(history.map(\.seconds))
    if history.contains(where: { !$0.terms.isEmpty }) {
      snapshot.setMetrics(history.map { $0.terms.map { ($0.name, $0.value) } }, as: "history.terms")
    }
    if history.contains(where: { $0.corrupted != nil }) {
      // No epoch has a sample less than none.
      snapshot["history.corrupted"] = .integers(history.flatMap { $0.corrupted?.numbers ?? [-1, -1, -1, -1] })
    }
    if history.contains(where: { $0.weights != nil }) {
      snapshot["history.weights"] = .doubles(history.flatMap { ($0.weights ?? WeightSummary()).numbers })
    }
    snapshot.setMetrics(history.map(\.metrics), as: "history.metrics")
    guard let best else { return }
    snapshot["best.epoch"] = .integers([Int64(best.epoch)])
    snapshot["best.value"] = .doubles([best.value])
    snapshot["best.words"] = .texts([best.metric, best.part])
  }

  /// - Throws: `TrainingError`: of kind `busy` from within a batch, an epoch or a run of this trainer; where the snapshot is of another
  ///   trainer, with all that differs.
  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    try checkIdle(for: "a restoration")
    return try restorationOfRun(from: snapshot)
  }

  /// The same for the run that the trainer is in.
  ///
  /// - Parameter isForced: Whether a snapshot of another trainer will do, as far as its numbers fit.
  package func restorationOfRun(from snapshot: Snapshot, isForced: Bool = false) throws -> () -> Void {
    try trainingStep.checkOwnership(objective)
    if !isForced { try checkDescription(TrainerDescription(snapshot.part("description"))) }
    let places = try snapshot.integers("place", count: 5)
    let sums = try snapshot.doubles("epoch", count: 2)
    let terms = try TermSums(snapshot.part("epoch_terms"))
    let corrupted =
      snapshot["epoch_corrupted"] == nil
      ? nil : try CorruptedSamples(numbers: snapshot.integers("epoch_corrupted", count: 4))
    let counts = 0...Int(Int32.max)
    let length = drawsWithReplacement ? try snapshot.integers("epoch_length", count: 1)[0] : pairCount
    guard counts.contains(places[0]), counts.contains(places[2]), places[3] >= 1,
      length >= 1, (0..<length).contains(places[1])
    else {
      throw TrainingError.setting("what was saved stands at place \(places[1]) of \(length) in epoch \(places[0])")
    }
    // Drawn for the restored epoch, by the trainer's own seed.
    let order = places[1] == 0 ? EpochOrder() : try orderOfEpoch(places[0], length: length, shuffled: places[4] != 0)
    let (history, best) = (try history(of: snapshot), try bestEpoch(of: snapshot))
    let parts = try trainedParts(of: snapshot)
    let waiting = snapshot.part("accumulated")
    let accumulated = waiting.isEmpty ? nil : try AccumulatedGradients(waiting)
    var rest = try statefulParts.map { try $1.restoration(from: snapshot.part($0)) }
    rest.append(try numbers.restoration(from: snapshot.part("numbers")))
    rest.append(try evaluations.restoration(from: snapshot.part("evaluations")))
    rest.append(
      try trainingStep.state.restoration(
        from: snapshot.part("optimizer"), among: trainedParameters, for: trainingStep))
    return { [self] in
      (epoch, place, epochBatches, batchSize, shuffles) = (places[0], places[1], places[2], places[3], places[4] != 0)
      (epochLoss, epochSeconds, epochTerms, epochCorrupted) = (sums[0], sums[1], terms, corrupted)
      (self.history, self.best) = (history, best)
      model.trainedParts = parts
      self.accumulated = accumulated
      // A loop over batches that was under way is over.
      batchesDone += 1
      for step in rest { step() }
      self.order = order
    }
  }

  private func checkDescription(_ saved: TrainerDescription) throws {
    let differences = description.differences(from: saved)
    guard !differences.isEmpty else { return }
    throw TrainingError.setting(
      "was saved by another trainer: \(differences.joined(separator: "; ")). Make the trainer as it was made, or train anew with another path"
    )
  }

  private func history(of snapshot: Snapshot) throws -> [EpochRecord] {
    let epochs = try snapshot.integers("history.epochs")
    let losses = try snapshot.doubles("history.losses", count: epochs.count)
    let seconds = try snapshot.doubles("history.seconds", count: epochs.count)
    let metrics = try snapshot.metrics("history.metrics")
    let hasTerms = snapshot["history.terms.lengths"] != nil
    let terms = hasTerms ? try snapshot.metrics("history.terms") : epochs.map { _ in [] }
    let corrupted = try corrupted(of: snapshot, epochs: epochs.count)
    let weights = try weights(of: snapshot, epochs: epochs.count)
    guard metrics.count == epochs.count, terms.count == epochs.count else {
      throw TrainingError.setting("the metrics do not fit the epochs that were saved")
    }
    return epochs.indices.map {
      EpochRecord(
        epoch: epochs[$0], loss: losses[$0], terms: terms[$0].map { TermValue(name: $0.name, value: $0.value) },
        corrupted: corrupted[$0], weights: weights[$0], seconds: seconds[$0], metrics: metrics[$0])
    }
  }

  private func corrupted(of snapshot: Snapshot, epochs: Int) throws -> [CorruptedSamples?] {
    guard snapshot["history.corrupted"] != nil else { return [CorruptedSamples?](repeating: nil, count: epochs) }
    let numbers = try snapshot.integers("history.corrupted", count: 4 * epochs)
    return try (0..<epochs).map { epoch in
      let own = numbers[4 * epoch..<4 * (epoch + 1)]
      return own.allSatisfy { $0 == -1 } ? nil : try CorruptedSamples(numbers: own)
    }
  }

  private func weights(of snapshot: Snapshot, epochs: Int) throws -> [WeightSummary?] {
    guard snapshot["history.weights"] != nil else { return [WeightSummary?](repeating: nil, count: epochs) }
    let length = WeightSummary.numberCount
    let numbers = try snapshot.doubles("history.weights", count: length * epochs)
    return try (0..<epochs).map { epoch in
      let summary = try WeightSummary(numbers: numbers[length * epoch..<length * (epoch + 1)])
      return summary.count == 0 ? nil : summary
    }
  }

  private func bestEpoch(of snapshot: Snapshot) throws -> BestEpoch? {
    guard snapshot["best.epoch"] != nil else { return nil }
    let words = try snapshot.texts("best.words", count: 2)
    return BestEpoch(
      epoch: try snapshot.integers("best.epoch", count: 1)[0], metric: words[0], part: words[1],
      value: try snapshot.doubles("best.value", count: 1)[0])
  }

  private func trainedParts(of snapshot: Snapshot) throws -> [TrainedPart] {
    let fingerprints = try snapshot.integers("trained_parts")
    let rules = try snapshot.texts("trained_rules", count: fingerprints.count)
    return zip(fingerprints, rules).map { TrainedPart(fingerprint: UInt64(bitPattern: Int64($0)), rule: $1) }
  }

  /// Parts that keep something themselves.
  private var statefulParts: [(name: String, part: any Stateful)] {
    let parts: [(String, AnyObject)] =
      [("model", model), ("loss", loss), ("sampler", sampler)] + (importance.map { [("weighting", $0)] } ?? [])
    return parts.compactMap { name, part in (part as? any Stateful).map { (name, $0) } }
  }

  /// Numbers that a script may have assigned since the trainer was made.
  private var numbers: [AssignableNumber] {
    [
      .init("rate", of: optimizer, \.rate), .init("weight_decay", of: optimizer, \.weightDecay),
      .init("clip", of: optimizer, \.clip),
      .init("dropout", get: { [self] in model.dropout }, set: { [self] in model.dropout = $0 }),
      .init(
        "regularization", get: { [self] in regularization?.weight }, set: { [self] in regularization?.weight = $0 }),
    ] + loss.assignableNumbers.map { $0.named("loss's \($0.name)") }
      + terms.flatMap { term in term.numbers.map { $0.named("term \(term.name)'s \($0.name)") } }
  }
}

// MARK: In a file

extension Trainer {
  /// Writes a snapshot to a file, which gets its name only when it is whole.
  public func save(to path: String) throws {
    var file = Snapshot()
    file.add(try snapshot(), under: "trainer")
    try SnapshotFile.write(file, to: path)
  }

  /// Goes back to where the trainer stood when it was saved: training goes on with the same bits.
  ///
  /// - Throws: `TrainingError` where there is no such file, it is damaged or of a newer version, or it is of another trainer; nothing has
  ///   changed then.
  public func load(from path: String) throws {
    guard let file = try SnapshotFile.read(from: path) else {
      throw TrainingError.setting("\(shownPath(path)): no such file")
    }
    try namingFile(path) { try restore(file.part("trainer")) }
  }
}

/// Adds the file's name to what is wrong with its content.
package func namingFile<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as TrainingError where error.kind == .badSetting {
    throw TrainingError.setting("\(shownPath(path)): \(error.description)")
  }
}
