import Interactions
import Platform
import Tensors

/// How each user of a batch draws a factor and a rank.
final class FactorLaw {
  let users: UserRows
  private let orders: FactorOrders
  private let reach: Double
  /// 1 - exp(-items / reach): what the ranks' weights add up to, in units of all whole numbers'.
  private let share: Double
  /// `[users, factors]`: running sums of |p_uf| s_f.
  private var sums: [Double]

  /// `nil` where a number is none, or the users' rows have another width than the orders.
  init?(_ orders: FactorOrders, _ users: UserRows, _ deviation: AdaptiveSampler.Deviation, reach: Double) throws {
    guard users.rows.width == orders.factorCount else { return nil }
    (self.orders, self.users, self.reach) = (orders, users, reach)
    share = -expm1(-Double(orders.itemCount) / reach)
    let spreads = orders.variances.map { deviation == .standard ? $0.squareRoot() : $0 }
    let factors = orders.factorCount
    sums = [Double](repeating: 0, count: users.rows.rowCount * factors)
    for user in 0..<users.rows.rowCount {
      var sum = 0.0
      for factor in 0..<factors {
        sum += abs(Double(users.rows[user][factor])) * spreads[factor]
        sums[user * factors + factor] = sum
      }
      guard sum.isFinite else { return nil }
      // Nothing counts: all alike.
      if sum == 0 { for factor in 0..<factors { sums[user * factors + factor] = Double(factor + 1) } }
    }
  }

  private func total(_ slot: Int) -> Double { sums[(slot + 1) * orders.factorCount - 1] }

  private func weight(_ slot: Int, _ factor: Int) -> Double {
    let place = slot * orders.factorCount + factor
    return sums[place] - (factor > 0 ? sums[place - 1] : 0)
  }

  private func isFromTop(_ slot: Int, _ factor: Int) -> Bool { users.rows[slot][factor] > 0 }

  /// The item that two uniform numbers stand for, by inversion.
  func item(_ slot: Int, _ forFactor: Double, _ forRank: Double) -> Int32 {
    let first = slot * orders.factorCount
    let goal = min(forFactor * total(slot), total(slot).nextDown)
    var (factor, rest) = (0, orders.factorCount)
    while rest > 1 {
      let half = rest / 2
      if sums[first + factor + half - 1] <= goal { factor += half }
      rest -= half
    }
    let rank = min(orders.itemCount - 1, Int(-reach * log1p(-forRank * share)))
    return orders.item(factor, rank, fromTop: isFromTop(slot, factor))
  }

  /// The law of what a user does not have. O(factors · items · log row)
  ///
  /// Ranks count from the first that is left in any factor, so that their weights do not vanish.
  func rest(_ slot: Int, of user: Int, _ train: InteractionMatrix) -> RemainingItems {
    var places: [(item: Int32, rank: Int, weight: Double)] = []
    for factor in 0..<orders.factorCount where weight(slot, factor) > 0 {
      let fromTop = isFromTop(slot, factor)
      for rank in 0..<orders.itemCount {
        let item = orders.item(factor, rank, fromTop: fromTop)
        if !train.contains(user: user, item: item) { places.append((item, rank, weight(slot, factor))) }
      }
    }
    let first = places.reduce(Int.max) { min($0, $1.rank) }
    var rest = RemainingItems()
    for place in places { rest.add(place.item, place.weight * exp(-Double(place.rank - first) / reach)) }
    return rest
  }
}
