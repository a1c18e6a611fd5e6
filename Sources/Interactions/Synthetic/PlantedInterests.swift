/// What a synthetic data set was made from: the right answer.
public struct PlantedInterests: Sendable, Equatable {
  /// Number of interests.
  public let interestCount: Int
  /// `[itemCount]`: the interest that an item serves, in `0..<interestCount`.
  public let interestOfItem: [Int32]
  /// `[userCount]`: the interests of a user, ascending.
  public let interestsOfUser: [[Int32]]
}
