import Platform

/// Tells a person how training goes: one line that is rewritten on a terminal, a plain line an epoch elsewhere.
///
/// Writes to standard error, so that a script's results can be piped.
public final class ProgressReporter {
  private let isTerminal: Bool
  private let write: (String) -> Void
  private var epochs = 0
  private var done = 0
  private var began = 0.0
  private var lastShown = 0.0
  private var epochBegan = 0.0
  private var positivesThisEpoch = 0
  private var lineIsOpen = false
  private var batchLosses = 0.0
  private var batchCount = 0

  /// - Parameters:
  ///   - isTerminal: Whether lines can be rewritten; asked of standard error where `nil`.
  ///   - write: Where text goes; standard error where `nil`.
  public init(isTerminal: Bool? = nil, write: ((String) -> Void)? = nil) {
    self.isTerminal = isTerminal ?? (isatty(2) == 1)
    self.write =
      write ?? { text in
        var text = text
        text.withUTF8 { _ = Platform.write(2, $0.baseAddress, $0.count) }
      }
  }

  func begin(trainer: Trainer, epochs: Int) {
    self.epochs = epochs
    done = 0
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
    guard isTerminal, now - lastShown > 0.2 else { return }
    lastShown = now
    let share = Double(positivesThisEpoch) / Double(trainer.train.count)
    let speed = Double(positivesThisEpoch) / max(1e-9, now - epochBegan)
    let total = (now - began) / max(1e-9, Double(done) + share) * Double(epochs)
    show(
      "epoch \(report.epoch): \(percent(share))  loss \(decimal(batchLosses / Double(batchCount), 5))  "
        + "\(grouped(Int(speed))) positives/s  \(duration(max(0, total - (now - began)))) left")
  }

  func evaluating(partName: String) {
    if isTerminal { show("evaluating on \(partName) ...") }
  }

  func epoch(_ record: TrainingRun.EpochRecord, partName: String) {
    done += 1
    let now = monotonicSeconds()
    let left = (now - began) / Double(done) * Double(epochs - done)
    let speed = Double(positivesThisEpoch) / max(1e-9, record.seconds)
    var line =
      "epoch \(record.epoch) (\(done)/\(epochs)): loss \(decimal(record.loss, 5)), \(decimal(record.seconds, 2)) s, "
    line += "\(grouped(Int(speed))) positives/s"
    if !record.metrics.isEmpty {
      line += ", \(partName) " + record.metrics.map { "\($0.name) \(decimal($0.value, 4))" }.joined(separator: " ")
    }
    if done < epochs { line += ", \(duration(left)) left" }
    if lineIsOpen { write("\r\u{1B}[K") }
    lineIsOpen = false
    write(line + "\n")
    beginEpoch()
  }

  func end() {
    if lineIsOpen { write("\n") }
    lineIsOpen = false
  }

  private func show(_ text: String) {
    write("\r\u{1B}[K" + text)
    lineIsOpen = true
  }
}

private func percent(_ share: Double) -> String { "\(Int(share * 100)) %" }

/// `value` with `places` decimals.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
    _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, 400, "%.\(places)f", $0) }
    return String(cString: buffer.baseAddress!)
  }
}

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
  let whole = Int(seconds.rounded())
  switch whole {
  case ..<60: return "\(whole) s"
  case ..<3600: return "\(whole / 60) min \(whole % 60) s"
  default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
