import Kernels

/// How parameters move along the gradient.
public final class Optimizer {
  public enum Method: Sendable, Equatable {
    /// `x -= rate (g + weightDecay x)`; with momentum `v = momentum v + g`, `x -= rate v` (PyTorch).
    case sgd(momentum: Double)
    case adagrad(AdagradVariant)
    case adam(AdamOptions)
  }

  public enum AdagradVariant: String, Sendable, CaseIterable {
    /// `G += g²; x -= rate g / (sqrt(G) + 1e-10)`, `G₀ = 0`.
    case torch
    /// `G += g²; x -= rate g / sqrt(G)`, `G₀ = 0.1`.
    case tensorflow
    /// `x -= rate g / sqrt(G); G += g²`, `G₀ = 1`.
    case lightfm
  }

  public struct AdamOptions: Sendable, Equatable {
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    /// Keras adds epsilon to the root of the uncorrected second moment; PyTorch to the corrected one.
    public var keras = false
    /// Weight decay shrinks the parameters directly (AdamW, Loshchilov and Hutter, ICLR 2019) instead of joining the gradient.
    public var decoupled = false
    /// Whether rows without a gradient keep moving by their momentum, as PyTorch's dense Adam moves them. `false` is "lazy" or
    /// "sparse" Adam, another algorithm with other results.
    public var dense = true

    public init() {}
  }

  /// Which rows a weight decay that joins the gradient touches.
  public enum DecayedRows: String, Sendable, CaseIterable {
    /// Every row in every batch, as a dense optimizer does: exact, and slow on large tables.
    case all
    /// Only rows that have a gradient in the batch: an approximation for decays too small to matter elsewhere.
    case touched
  }

  public let method: Method
  public var rate: Schedule
  public var weightDecay: Schedule = 0
  public var decayedRows: DecayedRows = .all
  /// Gradients are scaled down to this global norm when they are longer; no clipping where `nil`.
  public var clip: Schedule?

  /// Parameters that are moved with numbers of their own; all others with those above. A parameter belongs to the first group that
  /// names it.
  public var groups: [Group] = []

  /// Some parameters and what differs for them.
  public struct Group {
    /// Names of parameters, as `RankingModel.trainedParameters` and `Loss.parameters` give them. `layer*` stands for all that begin with
    /// `layer`.
    public var names: [String]
    public var rate: Schedule?
    public var weightDecay: Schedule?
    /// The largest norm of the gradient of this group, which then does not count in the norm of the rest.
    public var clip: Schedule?

    public init(names: [String], rate: Schedule? = nil, weightDecay: Schedule? = nil, clip: Schedule? = nil) {
      self.names = names
      self.rate = rate
      self.weightDecay = weightDecay
      self.clip = clip
    }
  }

  /// The group of a parameter: 0 for none, else one more than its place in `groups`.
  func group(of name: String) -> Int {
    (groups.firstIndex { $0.names.contains { Self.stands($0, for: name) } } ?? -1) + 1
  }

  /// Whether a name of a group means a parameter.
  static func stands(_ pattern: String, for name: String) -> Bool {
    pattern.last == "*" ? name.hasPrefix(pattern.dropLast()) : name == pattern
  }

  public init(_ method: Method, rate: Schedule) {
    self.method = method
    self.rate = rate
  }

  /// Refuses constants with which no step is a number.
  func checkMethod() throws {
    func check(_ value: Double, _ name: String, _ holds: Bool, _ want: String) throws {
      guard holds else { throw TrainingError.setting("\(name) is \(value); want \(want)") }
    }
    switch method {
    case .sgd(let momentum): try check(momentum, "momentum", (0..<1).contains(momentum), "at least 0 and below 1")
    case .adagrad: break
    case .adam(let options):
      try check(options.beta1, "beta1", (0..<1).contains(options.beta1), "at least 0 and below 1")
      try check(options.beta2, "beta2", (0..<1).contains(options.beta2), "at least 0 and below 1")
      try check(options.epsilon, "epsilon", (0...1e6).contains(options.epsilon), "a number from 0 to 1e6")
    }
  }

  var usesFirstMoment: Bool {
    switch method {
    case .sgd(let momentum): momentum != 0
    case .adagrad: false
    case .adam: true
    }
  }

  var usesSecondMoment: Bool { if case .sgd = method { false } else { true } }

  var isDenseAdam: Bool { if case .adam(let options) = method { options.dense } else { false } }

  var initialSecondMoment: Float {
    switch method {
    case .adagrad(.tensorflow): 0.1
    case .adagrad(.lightfm): 1
    default: 0
    }
  }

  /// Whether a decay of `weightDecay` multiplies parameters, so that rows can catch up with it.
  func decayMultiplies(_ weightDecay: Double) -> Bool {
    switch method {
    case .sgd(let momentum): momentum == 0
    case .adam(let options): options.decoupled
    case .adagrad: false
    }
  }

  /// Numbers that every row's step shares. `step` counts from 1.
  func numbers(step: Int, rate: Double, weightDecay: Double) -> kernel_step {
    let multiplies = weightDecay != 0 && decayMultiplies(weightDecay)
    var numbers = kernel_step()
    numbers.step = Int32(step)
    numbers.shrink = multiplies ? Float(rate * weightDecay) : 0
    numbers.weight_decay = multiplies ? 0 : Float(weightDecay)
    numbers.rate = Float(rate)
    switch method {
    case .sgd(let momentum):
      numbers.kind = Int32(momentum == 0 ? KERNEL_SGD.rawValue : KERNEL_MOMENTUM.rawValue)
      numbers.beta1 = momentum
    case .adagrad(let variant):
      numbers.kind = Int32(variant == .lightfm ? KERNEL_ADAGRAD_DELAYED.rawValue : KERNEL_ADAGRAD.rawValue)
      numbers.epsilon = variant == .torch ? 1e-10 : 0
    case .adam(let options):
      let correction = AdamCorrection(options, step: step)
      numbers.kind = Int32(KERNEL_ADAM.rawValue)
      numbers.lazy = options.dense ? 0 : 1
      numbers.beta1 = options.beta1
      numbers.beta2 = options.beta2
      numbers.rate = Float(rate * correction.rateFactor)
      numbers.epsilon = Float(options.epsilon * correction.root)
      numbers.full_epsilon = options.epsilon
      numbers.corrects_epsilon = options.keras ? 0 : 1
    }
    return numbers
  }
}

/// Adam's bias correction at one step, in the form `x -= rate · rateFactor · m / (sqrt(v) + epsilon · root)`.
struct AdamCorrection {
  let rateFactor: Double
  let root: Double

  init(_ options: Optimizer.AdamOptions, step: Int) {
    let second = (1 - pow(options.beta2, step)).squareRoot()
    rateFactor = second / (1 - pow(options.beta1, step))
    root = options.keras ? 1 : second
  }
}

/// `base` to a whole power, by squaring: the same bits everywhere.
func pow(_ base: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var factor = base
  var rest = exponent
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}
