/// What a run found, for people.
struct Report {
  struct Kept {
    let signature: String
    /// Where it crashed, where that is known.
    let place: String?
    /// What else ended there.
    var others: [String] = []
    let log: String
    let replay: String
    let program: String
  }

  let board: Board
  let seconds: Double
  let settings: Supervisor.Settings
  let failures: [Failure]
  let kept: [Kept]

  var hasFailures: Bool { !failures.isEmpty }

  var text: String {
    var lines = [row("", ["tried", "accepted", "refused", "stopped", "crashed", "hung", "broken"])]
    for kind in Kind.allCases { lines.append(row(kind.plural, counts([kind]))) }
    lines.append(row("all", counts(Kind.allCases)))
    lines.append(
      "\(board[.acceptedCalls]) calls accepted, \(board[.refusedCalls]) refused; seed \(settings.seed), "
        + "\(Int(seconds.rounded())) s, \(settings.workers) workers")
    for one in kept {
      lines.append("\n\(one.signature)\(one.place.map { " at \($0)" } ?? "")\n  \(one.replay)")
      lines += one.program.split(separator: "\n").prefix(12).map { "  | \($0)" }
      if !one.others.isEmpty { lines.append("  and: " + one.others.prefix(8).joined(separator: ", ")) }
      lines += Self.reasons(in: one.log).map { "  \($0)" }
    }
    lines.append(
      hasFailures
        ? "\n\(failures.count) cases failed, in \(kept.count) ways or more; they are kept in \(settings.kept)"
        : "No crash, no hang.")
    return lines.joined(separator: "\n")
  }

  /// What a log says of why and where, in few lines.
  private static func reasons(in log: String) -> [Substring] {
    let lines = log.split(separator: "\n")
    let why = lines.filter { $0.contains("rror: ") || $0.contains("memory") }.prefix(2)
    let places = lines.filter { $0.contains("/Sources/") && !$0.contains("/Sources/Fuzzer/") }.prefix(3)
    return why + places.map { $0.drop { !$0.isLetter } }
  }

  private func counts(_ kinds: [Kind]) -> [String] {
    let each = Outcome.allCases.map { outcome in kinds.reduce(0) { $0 + board.total($1, outcome) } }
    return ([each.reduce(0, +)] + each).map(String.init)
  }

  private func row(_ name: String, _ cells: [String]) -> String {
    name + String(repeating: " ", count: max(0, 13 - name.count))
      + cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined()
  }
}
