/// A number that a script may assign between batches. Where it is a constant it is part of a snapshot; a schedule or a function is made
/// anew by the script.
public struct AssignableNumber {
  private(set) var name: String
  fileprivate let get: () -> Schedule?
  fileprivate let set: (Schedule) -> Void

  public init<Owner: AnyObject>(_ name: String, of owner: Owner, _ path: ReferenceWritableKeyPath<Owner, Schedule>) {
    self.name = name
    get = { owner[keyPath: path] }
    set = { owner[keyPath: path] = $0 }
  }

  public init<Owner: AnyObject>(_ name: String, of owner: Owner, _ path: ReferenceWritableKeyPath<Owner, Schedule?>) {
    self.name = name
    get = { owner[keyPath: path] }
    set = { owner[keyPath: path] = $0 }
  }

  init(_ name: String, get: @escaping () -> Schedule?, set: @escaping (Schedule) -> Void) {
    (self.name, self.get, self.set) = (name, get, set)
  }

  /// The same number, which a snapshot knows by another name.
  func named(_ name: String) -> AssignableNumber {
    var number = self
    number.name = name
    return number
  }

  /// `count = 2`
  var text: String { "\(name) = \(get()?.description ?? "none")" }
}

extension [AssignableNumber] {
  var snapshot: Snapshot {
    var snapshot = Snapshot()
    for number in self { snapshot[number.name] = (number.get()?.constant).map { .doubles([$0]) } }
    return snapshot
  }

  func restoration(from snapshot: Snapshot) throws -> () -> Void {
    let steps = try filter { snapshot[$0.name] != nil }.map { number in
      let value = try snapshot.doubles(number.name, count: 1)[0]
      return { if number.get()?.constant != value { number.set(Schedule(value)) } }
    }
    return { for step in steps { step() } }
  }
}

/// A sampler with numbers that a script may assign.
public protocol AssignableSampler: Sampler, Stateful {
  var numbers: [AssignableNumber] { get }
  /// What it keeps between two batches, besides its parts.
  var memories: [(name: String, part: any Stateful)] { get }
}

extension AssignableSampler {
  public var memories: [(name: String, part: any Stateful)] { [] }

  public func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    snapshot.add(numbers.snapshot, under: "numbers")
    for (name, part) in statefulParts { snapshot.add(try part.snapshot(), under: name) }
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    var steps = try statefulParts.map { try $1.restoration(from: snapshot.part($0)) }
    steps.append(try numbers.restoration(from: snapshot.part("numbers")))
    return { for step in steps { step() } }
  }

  private var statefulParts: [(name: String, part: any Stateful)] {
    memories
      + parts.enumerated().compactMap { index, part in (part as? any Stateful).map { ("part \(index)", $0) } }
  }

  /// `uniform(count = 2)`
  var text: String { "\(name)(\(numbers.map(\.text).joined(separator: ", ")))" }
}

extension UniformSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
}

extension PopularitySampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
}

extension InBatchSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
}

extension DynamicSampler: AssignableSampler {
  public var numbers: [AssignableNumber] {
    [.init("count", of: self, \.count), .init("candidates", of: self, \.candidates)]
  }
}

extension WARPSampler: AssignableSampler {
  public var numbers: [AssignableNumber] {
    [.init("max_trials", of: self, \.maximumTrials), .init("margin", of: self, \.margin)]
  }
}

extension FixedSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
}

extension MixtureSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
}

extension ClusterSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
  public var memories: [(name: String, part: any Stateful)] { [("clustering", clustering)] }
}

extension ExactSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
  public var memories: [(name: String, part: any Stateful)] { clustering.map { [("clustering", $0)] } ?? [] }
}

extension AdaptiveSampler: AssignableSampler {
  public var numbers: [AssignableNumber] { [.init("count", of: self, \.count)] }
  public var memories: [(name: String, part: any Stateful)] { [("orders", clock)] }
}
