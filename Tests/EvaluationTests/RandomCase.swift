import Interactions
import Ranking
import Tensors

@testable import Evaluation

/// A random model with random parts, small whole numbers as factors so that products are exact and ties are many.
struct RandomCase {
  let scores: FactorScores
  let train: InteractionMatrix
  let valid: InteractionMatrix
  let test: InteractionMatrix

  /// - Parameters:
  ///   - ties: Factors are -1, 0 or 1 in a few places instead of real numbers.
  ///   - density: Share of a user's items in each of train and test; some users get none, some nearly all.
  init(seed: UInt64, users: Int, items: Int, dim: Int, ties: Bool, biases: Bool, density: Double = 0.1) {
    let stream = RandomStream(seed: seed, purpose: "evaluation test")
    func factors(_ count: Int, _ purpose: Int) -> [Float] {
      let part = stream.substream(purpose)
      return (0..<count).map { position in
        let uniform = part.uniform(at: UInt64(position))
        if !ties { return uniform - 0.5 }
        return uniform < 0.1 ? -1 : uniform > 0.8 ? 1 : 0
      }
    }
    scores = FactorScores(
      userCount: users, itemCount: items, dim: dim, users: factors(users * dim, 1), items: factors(items * dim, 2),
      userBias: biases ? factors(users, 3) : nil, itemBias: biases ? factors(items, 4) : nil)
    var parts: [[(Int32, Int32)]] = [[], [], []]
    let place = stream.substream(5)
    for user in 0..<users {
      // Every seventh user has no test items, every eleventh has nearly everything in train.
      let bounds = user % 11 == 3 ? [0.9, 0.92, 0.98] : [density, density * 1.2, user % 7 == 2 ? 0 : density * 2.2]
      for item in 0..<items {
        let draw = place.uniformDouble(at: UInt64(user * items + item))
        if let part = bounds.firstIndex(where: { draw < $0 }) { parts[part].append((Int32(user), Int32(item))) }
      }
    }
    func matrix(_ pairs: [(Int32, Int32)]) -> InteractionMatrix {
      InteractionMatrix(userCount: users, itemCount: items, users: pairs.map(\.0), items: pairs.map(\.1))
    }
    train = matrix(parts[0])
    valid = matrix(parts[1])
    test = matrix(parts[2])
  }

  var split: Split {
    Split(dataset: unnamed(scores.userCount, scores.itemCount), train: train, valid: valid, test: test, rule: "test")
  }

  /// The scores in float64, without the users' biases. Exact where there are ties by construction.
  func plainScores() -> [[Float]] {
    (0..<scores.userCount).map { user in
      (0..<scores.itemCount).map { item in
        var sum = Double(scores.itemBias?[item] ?? 0)
        for f in 0..<scores.dim {
          sum += Double(scores.users[user * scores.dim + f]) * Double(scores.items[item * scores.dim + f])
        }
        return Float(sum)
      }
    }
  }

  func plain(masks: [InteractionMatrix], relevant: InteractionMatrix) -> PlainRanking {
    PlainRanking(
      scores: plainScores(),
      masked: (0..<scores.userCount).map { user in masks.reduce(into: Set()) { $0.formUnion($1.items(of: user)) } },
      relevant: (0..<scores.userCount).map { Set(relevant.items(of: $0)) })
  }

  /// The same scores through the protocol for models that are not products.
  var closure: ClosureScores {
    let rows = plainScores()
    return ClosureScores(userCount: scores.userCount, itemCount: scores.itemCount) { users, buffer in
      for (position, user) in users.enumerated() {
        for (item, score) in rows[Int(user)].enumerated() { buffer[position * rows[0].count + item] = score }
      }
    }
  }
}

let allMetrics = try! [
  "recall@1", "recall@20", "precision@5", "f1@5", "hit@3", "ndcg@1", "ndcg@20", "map@20", "mrr@20", "auc",
]
.map { try Metric($0) }

/// A data set of which only the shape matters.
func unnamed(_ userCount: Int, _ itemCount: Int) -> Dataset {
  Dataset(name: "random", userCount: userCount, itemCount: itemCount, users: [], items: [])
}
