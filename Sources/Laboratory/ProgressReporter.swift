import Platform
import Ranking

/// Tells a person how training goes.
///
/// On a terminal one line that is rewritten, or one for each epoch that stays (`Style.lines`); elsewhere a plain line an epoch.
/// At the end of a run that stopped early or was interrupted a line says why, and whose parameters the model has. Writes to
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
  private let columns: Int
  private let write: (String) -> Void
  private var epochs = 0
  private var done = 0
  /// Epochs that no time was spent on here.
  private var resumed = 0
  private var began = 0.0
  private var lastShown = 0.0
  private var epochBegan = 0.0
  private var positivesThisEpoch = 0
  private var lineIsOpen = false
  private var batchLosses = 0.0
  private var batchCount = 0
  /// The last evaluation, shown until the next.
  private var measured = ""

  /// - Parameters:
  ///   - isTerminal: Whether lines can be rewritten; asked of standard error where `nil`.
  ///   - columns: The terminal's width, which a rewritten line must not exceed; asked of it where `nil`.
  ///   - write: Where text goes; standard error where `nil`.
  public init(
    style: Style = .line, isTerminal: Bool? = nil, columns: Int? = nil, write: ((String) -> Void)? = nil
  ) {
    rewrites = isTerminal ?? (isatty(2) == 1)
    keepsEpochs = style == .lines || !rewrites
    self.columns = columns ?? terminalColumns()
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
    resumed = done
    measured = ""
    began = monotonicSeconds()
    beginEpoch()
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
    lastShown = now
    let share = Double(positivesThisEpoch) / Double(trainer.epochLength)
    let speed = Double(positivesThisEpoch) / max(1e-9, now - epochBegan)
    let total = (now - began) / max(1e-9, Double(done - resumed) + share) * Double(epochs - resumed)
    show(
      "epoch \(report.epoch) (\(done + 1)/\(epochs)) \(percent(share)): loss \(decimal(batchLosses / Double(batchCount), 5)), "
        + "\(grouped(Int(speed))) positives/s\(measured), \(duration(max(0, total - (now - began)))) left")
  }

  func evaluating(partName: String) {
    if rewrites { show("evaluating on \(partName) ...") }
  }

  func epoch(_ record: EpochRecord, partName: String) {
    done += 1
    let now = monotonicSeconds()
    let left = (now - began) / Double(done - resumed) * Double(epochs - done)
    let speed = Double(positivesThisEpoch) / max(1e-9, record.seconds)
    if !record.metrics.isEmpty {
      measured =
        ", \(partName) " + record.metrics.map { "\($0.name) \(decimal($0.value, 4))" }.joined(separator: " ")
    }
    var line =
      "epoch \(record.epoch) (\(done)/\(epochs)): loss \(decimal(record.loss, 5)), \(decimal(record.seconds, 2)) s, "
      + "\(grouped(Int(speed))) positives/s"
    // A line that stays holds what belongs to its epoch alone.
    if !keepsEpochs || !record.metrics.isEmpty { line += measured }
    if done < epochs { line += ", \(duration(left)) left" }
    if keepsEpochs { say(line) } else { show(line) }
    beginEpoch()
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

  private func show(_ text: String) {
    write("\r\u{1B}[K" + text.prefix(max(20, columns - 1)))
    lineIsOpen = true
  }
}

/// Columns of the terminal at standard error, 80 where it does not say.
private func terminalColumns() -> Int {
  var size = winsize()
  guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}

private func percent(_ share: Double) -> String { "\(Int(share * 100)) %" }

/// 1234567 as 1,234,567.
func grouped(_ value: Int) -> String {
  var digits = String(abs(value))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
    index -= 3
  }
  return (value < 0 ? "-" : "") + digits
}

private func duration(_ seconds: Double) -> String {
  // More epochs than there is time for may be asked for.
  let whole = Int(min(seconds, 1e15).rounded())
  switch whole {
  case ..<60: return "\(whole) s"
  case ..<3600: return "\(whole / 60) min \(whole % 60) s"
  default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
