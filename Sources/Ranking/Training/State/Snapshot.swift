/// Named arrays that hold everything which decides how something goes on.
///
/// A snapshot is made of the snapshots of parts: those of a part stand under its name, `optimizer.steps`. What is read of one is
/// checked: an array that is not there, of another kind or of another length is an error, never a guess.
public struct Snapshot: Sendable, Equatable {
  public enum Values: Sendable, Equatable {
    case floats([Float])
    case doubles([Double])
    case counts([Int32])
    case integers([Int64])
    case texts([String])
  }

  /// By name.
  public private(set) var entries: [String: Values] = [:]

  public init() {}

  // MARK: Writing

  public subscript(name: String) -> Values? {
    get { entries[name] }
    set { entries[name] = newValue }
  }

  /// Takes in what a part keeps.
  public mutating func add(_ part: Snapshot, under name: String) {
    for (key, values) in part.entries { entries["\(name).\(key)"] = values }
  }

  // MARK: Reading

  /// What a part keeps; empty where nothing stands under its name.
  public func part(_ name: String) -> Snapshot {
    let prefix = "\(name)."
    var part = Snapshot()
    for (key, values) in entries where key.hasPrefix(prefix) {
      part.entries[String(key.dropFirst(prefix.count))] = values
    }
    return part
  }

  public var isEmpty: Bool { entries.isEmpty }

  /// - Throws: `TrainingError` where there are no such numbers, or not `count` of them.
  public func floats(_ name: String, count: Int? = nil) throws -> [Float] {
    guard case .floats(let values)? = entries[name] else { throw absent(name) }
    return try checked(values, name, count)
  }

  public func doubles(_ name: String, count: Int? = nil) throws -> [Double] {
    guard case .doubles(let values)? = entries[name] else { throw absent(name) }
    return try checked(values, name, count)
  }

  public func counts(_ name: String, count: Int? = nil) throws -> [Int32] {
    guard case .counts(let values)? = entries[name] else { throw absent(name) }
    return try checked(values, name, count)
  }

  public func integers(_ name: String, count: Int? = nil) throws -> [Int] {
    guard case .integers(let values)? = entries[name] else { throw absent(name) }
    return try checked(values, name, count).map { Int($0) }
  }

  public func texts(_ name: String, count: Int? = nil) throws -> [String] {
    guard case .texts(let values)? = entries[name] else { throw absent(name) }
    return try checked(values, name, count)
  }

  private func absent(_ name: String) -> TrainingError {
    .setting("what was saved has no '\(name)' of the kind that is wanted")
  }

  private func checked<Element>(_ values: [Element], _ name: String, _ count: Int?) throws -> [Element] {
    if let count, values.count != count {
      throw TrainingError.setting("what was saved has \(values.count) of '\(name)', and \(count) are wanted")
    }
    return values
  }
}

/// What keeps something between two batches that decides the next bit, besides parameters and settings: a sampler with clusters, a
/// loss with a running mean, weights that are learned. A trainer takes it into its own snapshot.
public protocol Stateful: AnyObject {
  func snapshot() throws -> Snapshot

  /// Checks that a snapshot fits, and gives what puts it back: so that of several parts either all are put back or none.
  ///
  /// - Throws: `TrainingError`; nothing has changed then.
  func restoration(from snapshot: Snapshot) throws -> () -> Void
}

extension Stateful {
  /// Puts back what a snapshot holds.
  public func restore(_ snapshot: Snapshot) throws { try restoration(from: snapshot)() }
}
