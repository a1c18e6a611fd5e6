import Platform
import Tensors

extension Dataset {
  /// Cuts the set by a rule.
  ///
  /// - Throws: `DataError.impossible` where the data lacks what the rule needs (a published split, times) or a share is out of
  ///   range.
  /// - Complexity: O(interactions); `temporal` sorts the times.
  public func split(_ rule: SplitRule) throws(DataError) -> Split {
    let assigned: [Part]
    var dropped: Set<Int> = []
    switch rule {
    case .given(let valid, let seed): assigned = try givenParts(valid: valid, seed: seed)
    case .ratio(let test, let valid, let choice, let seed):
      assigned = try ratioParts(test: test, valid: valid, choice, seed: seed)
    case .leaveOneOut(let choice, let valid, let seed, let tooFew):
      assigned = try leaveOneOutParts(choice, valid: valid, seed: seed)
      dropped = try usersToDrop(tooFew, wanting: valid ? 3 : 2)
    case .temporal(let test, let valid): assigned = try temporalParts(test: test, valid: valid)
    case .temporalAt(let test, let valid): assigned = try temporalParts(testFrom: test, validFrom: valid)
    case .kFold(let count, let fold, let valid, let seed):
      assigned = try foldParts(count: count, fold: fold, valid: valid, seed: seed)
    }
    let isGiven = if case .given = rule { true } else { false }
    func part(_ part: Part) -> InteractionMatrix { interactions.selecting(assigned, part, without: dropped) }
    return Split(
      dataset: self, train: part(.train), valid: assigned.contains(.valid) ? part(.valid) : nil, test: part(.test),
      rule: rule.description, candidates: isGiven ? candidates : nil)
  }

  /// Users with interactions, but too few for one in each part.
  private func usersToDrop(_ tooFew: SplitRule.TooFew, wanting least: Int) throws(DataError) -> Set<Int> {
    guard tooFew != .train else { return [] }
    let few = (0..<userCount).filter { (1..<least).contains(interactions.items(of: $0).count) }
    guard tooFew == .error, let first = few.first else { return Set(few) }
    let who = quoted(userIdentifiers.identifier(at: first))
    throw .impossible(
      what: "split: leave_one_out wants \(least) interactions of each user, and user \(who) has "
        + "\(interactions.items(of: first).count)\(few.count > 1 ? ", as one of \(few.count) with too few" : "")",
      remedy: "say too_few = \"drop\" or \"train\", or filter the data first")
  }

  private func givenParts(valid: Double, seed: UInt64) throws(DataError) -> [Part] {
    guard var assigned = parts else {
      throw .impossible(
        what: "split: the data set \(quoted(name)) comes without a split of its own",
        remedy: "use kind = \"ratio\", \"leave_one_out\", \"temporal\" or \"kfold\"")
    }
    try check(share: valid, "valid")
    if valid == 0 { return assigned }
    guard !assigned.contains(.valid) else {
      throw .impossible(
        what: "split: the data set \(quoted(name)) comes with a validation part", remedy: "leave out valid = \(valid)")
    }
    takeValidation(valid, RandomStream(seed: seed, purpose: "split.given"), &assigned)
    return assigned
  }

  private func ratioParts(
    test: Double, valid: Double, _ choice: SplitRule.Choice, seed: UInt64
  ) throws(DataError) -> [Part] {
    try check(test: test, valid: valid)
    let times = choice == .latest ? try times(for: "ratio with by = \"latest\"") : nil
    let stream = RandomStream(seed: seed, purpose: "split.ratio")
    return assignEachUser { user, row in
      let count = Double(row.count)
      let kept = max(1, Int(((1 - test) * count).rounded(.toNearestOrEven)))
      let trained = valid == 0 ? kept : max(1, Int(((1 - test - valid) * count).rounded(.toNearestOrEven)))
      let wanted = [(part: Part.test, count: row.count - kept), (part: .valid, count: kept - trained)]
      if let times {
        give(&row, latestFirst(user, times, stream.substream(user)), wanted)
      } else {
        draw(&row, wanted, stream.substream(user))
      }
    }
  }

  private func leaveOneOutParts(_ choice: SplitRule.Choice, valid: Bool, seed: UInt64) throws(DataError) -> [Part] {
    let stream = RandomStream(seed: seed, purpose: "split.leave-one-out")
    switch choice {
    case .random:
      return assignEachUser { user, row in
        let left = min(valid ? 2 : 1, row.count - 1)
        draw(&row, [(.test, min(1, left)), (.valid, max(0, left - 1))], stream.substream(user))
      }
    case .latest:
      let times = try times(for: "leave_one_out with by = \"latest\"")
      return assignEachUser { user, row in
        let left = min(valid ? 2 : 1, row.count - 1)
        let order = latestFirst(user, times, stream.substream(user))
        give(&row, order, [(.test, min(1, left)), (.valid, max(0, left - 1))])
      }
    }
  }

  private func temporalParts(test: Double, valid: Double) throws(DataError) -> [Part] {
    try check(test: test, valid: valid)
    let sorted = try times(for: "temporal").sorted()
    guard !sorted.isEmpty else { return [] }
    func cut(_ share: Double) -> Int64? {
      let index = Int((Double(sorted.count) * (1 - share)).rounded(.down))
      return index < sorted.count ? sorted[index] : nil
    }
    // A share of nothing cuts behind the last moment.
    let testFrom = test == 0 ? nil : cut(test)
    let validFrom = valid == 0 ? nil : cut(test + valid)
    return assign(testFrom: testFrom, validFrom: validFrom)
  }

  private func temporalParts(testFrom: Int64, validFrom: Int64?) throws(DataError) -> [Part] {
    _ = try times(for: "temporal")
    if let validFrom, validFrom >= testFrom {
      throw .impossible(
        what: "split: valid_from = \(validFrom) is not before test_from = \(testFrom)",
        remedy: "give an earlier valid_from")
    }
    return assign(testFrom: testFrom, validFrom: validFrom)
  }

  private func assign(testFrom: Int64?, validFrom: Int64?) -> [Part] {
    timestamps!.map { time in
      if let testFrom, time >= testFrom { return .test }
      if let validFrom, time >= validFrom { return .valid }
      return .train
    }
  }

  private func foldParts(count: Int, fold: Int, valid: Double, seed: UInt64) throws(DataError) -> [Part] {
    guard count >= 2 else {
      throw .impossible(what: "split: folds is \(count)", remedy: "give at least 2")
    }
    guard (1...count).contains(fold) else {
      throw .impossible(what: "split: fold is \(fold)", remedy: "give one from 1 to \(count)")
    }
    try check(share: valid, "valid")
    let stream = RandomStream(seed: seed, purpose: "split.k-fold")
    var assigned = assignEachUser { user, row in
      let userStream = stream.substream(user)
      // A random start for each user, so that the folds are equally large over all users.
      let start = userStream.integer(below: count, at: UInt64(row.count))
      for (position, index) in shuffledPrefix(row.count, of: row.count, userStream).enumerated()
      where (position + start) % count == fold - 1 {
        row[index] = .test
      }
    }
    if valid > 0 { takeValidation(valid, RandomStream(seed: seed, purpose: "split.k-fold.valid", fold), &assigned) }
    return assigned
  }

  private func times(for rule: String) throws(DataError) -> [Int64] {
    if let timestamps { return timestamps }
    throw .impossible(
      what: "split: \(rule) needs the time of each interaction, and the data set \(quoted(name)) has none",
      remedy: "use kind = \"ratio\" or \"leave_one_out\" with by = \"random\"")
  }
}
