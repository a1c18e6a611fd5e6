import Interactions
import Tensors

/// The hardest of a random set: `candidates` items are drawn uniformly for each positive, and the `count` that the model scores highest
/// for the user, as it stands before the batch, are its negatives, the hardest first.
///
/// Zhang et al., "Optimizing Top-N Collaborative Filtering via Dynamic Negative Item Sampling", SIGIR 2013, where items that the user has
/// in the train part are excluded. Candidates are drawn with replacement, so that one may come twice; of equal scores the one drawn
/// first comes first. Scores are those of evaluation, without dropout.
public final class DynamicSampler: Sampler {
  public let name = "dynamic"
  public var count: Schedule
  /// Items drawn for each positive.
  public var candidates: Schedule
  public var excludesPositives: Bool { uniform.excludesPositives }
  private let uniform: UniformSampler
  /// `[B, count]`, of the batch under way.
  private var chosen: [Int32] = []
  private var chosenCount = 0

  public init(candidates: Schedule, count: Schedule = 1, excludesPositives: Bool = true) {
    self.candidates = candidates
    self.count = count
    uniform = UniformSampler(count: 1, excludesPositives: excludesPositives)
  }

  public var usersWithoutNegatives: [Int32] { uniform.usersWithoutNegatives }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws { try uniform.prepare(train) }

  /// - Throws: `TrainingError` where there are fewer candidates than negatives; what scoring throws.
  public func refresh(_ context: SamplingContext) throws {
    let wanted = try candidates.value(at: context.position)
    guard wanted == wanted.rounded(), (Double(context.count)...1e6).contains(wanted) else {
      throw TrainingError.setting(
        "sampler '\(name)': \(shortNumber(wanted)) candidates for \(context.count) negatives at epoch \(context.position.epoch), step "
          + "\(context.position.step); want a whole number, at least as many as negatives")
    }
    let drawn = try context.draw(uniform, count: Int(wanted), stream: context.stream.substream(1))
    let scores = try context.scores(of: drawn, columns: Int(wanted))
    chosen = context.best(context.count, of: drawn, by: scores, columns: Int(wanted))
    chosenCount = context.count
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      for slot in 0..<draw.count { draw.negatives(row)[slot] = chosen[row * chosenCount + slot] }
    }
  }
}
