import Platform

/// The one line that tells how far a run is, in as many columns as there are.
///
///     [=====>              ] epoch 7/25  batch 31/40  loss 0.41213  valid recall@20 0.1235  best 0.1301 in 5  patience 3/5  2:10 left
///
/// Where it does not fit, whole pieces go: first the speed, last the epoch.
struct ProgressLine {
  /// Of the whole run, from 0 to 1.
  var share = 0.0
  /// `7/25`, or `12 (7/25)` where the trainer had epochs before.
  var epoch = ""
  /// `batch 31/40`, or what is done instead of training.
  var doing = ""
  var loss: Double?
  /// Learned weights of triplets, of the last whole epoch.
  var weights: (mean: Double, deviation: Double)?
  /// The last evaluation, the watched metric first.
  var part = "valid"
  var metrics: [(name: String, value: Double)] = []
  var best: (epoch: Int, value: Double)?
  /// Evaluations without improvement, and how many end the run.
  var patience: (misses: Int, of: Int)?
  var secondsLeft: Double?
  var positivesPerSecond: Int?

  /// At most `columns` characters, all of one column each.
  func text(columns: Int) -> String {
    var pieces = pieces
    let bar = min(20, max(8, columns / 8))
    func width() -> Int { pieces.reduce(-2) { $0 + $1.text.count + 2 } }
    // The bar is the second thing that must stay.
    let withBar = bar + 3
    while width() + withBar > columns, let least = pieces.indices.min(by: { pieces[$0].weight < pieces[$1].weight }),
      pieces.count > 1
    {
      pieces.remove(at: least)
    }
    let line = pieces.map(\.text).joined(separator: "  ")
    return width() + withBar <= columns ? "[\(filled(bar))] \(line)" : String(line.prefix(max(0, columns)))
  }

  private func filled(_ width: Int) -> String {
    let done = Int((min(1, max(0, share)) * Double(width)).rounded(.down))
    let head = done < width ? ">" : ""
    return String(repeating: "=", count: done) + head + String(repeating: " ", count: width - done - head.count)
  }

  /// `weights 0.512 +- 0.091`
  static func text(of weights: (mean: Double, deviation: Double)) -> String {
    "weights \(decimal(weights.mean, 3)) +- \(decimal(weights.deviation, 3))"
  }

  /// In order, each with its weight: the lightest goes first.
  private var pieces: [(text: String, weight: Int)] {
    var pieces: [(text: String, weight: Int)] = [("epoch \(epoch)", 10)]
    if !doing.isEmpty { pieces.append((doing, 4)) }
    if let loss { pieces.append(("loss \(decimal(loss, 5))", 7)) }
    if let weights { pieces.append((Self.text(of: weights), 3)) }
    for (index, metric) in metrics.enumerated() {
      pieces.append(((index == 0 ? part + " " : "") + "\(metric.name) \(decimal(metric.value, 4))", index == 0 ? 9 : 2))
    }
    if let best { pieces.append(("best \(decimal(best.value, 4)) in \(best.epoch)", 6)) }
    if let patience { pieces.append(("patience \(max(0, patience.of - patience.misses))/\(patience.of)", 5)) }
    if let secondsLeft { pieces.append(("\(clock(secondsLeft)) left", 8)) }
    if let positivesPerSecond { pieces.append(("\(grouped(positivesPerSecond))/s", 1)) }
    return pieces
  }
}

/// `5 s`, `2 min 10 s`, `3 h 20 min`
func duration(_ seconds: Double) -> String {
  // More epochs than there is time for may be asked for.
  let whole = Int(min(seconds, 1e15).rounded())
  switch whole {
  case ..<60: return "\(whole) s"
  case ..<3600: return "\(whole / 60) min \(whole % 60) s"
  default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

/// `0:05`, `2:10`, `3:20:00`
private func clock(_ seconds: Double) -> String {
  let whole = Int(min(seconds, 1e15).rounded())
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let rest = "\(two(whole / 60 % 60)):\(two(whole % 60))"
  if whole >= 3600 { return "\(whole / 3600):\(rest)" }
  return "\(whole / 60):\(two(whole % 60))"
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
