import Platform
import Ranking

/// Tells a person how training goes.
///
/// On a terminal one line that is rewritten (`ProgressLine`), or one for each epoch that stays (`Style.lines`); elsewhere a plain line
/// an epoch. At the end of a run that stopped early or was interrupted a line says why, and whose parameters the model has. Writes to
/// standard error, so that a script's results can be piped.
public final class ProgressReporter {
  public enum Style: Sendable {
    /// One line for the whole run, where the output is a terminal.
    case line
    /// A line for each epoch.
    case lines
  }

  private let rewrites: Bool
  private let keepsEpochs: Bool
  private let columns: () -> Int
  private let write: (String) -> Void
  private var epochs = 0
  private var done = 0
  private var pace = Pace(begunAt: 0)
  private var lastShown = 0.0
  private var epochBegan = 0.0
  private var positivesThisEpoch = 0
  private var lineIsOpen = false
  private var batchLosses = 0.0
  private var batchCount = 0
  /// What the line says; the last evaluation and the best one stay until the next.
  private var line = ProgressLine()

  /// - Parameters:
  ///   - isTerminal: Whether lines can be rewritten; asked of standard error where `nil`.
  ///   - columns: The terminal's width, which a rewritten line must not reach; asked of it at each line where `nil`.
  ///   - write: Where text goes; standard error where `nil`.
  public init(
    style: Style = .line, isTerminal: Bool? = nil, columns: Int? = nil, write: ((String) -> Void)? = nil
  ) {
    rewrites = isTerminal ?? terminalRewrites()
    keepsEpochs = style == .lines || !rewrites
    self.columns = { columns ?? terminalColumns(2) ?? 80 }
    self.write =
      write ?? { text in
        var text = text
        text.withUTF8 { _ = Platform.write(2, $0.baseAddress, $0.count) }
      }
  }

  /// - Parameter done: Epochs that were trained before the run was stopped.
  func begin(trainer: Trainer, epochs: Int, done: Int) {
    self.epochs = epochs
    self.done = done
    line = ProgressLine()
    beginEpoch()
    pace = Pace(begunAt: epochBegan)
  }

  private func beginEpoch() {
    epochBegan = monotonicSeconds()
    positivesThisEpoch = 0
    batchLosses = 0
    batchCount = 0
  }

  func batch(_ report: Trainer.BatchReport, of trainer: Trainer) {
    positivesThisEpoch += report.size
    batchLosses += report.loss
    batchCount += 1
    let now = monotonicSeconds()
    guard rewrites, now - lastShown > 0.2 else { return }
    let share = Double(positivesThisEpoch) / Double(trainer.epochLength)
    line.share = (Double(done) + share) / Double(max(1, epochs))
    line.epoch = place(report.epoch, done + 1)
    line.doing = "batch \(batchCount)/\(max(batchCount, trainer.batchesPerEpoch))"
    line.loss = batchLosses / Double(batchCount)
    line.secondsLeft = pace.secondsLeft(at: now, epochs: epochs - done, share: share)
    line.positivesPerSecond = Int(Double(positivesThisEpoch) / max(1e-9, now - epochBegan))
    show(now)
  }

  func evaluating(partName: String) {
    guard rewrites else { return }
    line.doing = "evaluating on \(partName) ..."
    show(monotonicSeconds())
  }

  /// The best evaluation and what patience is left, for the next line.
  func watch(_ stopping: EarlyStopping) {
    line.best = stopping.best
    line.patience = (stopping.misses, stopping.patience)
    if let index = line.metrics.firstIndex(where: { $0.name == stopping.metric }), index > 0 {
      line.metrics.swapAt(0, index)
    }
  }

  /// - Parameter stopping: What watches the metrics, that of this epoch included.
  func epoch(_ record: EpochRecord, partName: String, stopping: EarlyStopping?) {
    done += 1
    let now = monotonicSeconds()
    pace.epochEnded(at: now)
    let left = pace.secondsLeft(at: now, epochs: epochs - done)
    let speed = Int(Double(positivesThisEpoch) / max(1e-9, record.seconds))
    if !record.metrics.isEmpty { (line.part, line.metrics) = (partName, record.metrics) }
    line.weights = record.weights.map { ($0.mean, $0.deviation) }
    if let stopping { watch(stopping) }
    if keepsEpochs {
      // A line that stays holds what belongs to its epoch alone.
      let weights = line.weights.map { ", " + ProgressLine.text(of: $0) } ?? ""
      let measured = record.metrics.map { "\($0.name) \(decimal($0.value, 4))" }.joined(separator: " ")
      say(
        "epoch \(record.epoch) (\(done)/\(epochs)): loss \(decimal(record.loss, 5)), \(decimal(record.seconds, 2)) s, "
          + "\(grouped(speed)) positives/s" + weights + (measured.isEmpty ? "" : ", \(partName) \(measured)")
          + (done < epochs ? ", \(duration(left)) left" : ""))
    } else {
      line.share = Double(done) / Double(max(1, epochs))
      line.epoch = place(record.epoch, done)
      line.doing = ""
      line.loss = record.loss
      line.secondsLeft = done < epochs ? left : nil
      line.positivesPerSecond = speed
      show(now)
    }
    beginEpoch()
  }

  /// `7/25`, or `12 (7/25)` where the trainer had epochs before this run.
  private func place(_ epoch: Int, _ index: Int) -> String {
    epoch == index ? "\(index)/\(epochs)" : "\(epoch) (\(index)/\(epochs))"
  }

  /// A line that stays.
  public func say(_ line: String) {
    if lineIsOpen { write("\r\u{1B}[K") }
    lineIsOpen = false
    write(line + "\n")
  }

  /// Says how a run ended, where that was not with its last epoch.
  func close(_ summary: RunSummary) {
    end()
    if summary.end != .finished || summary.isBestRestored { say(summary.description) }
  }

  func end() {
    if lineIsOpen { write("\n") }
    lineIsOpen = false
  }

  private func show(_ now: Double) {
    lastShown = now
    // A character in the last column would begin a line below.
    write("\r\u{1B}[K" + line.text(columns: columns() - 1))
    lineIsOpen = true
  }
}

/// Whether standard error is a terminal that can go back to the start of a line.
private func terminalRewrites() -> Bool {
  guard isatty(2) == 1 else { return false }
  return getenv("TERM").map { String(cString: $0) } != "dumb"
}
