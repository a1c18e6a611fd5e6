/// Everything that is kept of a run: what was run, where, how, and what came of it.
///
/// Times are seconds since 1970. Its JSON, with names in `snake_case`, is a line of `perigee runs export`, and what a journal holds.
public struct RunRecord: Codable, Equatable, Sendable {
  /// Short, unique in its store, and can be said aloud: `kodafemi`.
  public var id: String
  /// What the same experiment with several seeds shares; `compare` groups by it.
  public var name = ""
  /// What ran: `trainer`, `solver`, or `script` for one that a script added by hand.
  public var kind: Kind
  public var state = State.running
  /// Why it ended and whose parameters the model has, or the error that ended it.
  public var message: String?
  public var tags: [String] = []
  public var notes = ""
  public var script: Script?
  public var model = ""
  public var data: Data?
  public var seed: Int?
  public var threads = 1
  public var version = ""
  /// Of Perigee, where it runs from a repository.
  public var commit: String?
  public var machine = Machine()
  public var started: Double
  public var finished: Double?
  public var best: Best?
  public var checkpoint: String?
  /// How its process was started; none at the prompt.
  public var launch: Launch?
  /// What a script finds the run by, where it gave it one: everything that decides it.
  public var key: String?
  /// All that was set, defaults too.
  public var settings: [Setting] = []
  public var epochs: [Epoch] = []
  /// Of each evaluation during the run.
  public var metrics: [Metric] = []
  /// What the model as the run left it is worth.
  public var results: [Result] = []
  public var perUser: [UserValues] = []
  /// What a script keeps with the run, by name.
  @OrEmpty public var kept: [Kept]
  /// Files that came of the run.
  @OrEmpty public var artifacts: [Artifact]

  public init(id: String = RunIdentifier.random(), kind: Kind, started: Double) {
    self.id = id
    self.kind = kind
    self.started = started
  }

  public enum Kind: String, Codable, Sendable { case trainer, solver, script }
  public enum State: String, Codable, Sendable, CaseIterable { case running, finished, interrupted, failed }

  public struct Script: Codable, Equatable, Sendable {
    public var path: String
    public var text: String
    public init(path: String, text: String) { (self.path, self.text) = (path, text) }
  }

  /// A process that runs a script. All its runs share it.
  public struct Launch: Codable, Equatable, Sendable {
    public var id: String
    /// Where it was started.
    public var folder: String
    public var arguments: [String]
    public init(id: String, folder: String, arguments: [String]) {
      (self.id, self.folder, self.arguments) = (id, folder, arguments)
    }
  }

  /// A text or numbers under a name.
  public struct Kept: Codable, Equatable, Sendable {
    public var name: String
    public var value: Value
    public init(_ name: String, _ value: Value) { (self.name, self.value) = (name, value) }

    public enum Value: Codable, Equatable, Sendable {
      case text(String)
      case numbers([Double])
    }
  }

  /// A file that came of a run: a saved model, exported embeddings.
  public struct Artifact: Codable, Equatable, Sendable {
    public var kind: String
    public var path: String
    public init(_ kind: String, _ path: String) { (self.kind, self.path) = (kind, path) }
  }

  public struct Data: Codable, Equatable, Sendable {
    public var name: String
    public var checksum: String
    /// How it was split, as a script would write it.
    public var split: String
    /// Of the train part's pairs.
    public var train: String
    public init(name: String, checksum: String, split: String, train: String) {
      (self.name, self.checksum, self.split, self.train) = (name, checksum, split, train)
    }
  }

  public struct Best: Codable, Equatable, Sendable {
    public var epoch: Int
    public var metric: String
    public var on: String
    public var value: Double
  }

  public struct Setting: Codable, Equatable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  public struct Epoch: Codable, Equatable, Sendable {
    public var epoch: Int
    /// The mean loss, or a solver's objective where it has one.
    public var loss: Double?
    /// Without evaluation.
    public var seconds: Double
    public init(epoch: Int, loss: Double?, seconds: Double) {
      (self.epoch, self.loss, self.seconds) = (epoch, loss, seconds)
    }
  }

  public struct Metric: Codable, Equatable, Sendable {
    public var epoch: Int
    public var on: String
    public var name: String
    public var value: Double
    public init(epoch: Int, on part: String, name: String, value: Double) {
      (self.epoch, self.on, self.name, self.value) = (epoch, part, name, value)
    }
  }

  public struct Result: Codable, Equatable, Sendable {
    public var on: String
    public var name: String
    public var value: Double
    public init(on part: String, name: String, value: Double) { (on, self.name, self.value) = (part, name, value) }
  }

  /// A metric's value for each user.
  public struct UserValues: Codable, Equatable, Sendable {
    public var on: String
    public var name: String
    public var users: [String]
    /// NaN where a user has none.
    public var values: [Double]
    public init(on part: String, name: String, users: [String], values: [Double]) {
      (on, self.name, self.users, self.values) = (part, name, users, values)
    }
  }
}

extension RunRecord {
  /// Seconds spent training, without evaluation.
  public var seconds: Double { epochs.reduce(0) { $0 + $1.seconds } }

  /// A result by name, `ndcg@20` or `valid.ndcg@20`; without a part that on test before others.
  public func result(_ name: String) -> Double? {
    let found = results.filter { $0.name == name || "\($0.on).\($0.name)" == name }
    return (found.first { $0.on == "test" } ?? found.first { $0.on == "valid" } ?? found.first)?.value
  }

  public func setting(_ name: String) -> String? { settings.first { $0.name == name }?.value }

  /// Values on a part take the place of those that were there.
  mutating func setResults(_ named: [(name: String, value: Double)], on part: String) {
    let names = Set(named.map(\.name))
    results.removeAll { $0.on == part && names.contains($0.name) }
    results += named.map { Result(on: part, name: $0.name, value: $0.value) }
  }
}

/// Names of runs that can be said and remembered: four syllables, 40 million names.
public enum RunIdentifier {
  private static let consonants = Array("bdfghjklmnprstvz")
  private static let vowels = Array("aeiou")

  public static func random() -> String {
    String((0..<4).flatMap { _ in [consonants.randomElement()!, vowels.randomElement()!] })
  }
}
