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

  init(optimizer: Optimizer, pool: ThreadPool) {
    self.optimizer = optimizer
    self.pool = pool
    motions = Array(repeating: nil, count: optimizer.groups.count + 1)
    rules = Array(repeating: nil, count: optimizer.groups.count + 1)
  }

  /// Takes a parameter in, with new moments. One that joins later stands as if it had never had a gradient.
  func adopt(_ parameter: Parameter, for training: TrainingStep) throws {
    try parameter.table.begin(training, optimizer: optimizer, pool: pool)
    let group = optimizer.group(of: parameter.name)
    parameters.append(parameter)
    groups.append(group)
    parameter.table.seen.fill(Int32(stepsDone))
    parameter.table.idleMotion = motions[group]
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
        parameter.table.seen.fill(Int32(stepsDone))
        parameter.table.idleMotion = motion
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
    IdleMotion.stepsEveryRow(optimizer: optimizer, weightDecay: numbers[group(of: parameter)].weightDecay)
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
