import Interactions

/// What a trainer was made of, in words: a checkpoint of another one is refused, and this says what differs.
///
/// Numbers that scripts assign while they train are described as the trainer was made with them; where they stand is part of the
/// snapshot.
public struct TrainerDescription: Sendable, Equatable {
  public private(set) var entries: [Entry]

  public struct Entry: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(_ entries: [Entry]) { self.entries = entries }

  /// What is not the same in `saved`, as `batch is 256 there and 64 here`; empty for the same description.
  public func differences(from saved: TrainerDescription) -> [String] {
    let names = entries.map(\.name) + saved.entries.map(\.name).filter { name in !entries.contains { $0.name == name } }
    return names.compactMap { name in
      let (here, there) = (value(name), saved.value(name))
      return here == there ? nil : "\(name) is \(there ?? "not set") there and \(here ?? "not set") here"
    }
  }

  private func value(_ name: String) -> String? { entries.first { $0.name == name }?.value }

  // MARK: In a snapshot

  public var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot["names"] = .texts(entries.map(\.name))
    snapshot["values"] = .texts(entries.map(\.value))
    return snapshot
  }

  public init(_ snapshot: Snapshot) throws {
    let names = try snapshot.texts("names")
    self.init(zip(names, try snapshot.texts("values", count: names.count)).map { Entry($0, $1) })
  }
}

extension Trainer {
  /// - Parameters:
  ///   - loss: The loss in words; its name where `nil`.
  ///   - sampler: The same.
  ///   - weight: The same of the weights; a hash of them where `nil`.
  func makeDescription(loss lossText: String?, sampler samplerText: String?, weight weightText: String?)
    -> TrainerDescription
  {
    var entries: [TrainerDescription.Entry] = []
    func note(_ name: String, _ value: String) { entries.append(.init(name, value)) }
    note("model", model.name)
    note("score", model.scoreName)
    note(
      "parameters",
      model.trainedParameters.map { "\($0.name) [\($0.rowCount), \($0.columnCount)]" }.joined(separator: ", "))
    for (name, value) in (model as? any DescribedModel)?.settings.entries ?? [] { note("model's \(name)", value) }
    note("dropout", "\(model.dropout) on \(model.dropoutPlace.rawValue)")
    note("start of the parameters", startFingerprint)
    note("data", "\(part.rule) (\(hexadecimal(part.fingerprint)))")
    note("loss", lossText ?? loss.name)
    note("sampler", samplerText ?? (sampler as? any AssignableSampler)?.text ?? sampler.name)
    entries += optimizer.description.entries
    note("regularization", regularization.map { "\($0.weight) of \($0.scope.rawValue)" } ?? "none")
    if !terms.isEmpty { note("terms", terms.map(\.text).joined(separator: "; ")) }
    if let importance { note("weighting", importance.text) }
    note("batch", "\(batchSize)")
    if let weighting { note("weight", weightText ?? weighting.text) }
    if accumulation > 1 { note("accumulate", "\(accumulation)") }
    note("seed", "\(seed)")
    note("shuffle", "\(shuffles)")
    if drawsWithReplacement { note("replacement", "true") }
    return TrainerDescription(entries)
  }

  /// Tells parameters that started in another way, by a sample of them.
  private var startFingerprint: String {
    var hash = ContentHash()
    for parameter in trainedParameters {
      parameter.sampledRows(atMost: 256).withUnsafeBytes { hash.update($0) }
    }
    return hexadecimal(hash.value)
  }
}

extension Optimizer {
  /// Its method with its constants, and its numbers.
  var description: TrainerDescription {
    let method =
      switch method {
      case .sgd(let momentum): "sgd(momentum = \(momentum))"
      case .adagrad(let variant): "adagrad(variant = \(variant.rawValue))"
      case .adam(let options):
        "adam(beta1 = \(options.beta1), beta2 = \(options.beta2), epsilon = \(options.epsilon), keras = \(options.keras), "
          + "decoupled = \(options.decoupled), dense = \(options.dense))"
      }
    let groups = groups.map { group in
      "\(group.names.joined(separator: " and ")): rate \(group.rate.map(\.description) ?? "as for all"), weight decay "
        + "\(group.weightDecay.map(\.description) ?? "as for all"), clip \(group.clip.map(\.description) ?? "with all")"
    }
    return TrainerDescription([
      .init("optimizer", method), .init("rate", rate.description),
      .init("weight decay", "\(weightDecay) of \(decayedRows)"),
      .init("clip", clip.map(\.description) ?? "none"),
      .init("optimizer's groups", groups.isEmpty ? "none" : groups.joined(separator: "; ")),
    ])
  }
}
