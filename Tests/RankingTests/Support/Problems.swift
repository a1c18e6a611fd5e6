import Interactions
import Tensors

@testable import Ranking

/// Random pairs; every user may have several, some none.
func randomInteractions(users: Int, items: Int, pairs: Int, seed: UInt64) -> InteractionMatrix {
  var generator = RandomStream(seed: seed, purpose: "pairs").generator()
  return InteractionMatrix(
    userCount: users, itemCount: items,
    users: (0..<pairs).map { _ in Int32.random(in: 0..<Int32(users), using: &generator) },
    items: (0..<pairs).map { _ in Int32.random(in: 0..<Int32(items), using: &generator) })
}

/// Users of a few tastes, each of which knows a part of the catalog: what a model has to find out.
struct PlantedProblem {
  let train: InteractionMatrix
  let test: InteractionMatrix

  init(users: Int = 300, items: Int = 240, tastes: Int = 8, perUser: Int = 16, seed: UInt64 = 1) {
    var generator = RandomStream(seed: seed, purpose: "planted").generator()
    let perTaste = items / tastes
    var parts = (train: ([Int32](), [Int32]()), test: ([Int32](), [Int32]()))
    for user in 0..<users {
      let own = (user % tastes) * perTaste
      var chosen: Set<Int32> = []
      while chosen.count < perUser {
        let any = Int.random(in: 0..<5, using: &generator) == 0
        chosen.insert(
          Int32(
            any ? Int.random(in: 0..<items, using: &generator) : own + Int.random(in: 0..<perTaste, using: &generator)))
      }
      for (index, item) in chosen.sorted().shuffled(using: &generator).enumerated() {
        if index < perUser / 4 {
          parts.test.0.append(Int32(user))
          parts.test.1.append(item)
        } else {
          parts.train.0.append(Int32(user))
          parts.train.1.append(item)
        }
      }
    }
    train = InteractionMatrix(userCount: users, itemCount: items, users: parts.train.0, items: parts.train.1)
    test = InteractionMatrix(userCount: users, itemCount: items, users: parts.test.0, items: parts.test.1)
  }

  /// Mean over users of the share of their test items among the `k` best unseen ones.
  func recall(at k: Int, _ score: (_ user: Int, _ item: Int) -> Double) -> Double {
    let recalls = (0..<train.userCount).map { user in
      let seen = Set(train.items(of: user))
      let wanted = Set(test.items(of: user))
      let ranked = (0..<train.itemCount).filter { !seen.contains(Int32($0)) }
        .map { (score(user, $0), $0) }.sorted { ($0.0, $1.1) > ($1.0, $0.1) }
      return Double(ranked.prefix(k).filter { wanted.contains(Int32($0.1)) }.count) / Double(wanted.count)
    }
    return recalls.reduce(0, +) / Double(recalls.count)
  }

  func recall(at k: Int, _ factors: FactorScores) -> Double {
    recall(at: k) { user, item in
      let dim = factors.dim
      let product = (0..<dim).reduce(0.0) {
        $0 + Double(factors.users[user * dim + $1]) * Double(factors.items[item * dim + $1])
      }
      return product + Double(factors.itemBias?[item] ?? 0)
    }
  }
}

/// The bits of everything that training changes.
struct Bits: Equatable {
  var parameters: MatrixFactorization.Parameters
  var losses: [Double]

  static func == (a: Bits, b: Bits) -> Bool {
    func bits(_ x: Bits) -> [UInt32] { (x.parameters.users + x.parameters.items).map(\.bitPattern) }
    return bits(a) == bits(b) && a.losses.map(\.bitPattern) == b.losses.map(\.bitPattern)
  }
}
