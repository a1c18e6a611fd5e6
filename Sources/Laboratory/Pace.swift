/// How long the rest of a run takes, by its last epochs.
///
/// The mean of all epochs would be far off where they change: with a phase before weights are learned, a sampler that grows harder, or
/// another process on the machine that has ended.
struct Pace {
  /// So many epochs count: more than lie between two evaluations as a rule, whose seconds are part of it.
  static let epochs = 10

  /// When the last epochs ended, in seconds, ascending; the first one is where those that count began.
  private var marks: [Double]

  init(begunAt seconds: Double) { marks = [seconds] }

  mutating func epochEnded(at seconds: Double) {
    marks.append(seconds)
    if marks.count > Self.epochs + 1 { marks.removeFirst() }
  }

  /// Seconds until the last of `epochs` more epochs has ended; the current one counts as a whole.
  ///
  /// - Parameters:
  ///   - now: Not before the last mark.
  ///   - share: Of the current epoch, what is done, from 0 to 1.
  func secondsLeft(at now: Double, epochs: Int, share: Double = 0) -> Double {
    let done = Double(marks.count - 1) + share
    guard done > 0 else { return 0 }
    return max(0, (now - marks[0]) / done * (Double(epochs) - share))
  }
}
