import Interactions

/// Makes the rows of the users who are evaluated from their candidates, and counts what is to know of these.
struct CandidateCollector {
  private(set) var rows = ItemRows()
  private(set) var report = CandidateReport()

  private let split: Split
  private let relevant: InteractionMatrix
  private let mask: InteractionMatrix?
  private let repeats: CandidateRepeats
  /// How many each user was to get, where they were drawn: those are distinct and nobody's own.
  private let drawnCount: Int?
  /// For each item the last user in whose list it stood.
  private var lastUser: [Int32]

  init(split: Split, relevant: InteractionMatrix, mask: InteractionMatrix?, settings: EvaluationSettings) {
    self.split = split
    self.relevant = relevant
    self.mask = mask
    repeats = settings.repeats
    drawnCount = if case .drawn(let count, _) = settings.candidates { count } else { nil }
    lastUser = Array(repeating: -1, count: split.itemCount)
  }

  /// Adds the row of a user, each user once. Returns whether the user has a candidate to be ranked with.
  mutating func add(_ user: Int32, _ candidates: ArraySlice<Int32>) -> Bool {
    report.count += candidates.count
    let others = rankable(user, candidates)
    guard !others.isEmpty else {
      report.usersWithout += 1
      return false
    }
    if let drawnCount, candidates.count < drawnCount { report.usersWithFewer += 1 }
    rows.append(relevant: relevant.items(of: Int(user)).filter { !isMasked(user, $0) }, others: others)
    return true
  }

  private func isMasked(_ user: Int32, _ item: Int32) -> Bool { mask?.contains(user: Int(user), item: item) == true }

  /// The candidates that are ranked: all but those that are masked, and with `once` but for repeats and what is looked for.
  private mutating func rankable(_ user: Int32, _ candidates: ArraySlice<Int32>) -> ArraySlice<Int32> {
    if drawnCount != nil, mask == nil { return candidates }
    var result: [Int32] = []
    result.reserveCapacity(candidates.count)
    for item in candidates where !isMasked(user, item) {
      count(user, item)
      let isRepeated = lastUser[Int(item)] == user
      if isRepeated { report.repeated += 1 }
      lastUser[Int(item)] = user
      if repeats == .each || (!isRepeated && !relevant.contains(user: Int(user), item: item)) { result.append(item) }
    }
    return result[...]
  }

  private mutating func count(_ user: Int32, _ item: Int32) {
    if split.train.contains(user: Int(user), item: item) {
      report.inTrain += 1
    } else if split.test.contains(user: Int(user), item: item) {
      report.inTest += 1
    } else if split.valid?.contains(user: Int(user), item: item) == true {
      report.inValid += 1
    }
  }
}
