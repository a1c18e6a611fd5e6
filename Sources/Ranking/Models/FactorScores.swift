/// A model's scores of all users and items in the one form that full ranking multiplies out:
///
///     score(u, i) = min(ceiling, <users[u], items[i]> + userBias[u] + itemBias[i])
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
  /// No score is above it but by rounding: 0 of negative distances. Read where scores are shown; a ranking keeps the order that
  /// rounding gives to scores at the ceiling.
  public let ceiling: Float

  public init(
    userCount: Int, itemCount: Int, dim: Int, users: [Float], items: [Float], userBias: [Float]? = nil,
    itemBias: [Float]? = nil, ceiling: Float = .infinity
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
    self.ceiling = ceiling
  }
}

extension FactorScores {
  /// Scores that a function makes of users' and items' rows, `[count, width]` each.
  public init(_ function: ScoreFunction, users: [Float], items: [Float], userCount: Int, itemCount: Int) {
    let dim = users.count / userCount
    switch function {
    case .dot:
      self.init(userCount: userCount, itemCount: itemCount, dim: dim, users: users, items: items)
    case .cosine:
      self.init(
        userCount: userCount, itemCount: itemCount, dim: dim, users: Self.normalized(users, dim),
        items: Self.normalized(items, dim))
    case .euclidean:
      self.init(
        userCount: userCount, itemCount: itemCount, dim: dim, users: users.map { 2 * $0 }, items: items,
        userBias: Self.negativeSquares(users, dim), itemBias: Self.negativeSquares(items, dim), ceiling: 0)
    }
  }

  /// The score of one pair, both dense, summed in float64.
  public func score(user: Int, item: Int) -> Double {
    var sum = Double(userBias?[user] ?? 0) + Double(itemBias?[item] ?? 0)
    for column in 0..<dim { sum += Double(users[user * dim + column]) * Double(items[item * dim + column]) }
    return sum > Double(ceiling) ? Double(ceiling) : sum
  }

  static func normalized(_ rows: [Float], _ dim: Int) -> [Float] {
    var result = rows
    for start in Swift.stride(from: 0, to: rows.count, by: dim) {
      var square: Float = 0
      for column in start..<start + dim { square += rows[column] * rows[column] }
      let inverse = 1 / max(square.squareRoot(), 1e-12)
      for column in start..<start + dim { result[column] *= inverse }
    }
    return result
  }

  private static func negativeSquares(_ rows: [Float], _ dim: Int) -> [Float] {
    Swift.stride(from: 0, to: rows.count, by: dim).map { start in
      -rows[start..<start + dim].reduce(0) { $0 + $1 * $1 }
    }
  }
}
