/// How a data set is cut into train, valid and test.
///
/// Every random choice is a pure function of the seed and the user's dense number: the same seed gives the same split.
public enum SplitRule: Sendable, Hashable {
  /// The published split. `valid` takes that share of each user's train part for validation where none is published.
  case given(valid: Double = 0, seed: UInt64 = 0)
  /// A share of each user's interactions: random ones, or the latest to test and those before them to valid. Of a user's `n` the
  /// train part keeps `round((1 - test - valid) n)` and train and valid together `round((1 - test) n)`, halves to the even number
  /// (as PRIS counts), and train at least 1.
  case ratio(test: Double = 0.2, valid: Double = 0, by: Choice = .random, seed: UInt64 = 0)
  /// One interaction of each user for test and, with `valid`, one more for validation. A user with one interaction keeps it
  /// for training; one with two has none in valid: unless `tooFew` says otherwise of users who have not one for each part.
  case leaveOneOut(Choice = .random, valid: Bool = true, seed: UInt64 = 0, tooFew: TooFew = .train)
  /// The latest share of all interactions, whoever made them. Those at the very moment of the cut are all behind it.
  case temporal(test: Double = 0.2, valid: Double = 0)
  /// Interactions at `testFrom` or later, and before them those at `validFrom` or later, in the data's unit of time.
  case temporalAt(testFrom: Int64, validFrom: Int64? = nil)
  /// Each user's interactions dealt to `count` folds; fold `fold` (from 1) is the test part. `valid` takes that share of each
  /// user's other interactions for validation.
  case kFold(count: Int = 5, fold: Int = 1, valid: Double = 0, seed: UInt64 = 0)

  /// What becomes of users who have too few interactions for all parts.
  public enum TooFew: String, Sendable, Hashable, CaseIterable {
    /// They train with what they have.
    case train
    /// They are in no part.
    case drop
    /// There is no split.
    case error
  }

  /// Which of a user's interactions are left out.
  public enum Choice: String, Sendable, Hashable, CaseIterable {
    case random
    /// The latest by time (for validation the latest before those); among equally late ones drawn by the seed.
    case latest
  }
}

extension SplitRule: CustomStringConvertible {
  /// As a script would write it, such as `ratio(test = 0.2, seed = 7)`.
  public var description: String {
    func arguments(_ pairs: [(String, String)?]) -> String {
      pairs.compactMap { $0.map { "\($0.0) = \($0.1)" } }.joined(separator: ", ")
    }
    func share(_ value: Double) -> (String, String)? { value == 0 ? nil : ("valid", "\(value)") }
    switch self {
    case .given(let valid, let seed):
      if valid == 0 { return "given" }
      return "given(\(arguments([share(valid), ("seed", "\(seed)")])))"
    case .ratio(let test, let valid, let choice, let seed):
      let by = choice == .latest ? ("by", choice.rawValue) : nil
      return "ratio(\(arguments([("test", "\(test)"), share(valid), by, ("seed", "\(seed)")])))"
    case .leaveOneOut(let choice, let valid, let seed, let tooFew):
      let few = tooFew == .drop ? ("too_few", "drop") : nil
      return "leave_one_out(\(arguments([("by", choice.rawValue), ("valid", "\(valid)"), ("seed", "\(seed)"), few])))"
    case .temporal(let test, let valid):
      return "temporal(\(arguments([("test", "\(test)"), share(valid)])))"
    case .temporalAt(let test, let valid):
      return "temporal(\(arguments([("test_from", "\(test)"), valid.map { ("valid_from", "\($0)") }])))"
    case .kFold(let count, let fold, let valid, let seed):
      return "kfold(\(arguments([("folds", "\(count)"), ("fold", "\(fold)"), share(valid), ("seed", "\(seed)")])))"
    }
  }
}
