/// The boundary outside training.
extension Boundary {
  /// The boundary of each user whose scoring row is given, summed in float64.
  ///
  /// - Parameter rows: `[users, dim]`, all users in their order; not read where each user has a number.
  func values(rows: [Float], dim: Int, userCount: Int) -> [Float] {
    let numbers = parameter.currentValues
    if kind == .user { return numbers }
    let offset = kind == .linearBias ? Double(numbers[dim]) : 0
    return (0..<userCount).map { user in
      Float((0..<dim).reduce(offset) { $0 + Double(numbers[$1]) * Double(rows[user * dim + $1]) })
    }
  }
}

extension RankingModel {
  /// The boundary of every user as the parameters stand now, `[userCount]`; `nil` for a model that has none.
  ///
  /// P_u is the row that scores: with cosine scores of length 1, in a graph's model propagated, never dropped.
  ///
  /// - Throws: What computing the rows throws.
  /// - Complexity: O(users · dim), and what computing the rows costs.
  public func boundaries() throws -> [Float]? {
    guard let boundary else { return nil }
    if boundary.kind == .user { return boundary.values(rows: [], dim: dim, userCount: userCount) }
    let rows = try userEmbeddings()
    let scoring = scoring.function == .cosine ? FactorScores.normalized(rows, dim) : rows
    return boundary.values(rows: scoring, dim: dim, userCount: userCount)
  }
}
