/// A data set cut into what is trained on, what selects and what is reported.
///
/// All parts have the same shape and share the data set's identifier maps. No pair is in two parts.
public final class Split: Sendable, CustomStringConvertible {
  public let dataset: Dataset
  public let train: InteractionMatrix
  /// Nothing may be selected on `test`; early stopping and model selection read this part.
  public let valid: InteractionMatrix?
  public let test: InteractionMatrix
  /// How the cut was made, as a script would write it, such as `ratio(test = 0.2, seed = 7)`.
  public let rule: String
  /// For sampled evaluation: the published candidates of each user, where the data set came with them and the split is its own.
  public let candidates: CandidateLists?

  public init(
    dataset: Dataset, train: InteractionMatrix, valid: InteractionMatrix?, test: InteractionMatrix, rule: String,
    candidates: CandidateLists? = nil
  ) {
    self.dataset = dataset
    self.train = train
    self.valid = valid
    self.test = test
    self.rule = rule
    self.candidates = candidates
  }

  public var userCount: Int { train.userCount }
  public var itemCount: Int { train.itemCount }

  /// Users who have interactions, none of which is in a part; ascending.
  public var usersInNoPart: [Int] {
    (0..<userCount).filter { user in
      !dataset.interactions.items(of: user).isEmpty && train.items(of: user).isEmpty
        && valid?.items(of: user).isEmpty ?? true && test.items(of: user).isEmpty
    }
  }

  /// `Split(given: 29858 users, 40981 items, 810128 train, 217242 test)`
  public var description: String {
    let middle = valid.map { ", \($0.count) valid" } ?? ""
    return "Split(\(rule): \(userCount) users, \(itemCount) items, \(train.count) train\(middle), \(test.count) test)"
  }
}
