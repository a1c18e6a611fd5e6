import Interactions
import Tensors

/// One negative for each positive, the first that violates the margin: items are drawn uniformly until one scores above
/// s_positive - margin, as the model stands before the batch. How many were drawn until then is given as `trials`.
///
/// Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011; lightfm's `fit_warp`. Nothing is drawn and no
/// score computed beyond the violator. One that the user has in the train part is none: the search goes on, and its trial counts. Where none is found
/// within `maximumTrials`, trials is 0 and the last item that was drawn stands in its place: `WARPLoss` leaves such a row out. Scores
/// are those of evaluation, without dropout.
public final class WARPSampler: Sampler {
  public let name = "warp"
  public let gives = SamplerChannels.trials
  /// Items drawn for a positive before it is left alone.
  public var maximumTrials: Schedule
  public var margin: Schedule
  private var train: InteractionMatrix?
  /// Of the batch under way.
  private var found = Violators(rowCount: 0)

  public init(maximumTrials: Schedule = 50, margin: Schedule = 1) {
    self.maximumTrials = maximumTrials
    self.margin = margin
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double { 1 }

  public func prepare(_ train: InteractionMatrix) throws { self.train = train }

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
    found = try context.firstViolators(
      margin: Float(margin), trials: Int(trials), known: train!, stream: context.stream.substream(1))
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let found = found
    for row in rows {
      draw.negatives(row)[0] = found.items[row]
      draw.trials?[row] = Float(found.trials[row])
    }
  }
}
