import Interactions
import Tensors

/// One negative for each positive, the first that violates the margin: items are drawn uniformly until one scores above
/// s_positive - margin, as the model stands before the batch. How many were drawn until then is given as `trials`.
///
/// Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011; lightfm's `fit_warp`. No score is computed
/// beyond the violator. One that the user has in the train part is none: the search goes on, and its trial counts. Where none is found
/// within `maximumTrials`, trials is 0 and the last item that was drawn stands in its place: `WARPLoss` leaves such a row out. Scores
/// are those of evaluation, without dropout.
public final class WARPSampler: Sampler {
  public let name = "warp"
  public let gives = SamplerChannels.trials
  /// Items drawn for a positive before it is left alone.
  public var maximumTrials: Schedule
  public var margin: Schedule
  private let uniform = UniformSampler(count: 1)
  private var train: InteractionMatrix?
  /// Of the batch under way, `[B]`.
  private var found: [(item: Int32, trials: Int32)] = []

  public init(maximumTrials: Schedule = 50, margin: Schedule = 1) {
    self.maximumTrials = maximumTrials
    self.margin = margin
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double { 1 }

  public func prepare(_ train: InteractionMatrix) throws {
    try uniform.prepare(train)
    self.train = train
  }

  /// - Throws: `TrainingError` where the trials are no whole number from 1 or the margin is not finite; what scoring throws.
  public func refresh(_ context: SamplingContext) throws {
    let (trials, margin) = (
      try maximumTrials.value(at: context.position), try margin.value(at: context.position)
    )
    guard trials == trials.rounded(), (1...1e6).contains(trials), (-1e6...1e6).contains(margin) else {
      throw TrainingError.setting(
        "sampler '\(name)': at most \(shortNumber(trials)) trials and a margin of \(shortNumber(margin)) at epoch "
          + "\(context.position.epoch), step \(context.position.step); want a whole number from 1, and a margin of -1e6 to 1e6"
      )
    }
    let columns = Int(trials)
    let drawn = try context.draw(uniform, count: columns, stream: context.stream.substream(1))
    let train = train!
    let places = try context.firstAbove(margin: Float(margin), candidates: drawn, columns: columns) {
      !train.contains(user: Int($0), item: $1)
    }
    found = places.enumerated().map { row, place in
      (drawn[row * columns + (place ?? columns - 1)], Int32(place.map { $0 + 1 } ?? 0))
    }
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      draw.negatives(row)[0] = found[row].item
      draw.trials?[row] = Float(found[row].trials)
    }
  }
}
