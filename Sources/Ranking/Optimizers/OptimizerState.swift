import Kernels
import Tensors

/// One batch's numbers of a group of parameters.
struct GroupNumbers {
  var rate: Double
  var weightDecay: Double
  /// The group's own limit of its gradient's norm.
  var clip: Double?
}

/// What the optimizer keeps between batches: which group each parameter belongs to, and how rows without a gradient move in it.
final class OptimizerState {
  let optimizer: Optimizer
  let pool: ThreadPool
  private(set) var stepsDone = 0
  private(set) var parameters: [Parameter] = []
  private var groups: [Int] = []
  private var motions: [IdleMotion?]
  private var rules: [IdleMotion.Rule?]
  /// What a snapshot holds of parameters that no batch has shown since it was restored, by name: a loss written as a function shows
  /// its own only when it is called.
  private(set) var awaited: [String: Snapshot] = [:]

  init(optimizer: Optimizer, pool: ThreadPool) {
    self.optimizer = optimizer
    self.pool = pool
    motions = Array(repeating: nil, count: optimizer.groups.count + 1)
    rules = Array(repeating: nil, count: optimizer.groups.count + 1)
  }

  /// Takes a parameter in, with new moments. One that joins later stands as if it had never had a gradient; one that a snapshot knew
  /// stands as it did there.
  func adopt(_ parameter: Parameter, for training: TrainingStep) throws {
    try parameter.table.begin(training, optimizer: optimizer, pool: pool)
    let group = optimizer.group(of: parameter.name)
    parameters.append(parameter)
    groups.append(group)
    parameter.table.optimizerRows?.seen.fill(Int32(stepsDone))
    parameter.table.optimizerRows?.idleMotion = motions[group]
    guard let waiting = awaited[parameter.name] else { return }
    try parameter.table.restoration(from: waiting, motion: motions[group], steps: stepsDone)()
    awaited[parameter.name] = nil
  }

  /// Lets go of parameters that another training has taken over.
  func forgetStrangers(of training: TrainingStep) {
    guard parameters.contains(where: { $0.table.training !== training }) else { return }
    let kept = zip(parameters, groups).filter { $0.0.table.training === training }
    (parameters, groups) = (kept.map(\.0), kept.map(\.1))
  }

  func owns(_ parameter: Parameter) -> Bool { parameters.contains { $0 === parameter } }
  func group(of parameter: Parameter) -> Int { optimizer.group(of: parameter.name) }

  /// Rows come from one rule of motion to another only when all are up to date.
  func prepare(_ numbers: [GroupNumbers]) {
    for (group, numbers) in numbers.enumerated() {
      let rule = IdleMotion.Rule(optimizer: optimizer, weightDecay: numbers.weightDecay)
      guard rule != rules[group] else { continue }
      rules[group] = rule
      let motion = IdleMotion(optimizer: optimizer, weightDecay: numbers.weightDecay, startingAt: stepsDone)
      for (parameter, its) in zip(parameters, groups) where its == group {
        parameter.table.idleMotion?.sweep(parameter.table, lag: 1, pool: pool)
        // Also rows at rest, which a sweep passes over.
        parameter.table.optimizerRows?.seen.fill(Int32(stepsDone))
        parameter.table.optimizerRows?.idleMotion = motion
      }
      motions[group] = motion
    }
  }

  /// Numbers of the step under way that all rows of a group share.
  func kernelSteps(_ numbers: [GroupNumbers]) -> [kernel_step] {
    numbers.map { optimizer.numbers(step: stepsDone + 1, rate: $0.rate, weightDecay: $0.weightDecay) }
  }

  /// Whether every row of a parameter moves in every batch, gradient or not.
  func everyRowSteps(_ parameter: Parameter, _ numbers: [GroupNumbers]) -> Bool {
    // A row that moves while it stands aside could leave its ball, and how it comes back depends on when.
    if parameter.longestRow != nil, parameter.table.idleMotion != nil { return true }
    return IdleMotion.stepsEveryRow(optimizer: optimizer, weightDecay: numbers[group(of: parameter)].weightDecay)
  }

  /// Takes note of a finished step.
  func stepped(_ numbers: [GroupNumbers]) {
    stepsDone += 1
    for (motion, numbers) in zip(motions, numbers) {
      motion?.stepped(optimizer, step: stepsDone, rate: numbers.rate, weightDecay: numbers.weightDecay)
    }
    guard stepsDone % IdleMotion.sweepInterval == 0 else { return }
    for parameter in parameters {
      parameter.table.idleMotion?.sweep(parameter.table, lag: IdleMotion.sweepInterval, pool: pool)
    }
  }
}

// MARK: Snapshots

extension OptimizerState {
  func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    snapshot["steps"] = .integers([Int64(stepsDone)])
    let kept = parameters.map { ($0.name, $0.table.snapshot()) } + awaited.sorted { $0.key < $1.key }.map { ($0, $1) }
    var names: Set<String> = []
    for (index, (name, table)) in kept.enumerated() {
      guard names.insert(name).inserted else {
        throw TrainingError.setting(
          "two parameters that are trained are named '\(name)', and a checkpoint tells them by name; give each a name of its own"
        )
      }
      snapshot.add(table, under: "parameter.\(index)")
    }
    snapshot["parameters"] = .texts(kept.map(\.0))
    for (group, rule) in rules.enumerated() {
      guard let rule else { continue }
      snapshot["group.\(group).rule"] = .integers([rule.everyRowSteps ? 1 : 0, rule.decays ? 1 : 0])
      if let motion = motions[group] { snapshot.add(motion.snapshot(), under: "group.\(group).motion") }
    }
    return snapshot
  }

  /// - Parameter candidates: The parameters that are known now; others are awaited.
  func restoration(from snapshot: Snapshot, among candidates: [Parameter], for training: TrainingStep) throws -> () ->
    Void
  {
    let steps = try snapshot.integers("steps", count: 1)[0]
    guard (0..<Int(Int32.max)).contains(steps) else {
      throw TrainingError.setting("what was saved has done \(steps) steps")
    }
    let names = try snapshot.texts("parameters")
    let tables = names.indices.map { snapshot.part("parameter.\($0)") }
    try checkNoneIsNew(names)
    let rules = try rules.indices.map { group -> IdleMotion.Rule? in
      guard snapshot["group.\(group).rule"] != nil else { return nil }
      let flags = try snapshot.integers("group.\(group).rule", count: 2)
      return IdleMotion.Rule(everyRowSteps: flags[0] != 0, decays: flags[1] != 0)
    }
    let motions = try rules.enumerated().map { group, rule in
      try rule.flatMap {
        try IdleMotion.restored(
          from: snapshot.part("group.\(group).motion"), optimizer: optimizer, rule: $0, step: steps)
      }
    }
    // Those of a loss may not have been trained yet: they get their moments' memory here, and lose nothing by it.
    for parameter in candidates where names.contains(parameter.name) && !owns(parameter) {
      try adopt(parameter, for: training)
    }
    var fillings: [() -> Void] = []
    var (known, waiting): ([Parameter], [String: Snapshot]) = ([], [:])
    for (name, table) in zip(names, tables) {
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        waiting[name] = table
        continue
      }
      fillings.append(
        try parameter.table.restoration(from: table, motion: motions[group(of: parameter)], steps: steps))
      known.append(parameter)
    }
    return { [self] in
      stepsDone = steps
      (self.rules, self.motions) = (rules, motions)
      (parameters, awaited) = (known, waiting)
      groups = known.map { group(of: $0) }
      for filling in fillings { filling() }
      for (parameter, group) in zip(known, groups) { parameter.table.optimizerRows?.idleMotion = motions[group] }
    }
  }

  /// What a snapshot does not know cannot be put back to where it was.
  private func checkNoneIsNew(_ names: [String]) throws {
    guard let strange = parameters.first(where: { !names.contains($0.name) }) else { return }
    throw TrainingError.setting(
      "it was saved before the loss had shown parameter '\(strange.name)', which has been trained since; load it into a new trainer"
    )
  }
}
