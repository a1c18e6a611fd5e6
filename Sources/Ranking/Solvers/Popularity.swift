import Interactions

/// The number of users who have an item, the same list for everybody: the floor that any other model has to rise above.
///
///     s_ui = |{v : i in I_v}|
public final class Popularity: ClosedFormModel {
  public let name = "popularity"
  public let userCount: Int
  /// `[itemCount, 1]`: exact up to 2²⁴ users.
  public let counts: Parameter
  public var trainedParts: [TrainedPart] = []

  /// Empty: there is nothing to set.
  public let fitDescription = TrainerDescription([])

  public init(userCount: Int, itemCount: Int) throws {
    self.userCount = userCount
    counts = try Parameter(name: "item_bias", owner: .item, rowCount: itemCount) { _, _ in 0 }
  }

  public var itemCount: Int { counts.rowCount }
  public var scoreName: String { "dot" }
  public var trainedParameters: [Parameter] { [counts] }

  /// - Complexity: O(pairs + items).
  public func fit(to train: InteractionMatrix, check: () throws -> Void) throws {
    try counts.setValues(train.itemCounts().map(Float.init))
  }

  public func scores() throws -> ModelScores {
    try checkIsFitted()
    // Rows of one 0 for what ranks products of rows.
    return .factors(
      FactorScores(
        userCount: userCount, itemCount: itemCount, dim: 1, users: [Float](repeating: 0, count: userCount),
        items: [Float](repeating: 0, count: itemCount), itemBias: counts.currentValues))
  }
}
