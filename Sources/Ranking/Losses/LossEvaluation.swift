import Interactions

/// A loss evaluated on given scores, without a model: how a loss is checked.
public struct LossEvaluation {
  /// What a batch of B positives with N negatives each gives a loss. Optional parts are offered where they are there.
  public struct Scores {
    /// `[B]`
    public var positive: [Float]
    /// `[B, N]`
    public var negative: [Float]
    public var boundary: [Float]?
    public var itemScores: [Float]?
    public var logProposal: [Float]?
    /// `[B]`
    public var positiveLogProposal: [Float]?
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
  /// Of a loss that reads it.
  public private(set) var boundary: [Float]?
  public private(set) var itemScores: [Float]?
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
    var plane = Memory(scores, rows: rows, negatives: negatives)
    // Whoever gives scores knows what they are.
    var offers: LossNeeds = .distances
    if scores.boundary != nil { offers.insert(.boundary) }
    if scores.itemScores != nil { offers.insert(.itemScores) }
    if scores.logProposal != nil { offers.insert(.logProposal) }
    if scores.positiveLogProposal != nil { offers.insert(.positiveLogProposal) }
    if let train {
      offers.insert(.known)
      try loss.attach(to: train)
    }
    try loss.prepare(
      for: LossBatch(
        position: position, rowCount: rows, negativeCount: negatives, number: position.step,
        offers: offers))
    guard loss.needs.isSubset(of: offers) else {
      throw TrainingError.setting(
        "loss '\(loss.name)' reads \(loss.needs.subtracting(offers).description), which is not given")
    }
    if let train, loss.needs.contains(.known) {
      let users = scores.users ?? (0..<rows).map(Int32.init)
      if let bad = users.first(where: { $0 < 0 || $0 >= train.userCount }) {
        throw TrainingError.setting(
          "user \(Int(bad) + 1) is given, or the last of as many users as positives, and the data has \(train.userCount) users"
        )
      }
    }
    try Self.checkRows(of: loss.parameters, scores)
    let gradients = GradientSet()
    try plane.withPlane { plane in
      try loss.begin(plane)
      try loss.evaluateBatch(plane)
      loss.addParameterGradients(plane, to: gradients)
    }
    value = plane.values.reduce(0, +)
    positive = stride(from: 0, to: rows * width, by: width).map { plane.gradients[$0] }
    negative = plane.gradients.indices.filter { $0 % width != 0 }.map { plane.gradients[$0] }
    boundary = loss.needs.contains(.boundary) ? plane.boundaryGradients : nil
    itemScores = loss.needs.contains(.itemScores) ? plane.itemScoreGradients : nil
    parameters = loss.parameters.map { ($0, gradients.of($0).dense()) }
  }

  private static func check(_ scores: Scores, rows: Int, negatives: Int) throws {
    let counts: [(String, Int?, Int)] = [
      ("boundary", scores.boundary?.count, rows), ("item scores", scores.itemScores?.count, rows * negatives),
      ("log proposal", scores.logProposal?.count, rows * negatives),
      ("log proposal of positives", scores.positiveLogProposal?.count, rows), ("users", scores.users?.count, rows),
      ("positive items", scores.positiveItems?.count, rows),
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
    let rows: Int
    let negatives: Int
    var scores: [Float]
    var gradients: [Float]
    var values: [Double]
    var users: [Int32]
    var items: [Int32]
    var boundary: [Float]
    var boundaryGradients: [Float]
    var itemScores: [Float]
    var itemScoreGradients: [Float]
    var logProposal: [Float]
    var positiveLogProposal: [Float]

    init(_ given: Scores, rows: Int, negatives: Int) {
      self.rows = rows
      self.negatives = negatives
      func interleave<Number>(_ first: [Number], _ others: [Number]) -> [Number] {
        (0..<rows).flatMap { row in [first[row]] + others[row * negatives..<(row + 1) * negatives] }
      }
      scores = interleave(given.positive, given.negative)
      gradients = [Float](repeating: 0, count: scores.count)
      values = [Double](repeating: 0, count: rows)
      users = given.users ?? (0..<rows).map { Int32($0) }
      items = interleave(
        given.positiveItems ?? [Int32](repeating: 0, count: rows),
        given.negativeItems ?? [Int32](repeating: 0, count: rows * negatives))
      boundary = given.boundary ?? []
      boundaryGradients = [Float](repeating: 0, count: rows)
      itemScores = given.itemScores ?? []
      itemScoreGradients = [Float](repeating: 0, count: rows * negatives)
      logProposal = given.logProposal ?? []
      positiveLogProposal = given.positiveLogProposal ?? []
    }

    /// A plane of copies that live while `body` runs; what it wrote is taken over.
    mutating func withPlane(_ body: (ScorePlane) throws -> Void) rethrows {
      let buffers = (
        Copy(scores), Copy(gradients), Copy(values), Copy(users), Copy(items), Copy(boundary), Copy(boundaryGradients),
        Copy(itemScores), Copy(itemScoreGradients), Copy(logProposal), Copy(positiveLogProposal)
      )
      var plane = ScorePlane(
        rowCount: rows, negativeCount: negatives, users: buffers.3.base, scores: buffers.0.base,
        gradients: buffers.1.base, values: buffers.2.base)
      plane.items = UnsafePointer(buffers.4.base)
      if !boundary.isEmpty {
        plane.boundary = UnsafePointer(buffers.5.base)
        plane.boundaryGradients = buffers.6.base
      }
      if !itemScores.isEmpty {
        plane.itemScores = UnsafePointer(buffers.7.base)
        plane.itemScoreGradients = buffers.8.base
      }
      if !logProposal.isEmpty { plane.logProposal = UnsafePointer(buffers.9.base) }
      if !positiveLogProposal.isEmpty { plane.positiveLogProposal = UnsafePointer(buffers.10.base) }
      try body(plane)
      gradients = buffers.1.elements
      values = buffers.2.elements
      boundaryGradients = buffers.6.elements
      itemScoreGradients = buffers.8.elements
    }
  }

  private final class Copy<Number: BitwiseCopyable> {
    let base: UnsafeMutablePointer<Number>
    private let count: Int

    init(_ numbers: [Number]) {
      count = numbers.count
      base = .allocate(capacity: max(1, count))
      base.initialize(from: numbers, count: count)
    }

    deinit { base.deallocate() }

    var elements: [Number] { Array(UnsafeBufferPointer(start: base, count: count)) }
  }
}
