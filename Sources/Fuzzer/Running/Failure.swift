import Platform

/// A case that ended as none should.
struct Failure {
  let number: Int
  let kind: Kind
  let outcome: Outcome
  /// What tells failures apart: how it ended and in what call.
  let signature: String
  /// The end of what the process printed.
  let log: String

  init(number: Int, _ testCase: Case, outcome: Outcome, ending: ChildProcess.Ending, statement: Int, log: String) {
    self.number = number
    kind = testCase.kind
    self.outcome = outcome
    self.log = log
    signature = Self.signature(testCase, outcome, ending, statement, log)
  }

  static func signature(
    _ testCase: Case, _ outcome: Outcome, _ ending: ChildProcess.Ending, _ statement: Int, _ log: String
  ) -> String {
    let place = testCase.callee(of: statement) ?? "no call"
    switch (outcome, ending) {
    case (.hung, _): return "hung in \(place)"
    case (.broken, _): return "broken: \(log.split(separator: "\n").last ?? "")"
    case (_, .signal(let number)): return "\(String(cString: strsignal(number))) in \(place)"
    case (_, .exit(let status)): return "exit \(status) in \(place)"
    }
  }
}

/// Where a crash is, by the log of a traced run: the first place in the library.
func place(in log: String) -> String? {
  let line = log.split(separator: "\n").first { $0.contains("/Sources/") && !$0.contains("/Sources/Fuzzer/") }
  return line?.firstRange(of: "/Sources/").map { String(line![$0.lowerBound...].dropFirst()) }
}

/// The last lines of a file.
func tail(of path: String, lines: Int = 12) -> String {
  let bytes = (try? RegularFile.bytes(of: path)) ?? []
  let text = String(decoding: bytes.suffix(8000), as: UTF8.self)
  return text.split(whereSeparator: \.isNewline).suffix(lines).map { shown($0, limit: 300) }.joined(separator: "\n")
}
