/// A model's scores of all users and items in the one form that full ranking multiplies out:
///
///     score(u, i) = <users[u], items[i]> + userBias[u] + itemBias[i]
///
/// Inner product, cosine (rows of unit length) and negative squared distance (`-|x|²` in the biases, users doubled) all fit.
public struct FactorScores: Sendable {
  public let userCount: Int
  public let itemCount: Int
  /// Length of a row.
  public let dim: Int
  /// `[userCount, dim]`, row major, without padding.
  public let users: [Float]
  /// `[itemCount, dim]`, row major, without padding.
  public let items: [Float]
  /// `[userCount]`; does not change a user's ranking, only the scores that are shown.
  public let userBias: [Float]?
  /// `[itemCount]`.
  public let itemBias: [Float]?

  public init(
    userCount: Int, itemCount: Int, dim: Int, users: [Float], items: [Float], userBias: [Float]? = nil,
    itemBias: [Float]? = nil
  ) {
    precondition(users.count == userCount * dim && items.count == itemCount * dim)
    precondition(userBias.map { $0.count == userCount } ?? true && itemBias.map { $0.count == itemCount } ?? true)
    self.userCount = userCount
    self.itemCount = itemCount
    self.dim = dim
    self.users = users
    self.items = items
    self.userBias = userBias
    self.itemBias = itemBias
  }
}

/// A model whose scores are known in closed form over all users and items.
public protocol FactorModel: AnyObject {
  /// The scores as the parameters stand now.
  func factorScores() -> FactorScores
}
