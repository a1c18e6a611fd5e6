import Evaluation
import Interactions
import Platform
import Ranking

/// Writes what becomes of one run into a store while it goes on.
///
/// At most one write a second, and none in a batch.
public final class RunRecorder {
  public private(set) var record: RunRecord
  private let writer: RunWriter
  /// The run of an earlier process that this one is.
  private let resumed: RunRecord?
  private let launch: RunLaunch?
  private var saved = SavedPart()
  private var lastWritten = -Double.infinity
  private var began = false

  /// Seconds between two writes while a run goes on.
  static let pause = 1.0

  /// - Parameters:
  ///   - path: The store's.
  ///   - launch: The process's; the run may be one that it goes on with.
  ///   - tell: Receives what a person has to know of it, one line.
  /// - Throws: `RunStoreError` for a file that must not be touched, the person has named the wrong one; and for a run that goes on with
  ///   other data.
  public init(
    _ record: RunRecord, path: String, launch: RunLaunch? = .current, tell: @escaping (String) -> Void
  ) throws {
    self.record = record
    self.record.launch = launch?.identity
    self.launch = launch
    writer = try RunWriter(path: path, tell: tell)
    resumed = launch?.takeAwaited(record)
    if let resumed, launch?.isForced == false { try Self.check(record, goesOnWith: resumed) }
  }

  public var id: String { record.id }
  /// Whether the run has begun: before that nothing is kept of it.
  public var hasBegun: Bool { began }

  /// Other data are refused where there is no checkpoint yet, too: the run would silently be another.
  private static func check(_ record: RunRecord, goesOnWith resumed: RunRecord) throws {
    guard let now = record.data, let before = resumed.data, now.train != before.train || now.checksum != before.checksum
    else { return }
    func text(_ data: RunRecord.Data) -> String {
      "\(shown(data.name)) (\(data.checksum)), \(data.split), train part \(data.train)"
    }
    throw RunStoreError(
      .request,
      "the data of \(resumed.id) have changed since: they were \(text(before)), and are \(text(now)). Put them back, or go on with what they "
        + "are now by --force")
  }

  /// The checkpoint of a run for which nobody named one: in a folder beside the store. `nil` at the prompt, where no script can be run
  /// again, and where the folder cannot be.
  public func automaticCheckpoint() -> Checkpoint? {
    guard let launch, record.kind == .trainer, writer.hasStore else { return nil }
    if record.checkpoint == nil {
      let folder = absolutePath(RunLaunch.checkpointFolder(ofStore: writer.path))
      guard mkdir(folder, 0o777) == 0 || access(folder, W_OK) == 0 else { return nil }
      record.checkpoint = "\(folder)/\(resumed?.id ?? record.id).checkpoint"
    }
    var checkpoint = Checkpoint(path: record.checkpoint!)
    checkpoint.isAutomatic = true
    checkpoint.isForced = launch.isForced
    launch.begin(checkpoint: checkpoint.path)
    return checkpoint
  }

  // MARK: The run

  /// Notes that the run begins: its settings are known now.
  ///
  /// - Parameters:
  ///   - goesOn: Whether it goes on from its checkpoint: it is the same run then, where the store knows it.
  ///   - isOver: Whether nothing is left to train: what was measured of it still holds.
  ///   - done: Epochs that it has behind it.
  func begin(
    settings: [TrainerDescription.Entry], goesOn: Bool = false, isOver: Bool = false, done: [EpochRecord] = [],
    on part: String
  ) {
    record.settings = settings.map { .init($0.name, $0.value) }
    writer.write(self.record) { store in
      if let before = try resumed ?? (goesOn ? earlier(store, isOver: isOver) : nil) {
        takeOver(try store.run(before.id, .withUsers), isOver: isOver)
        try store.replace(record)
      } else {
        try store.insert(&record)
      }
    }
    began = true
    lastWritten = monotonicSeconds()
    for epoch in done { add(epoch, on: part) }
  }

  /// The run that wrote the checkpoint which this one goes on from. One that had finished, and is extended, is another.
  private func earlier(_ store: RunStore, isOver: Bool) throws -> RunRecord? {
    guard let path = record.checkpoint, let before = try store.lastRun(checkpoint: path) else { return nil }
    return isOver || before.state != .finished ? before : nil
  }

  /// What the record of this run had already, and what people added to it.
  private func takeOver(_ before: RunRecord, isOver: Bool) {
    (record.id, record.name, record.started) = (before.id, before.name, before.started)
    (record.tags, record.notes) = (Array(Set(before.tags + record.tags)), before.notes)
    guard isOver, before.state == .finished else { return }
    (record.results, record.perUser) = (before.results, before.perUser)
    (record.key, record.kept, record.artifacts) = (before.key, before.kept, before.artifacts)
  }

  /// Notes an epoch with what was measured after it.
  func note(_ epoch: EpochRecord, on part: String) {
    add(epoch, on: part)
    writeWhenDue()
  }

  private func add(_ epoch: EpochRecord, on part: String) {
    record.epochs.append(.init(epoch: epoch.epoch, loss: epoch.loss, seconds: epoch.seconds))
    add(epoch.metrics, on: part, epoch.epoch)
  }

  /// The same of a solver's pass.
  func note(_ pass: SolverRecord, on part: String) {
    record.epochs.append(.init(epoch: pass.epoch, loss: pass.objective, seconds: pass.seconds))
    add(pass.metrics, on: part, pass.epoch)
    writeWhenDue()
  }

  private func add(_ metrics: [(name: String, value: Double)], on part: String, _ epoch: Int) {
    record.metrics += metrics.map { .init(epoch: epoch, on: part, name: $0.name, value: $0.value) }
    record.setResults(metrics, on: part)
  }

  /// Notes how the run ended.
  ///
  /// - Parameter best: The epoch whose parameters the model has, where that is not the last.
  func end(_ end: TrainingRun.End, message: String, best: BestEpoch?, hasBest: Bool) {
    record.state = end == .interrupted ? .interrupted : .finished
    record.message = message
    if let best { record.best = .init(epoch: best.epoch, metric: best.metric, on: best.part, value: best.value) }
    if let best, hasBest {
      let measured = record.metrics.filter { $0.epoch == best.epoch && $0.on == best.part }
      record.setResults(measured.map { ($0.name, $0.value) }, on: best.part)
    }
    finish()
  }

  /// Notes the error that ended the run.
  func fail(_ error: any Error) {
    guard began else { return }
    record.state = .failed
    record.message = "\(error)"
    finish()
  }

  private func finish() {
    record.finished = wallClockSeconds()
    write()
    if let checkpoint = record.checkpoint, record.state == .finished {
      launch?.end(checkpoint: checkpoint)
    }
  }

  // MARK: What a script evaluates

  /// Notes what the run's model is worth on a part: during the run as an evaluation of its epoch, afterwards as its result, with the
  /// values of users.
  public func note(_ result: EvaluationResult, on part: String, of split: Split) {
    guard began, hexadecimal(split.train.fingerprint) == record.data?.train else { return }
    // Among a few candidates a number says something else.
    let suffix = result.candidates == nil ? "" : " among candidates"
    let named = result.named.map { ($0.name + suffix, $0.value) }
    if record.state == .running {
      add(named, on: part, record.epochs.last?.epoch ?? 0)
      return writeWhenDue()
    }
    record.setResults(named, on: part)
    let identifiers = split.dataset.userIdentifiers
    let users = result.users.map { identifiers.identifier(at: Int($0)) }
    record.perUser.removeAll { entry in entry.on == part && result.names.contains { $0 + suffix == entry.name } }
    // What says something of the catalog has no values of users.
    record.perUser += zip(result.names, result.perUser).filter { !$1.allSatisfy(\.isNaN) }.map {
      .init(on: part, name: $0 + suffix, users: users, values: $1)
    }
    write()
  }

  /// Notes a file that came of the run.
  public func attach(_ kind: String, _ path: String) {
    let artifact = RunRecord.Artifact(kind, absolutePath(path))
    guard began, !record.artifacts.contains(artifact) else { return }
    record.artifacts.append(artifact)
    write()
  }

  // MARK: Writing

  private func writeWhenDue() { if monotonicSeconds() - lastWritten >= Self.pause { write() } }

  private func write() {
    writer.write(self.record) { store in
      if try !store.update(record, from: saved) { writer.drop() }
      saved = SavedPart(epochs: record.epochs.count, metrics: record.metrics.count)
    }
    lastWritten = monotonicSeconds()
  }
}

/// Seconds since 1970.
public func wallClockSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

extension RunStore {
  private static let opened = Locked<[String: RunStore]>([:])

  /// The store of a path, opened once in a process.
  public static func shared(_ path: String) throws -> RunStore {
    if let store = opened.withLock({ $0[path] }), access(path, F_OK) == 0 { return store }
    let store = try RunStore(path)
    opened.withLock { $0[path] = store }
    return store
  }
}
