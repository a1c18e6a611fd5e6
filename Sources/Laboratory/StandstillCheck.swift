import Platform
import Ranking

/// Notices a run whose first epochs change nothing: a step size or a start that is too small for the loss.
///
/// After the third epoch of a new trainer (the last, where the run has two), a run stands still when both hold:
///
/// - the mean loss has not fallen by a hundredth of its size since the first epoch, and
/// - no parameter has moved by a hundredth of its length, |p - p₀| < 0.01 |p₀| in each, over at most 256 rows spread evenly.
///
/// It costs a copy of those rows.
struct StandstillCheck {
  private static let rowsOfAParameter = 256
  private static let share = 0.01

  private let start: [[Float]]
  private let epochs: Int
  private var firstLoss: Double?

  /// `nil` where the trainer has trained already, or the run is too short to tell.
  init?(_ trainer: Trainer, epochs: Int) {
    guard trainer.step == 0, epochs >= 2 else { return nil }
    self.epochs = min(epochs, 3)
    start = Self.samples(of: trainer)
  }

  /// What to tell the person after this epoch; `nil` nearly always.
  mutating func warning(after record: EpochRecord, of trainer: Trainer) -> String? {
    if firstLoss == nil { firstLoss = record.loss }
    guard record.epoch == epochs, let first = firstLoss, first - record.loss < Self.share * abs(first) else {
      return nil
    }
    let movement = zip(start, Self.samples(of: trainer)).map(Self.movement).max() ?? 0
    guard movement < Self.share else { return nil }
    return "\(epochs) epochs changed almost nothing: the mean loss went from \(decimal(first, 6)) to "
      + "\(decimal(record.loss, 6)), and no parameter moved by more than \(decimal(movement * 100, 4)) % of its length; try a "
      + "higher rate, a larger start (init = { std = 0.1 }), or optimizers.adam"
  }

  private static func samples(of trainer: Trainer) -> [[Float]] {
    trainer.model.trainedParameters.map { $0.sampledRows(atMost: rowsOfAParameter) }
  }

  /// |now - before| / |before|.
  private static func movement(_ before: [Float], _ now: [Float]) -> Double {
    var (moved, length) = (0.0, 0.0)
    for (a, b) in zip(before, now) {
      moved += Double(b - a) * Double(b - a)
      length += Double(a) * Double(a)
    }
    return moved == 0 ? 0 : (moved / length).squareRoot()
  }
}
