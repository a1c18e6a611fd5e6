import Interactions

/// A loss evaluated on given scores, without a model: how a loss is checked.
public struct LossEvaluation {
  /// What a batch of B positives with N negatives each gives a loss.
  public struct Scores {
    /// `[B]`
    public var positive: [Float]
    /// `[B, N]`
    public var negative: [Float]
    /// Inputs besides the scores, `[B]` or `[B, N]`: offered where they are there.
    public var inputs: [Channel: [Float]] = [:]
    /// Dense users, `[B]`; all different where `nil`.
    public var users: [Int32]?
    /// Dense items, `[B]` and `[B, N]`, for parameters of items.
    public var positiveItems: [Int32]?
    public var negativeItems: [Int32]?

    public init(positive: [Float], negative: [Float]) {
      self.positive = positive
      self.negative = negative
    }
  }

  public private(set) var value = 0.0
  /// `[B]`
  public private(set) var positive: [Float]
  /// `[B, N]`
  public private(set) var negative: [Float]
  /// With respect to the inputs that have derivatives and that the loss reads, `[B]` or `[B, N]`.
  public private(set) var inputs: [Channel: [Float]] = [:]
  /// `[rows, columns]` of each parameter of the loss.
  public private(set) var parameters: [(parameter: Parameter, gradient: [Float])] = []

  /// - Parameter train: The train part, for a loss that must know it.
  /// - Throws: What the loss throws, and `TrainingError` where counts do not fit each other.
  public init(of loss: Loss, on scores: Scores, train: InteractionMatrix? = nil, epoch: Int = 1, step: Int = 1) throws {
    let position = TrainingPosition(epoch: epoch, step: step)
    self = try LossUse.during(loss) { try Self(evaluating: loss, scores, train, position) }
  }

  private init(
    evaluating loss: Loss, _ scores: Scores, _ train: InteractionMatrix?, _ position: TrainingPosition
  ) throws {
    let rows = scores.positive.count
    guard rows > 0, scores.negative.count % rows == 0, scores.negative.count >= rows else {
      throw TrainingError.setting(
        "\(rows) positives and \(scores.negative.count) negatives; want at least one positive and as many negatives for each"
      )
    }
    let negatives = scores.negative.count / rows
    let width = 1 + negatives
    try Self.check(scores, rows: rows, negatives: negatives)
    let source = ChannelSource(train: train)
    // Whoever gives scores knows what they are.
    let offers = source.offers.union(scores.inputs.keys).union([.distances])
    if let train { try loss.attach(to: train) }
    try loss.prepare(
      for: LossBatch(
        position: position, rowCount: rows, negativeCount: negatives, number: position.step,
        offers: offers))
    if let missing = Channel.inputs.first(where: { loss.needs.contains($0) && !offers.contains($0) }) {
      throw TrainingError.setting("loss '\(loss.name)' \(missing.use); give it \(missing.name)")
    }
    if let train, loss.needs.contains(.known), scores.inputs[.known] == nil {
      let users = scores.users ?? (0..<rows).map(Int32.init)
      if let bad = users.first(where: { $0 < 0 || $0 >= train.userCount }) {
        throw TrainingError.setting(
          "user \(Int(bad) + 1) is given, or the last of as many users as positives, and the data has \(train.userCount) users"
        )
      }
    }
    try Self.checkRows(of: loss.parameters, scores)
    let gradients = GradientSet()
    let memory = try Memory(
      scores, rows: rows, negatives: negatives, offers.filter { !$0.isOnDemand }.union(loss.needs))
    let plane = memory.plane
    try memory.channels.fill(from: source, for: plane, given: Set(scores.inputs.keys))
    try loss.begin(plane)
    try WeightedLoss(loss, plane).evaluateBatch()
    loss.addParameterGradients(plane, to: gradients)
    value = memory.values.elements.reduce(0, +)
    let slopes = memory.gradients.elements
    positive = stride(from: 0, to: rows * width, by: width).map { slopes[$0] }
    negative = slopes.indices.filter { $0 % width != 0 }.map { slopes[$0] }
    for channel in loss.needs {
      guard let slopes = memory.channels[gradients: channel] else { continue }
      inputs[channel] = Array(UnsafeBufferPointer(start: slopes.base, count: slopes.count))
    }
    parameters = loss.parameters.map { ($0, gradients.of($0).dense()) }
  }

  private static func check(_ scores: Scores, rows: Int, negatives: Int) throws {
    let inputs = Channel.inputs.map {
      ($0.name, scores.inputs[$0]?.count, rows * $0.columns(negativeCount: negatives))
    }
    let counts: [(String, Int?, Int)] =
      inputs + [
        ("users", scores.users?.count, rows), ("positive items", scores.positiveItems?.count, rows),
        ("negative items", scores.negativeItems?.count, rows * negatives),
      ]
    for case (let name, let count?, let wanted) in counts where count != wanted {
      throw TrainingError.setting(
        "\(name): \(count) numbers; want \(wanted), for \(rows) positives with \(negatives) negatives each")
    }
  }

  private static func checkRows(of parameters: [Parameter], _ scores: Scores) throws {
    for parameter in parameters where parameter.owner != .shared {
      let isUser = parameter.owner == .user
      let given = isUser ? scores.users : scores.positiveItems.map { $0 + (scores.negativeItems ?? []) }
      guard let given else {
        throw TrainingError.setting(
          "the loss reads parameter '\(parameter.name)', which has a row for each \(parameter.owner.rawValue); give the "
            + (isUser ? "users" : "positive and negative items"))
      }
      if let bad = given.first(where: { $0 < 0 || $0 >= parameter.rowCount }) {
        throw TrainingError.setting(
          "\(parameter.owner.rawValue) \(Int(bad) + 1) is given, and parameter '\(parameter.name)' has \(parameter.rowCount) rows"
        )
      }
    }
  }

  /// The arrays behind a plane.
  private struct Memory {
    let values: Copy<Double>
    let gradients: Copy<Float>
    let channels: ChannelMemory
    private let scores: Copy<Float>
    private let users: Copy<Int32>
    private let items: Copy<Int32>

    init(_ given: Scores, rows: Int, negatives: Int, _ open: Set<Channel>) throws {
      func interleave<Number>(_ first: [Number], _ others: [Number]) -> [Number] {
        (0..<rows).flatMap { row in [first[row]] + others[row * negatives..<(row + 1) * negatives] }
      }
      scores = Copy(interleave(given.positive, given.negative))
      gradients = Copy([Float](repeating: 0, count: rows * (1 + negatives)))
      values = Copy([Double](repeating: 0, count: rows))
      users = Copy(given.users ?? (0..<rows).map { Int32($0) })
      items = Copy(
        interleave(
          given.positiveItems ?? [Int32](repeating: 0, count: rows),
          given.negativeItems ?? [Int32](repeating: 0, count: rows * negatives)))
      channels = ChannelMemory(rowCapacity: rows, negativeCount: negatives)
      try channels.open(open)
      for (channel, numbers) in given.inputs { channels[channel]?.base.update(from: numbers, count: numbers.count) }
    }

    /// What a loss sees; good while this lives.
    var plane: ScorePlane {
      let rows = values.count
      var plane = ScorePlane(
        rowCount: rows, negativeCount: gradients.count / rows - 1, users: users.base, scores: scores.base,
        gradients: gradients.base, values: values.base)
      plane.items = UnsafePointer(items.base)
      channels.add(to: &plane)
      return plane
    }
  }

  private final class Copy<Number: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Number>
    let count: Int

    init(_ numbers: [Number]) {
      count = numbers.count
      base = .allocate(capacity: max(1, count))
      base.initialize(from: numbers, count: count)
    }

    deinit { base.deallocate() }

    var elements: [Number] { Array(UnsafeBufferPointer(start: base, count: count)) }
  }
}
