import Platform

/// The process that runs a script, as far as runs are concerned: what the records of its runs share, and the runs of an earlier process
/// that it goes on with.
///
/// A recorded run without a checkpoint of its own has one in a folder beside the store. Those of a launch go when its script has ended well
/// and each of its runs has; else they stay, for `perigee run --resume`: those of ended runs as long as they are small enough together, the
/// latest first. A run whose checkpoint is gone is trained anew, to the same bits.
public final class RunLaunch: Sendable {
  public let identity: RunRecord.Launch
  /// Whether what has changed since the earlier process is passed over.
  public let isForced: Bool
  private let state: Locked<State>

  private struct State {
    /// Runs of the earlier process that did not come up again yet.
    var awaited: [RunRecord]
    /// Checkpoints that nobody asked for, of runs that have not ended.
    var going: Set<String> = []
    /// Those of runs that have, in the order of their ends.
    var ended: [String] = []
  }

  /// Bytes that checkpoints of ended runs may have together.
  public static let most = 1 << 30
  private let most: Int

  /// The one of this process; `nil` at the prompt, where nothing can be run again.
  public static var current: RunLaunch? {
    get { shared.withLock { $0 } }
    set { shared.withLock { $0 = newValue } }
  }
  private static let shared = Locked<RunLaunch?>(nil)

  /// A new one.
  ///
  /// - Parameter arguments: Those of the script.
  public init(folder: String, arguments: [String], most: Int = RunLaunch.most) {
    self.most = most
    identity = .init(id: RunIdentifier.random(), folder: folder, arguments: arguments)
    isForced = false
    state = Locked(State(awaited: []))
  }

  /// One that goes on with runs of an earlier process.
  public init(_ earlier: ResumedLaunch, isForced: Bool) {
    most = Self.most
    identity = earlier.identity
    self.isForced = isForced
    state = Locked(State(awaited: earlier.runs))
  }

  /// The run of the earlier process that a run which begins now is: the one with its checkpoint, or else the first that did not come up
  /// yet of the same kind, name, model and seed.
  func takeAwaited(_ record: RunRecord) -> RunRecord? {
    state.withLock { state in
      let place = state.awaited.firstIndex { awaited in
        if let path = record.checkpoint { return awaited.checkpoint == path }
        return awaited.kind == record.kind && awaited.seed == record.seed && awaited.model == record.model
          && awaited.name == record.name
      }
      return place.map { state.awaited.remove(at: $0) }
    }
  }

  /// Runs of the earlier process that have not come up.
  public var missing: [RunRecord] { state.withLock(\.awaited) }

  // MARK: Checkpoints

  /// Where checkpoints are that a run has without being asked.
  static func checkpointFolder(ofStore path: String) -> String {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    return "\(folder)/checkpoints"
  }

  static func isAutomatic(_ checkpoint: String, of id: String) -> Bool {
    checkpoint.hasSuffix("/checkpoints/\(id).checkpoint")
  }

  /// Notes that a run with such a checkpoint begins.
  func begin(checkpoint: String) { state.withLock { _ = $0.going.insert(checkpoint) } }

  /// Notes that the run of a checkpoint has ended; one that somebody asked for is left alone.
  func end(checkpoint: String) {
    let tooMany = state.withLock { state -> [String] in
      guard state.going.remove(checkpoint) != nil else { return [] }
      state.ended.append(checkpoint)
      var (bytes, first) = (0, state.ended.count)
      while first > 0 {
        bytes += Checkpoint.size(state.ended[first - 1])
        // The last stays, however large: it says that the script may not have ended.
        if bytes > most, first < state.ended.count { break }
        first -= 1
      }
      defer { state.ended.removeFirst(first) }
      return Array(state.ended.prefix(first))
    }
    for path in tooMany { Checkpoint.remove(path) }
  }

  /// To be called when the script has ended well.
  public func end() {
    let (going, ended) = state.withLock { ($0.going, $0.ended) }
    if going.isEmpty { for path in ended { Checkpoint.remove(path) } }
  }
}

/// The runs of a process that a person wants to go on.
public struct ResumedLaunch: Sendable {
  public let identity: RunRecord.Launch
  public let script: RunRecord.Script
  public let runs: [RunRecord]

  /// - Parameter id: One of its runs.
  /// - Throws: `RunStoreError` where there is nothing to go on with, or nothing to do it by.
  public init(_ id: String, in store: RunStore) throws {
    let run = try store.run(id)
    func refuse(_ why: String) -> RunStoreError { RunStoreError(.request, "\(run.id) \(why)") }
    guard let script = run.script else {
      throw refuse("has no script: it was recorded at the prompt, or from `-e`; only a script can be run again")
    }
    guard let launch = run.launch else {
      throw refuse(
        "was recorded by an earlier version, which did not keep how its script was started; run \(shownPath(script.path)) again"
      )
    }
    let runs = try store.runs(
      sql: "SELECT * FROM run WHERE launch = ? AND kind <> 'script' ORDER BY number", [launch.id], .summary)
    if let running = runs.first(where: { $0.state == .running }) {
      throw RunStoreError(
        .request,
        "\(running.id) is still running, as process \(running.machine.process) on \(running.machine.host); only one can go on with it"
      )
    }
    let waits = runs.contains { $0.state != .finished || $0.checkpoint.map { access($0, F_OK) == 0 } == true }
    guard waits else {
      throw refuse("has finished, and so has its script: nothing is left to go on with. `perigee run` trains it anew")
    }
    (identity, self.script, self.runs) = (launch, script, runs)
  }

  /// What a script has become: the first line that is another, and what stands there; `nil` where it is the same.
  public func change(to text: String) -> String? {
    guard text != script.text else { return nil }
    let (old, new) = (Self.lines(script.text), Self.lines(text))
    let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    func shownLine(_ lines: [Substring]) -> String { line < lines.count ? quoted(lines[line], limit: 200) : "nothing" }
    return "line \(line + 1) was \(shownLine(old)) and is \(shownLine(new))"
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }
}
