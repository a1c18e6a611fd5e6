import Kernels
import Platform
import Ranking
import Tensors

extension ModelScores {
  /// The scores of the rows' items and of no others, `[rows.items.count]`: of factors the same bits that full ranking compares.
  ///
  /// - Throws: What the model throws, `EvaluationError.wrongScoreCount`, or `MemoryError`.
  func scores(of rows: ItemRows, users: [Int32], pool: ThreadPool) throws -> [Float] {
    let count = try Memory.count(rows.items.count, of: Float.self, for: "the scores of \(rows.items.count) candidates")
    switch self {
    case .factors(let factors):
      return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let target = buffer.baseAddress { factors.write(rows, users, to: target, pool) }
        initialized = count
      }
    case .source(let source):
      var result: [Float] = []
      result.reserveCapacity(count)
      for (position, user) in users.enumerated() {
        let items = Array(rows.items[rows.range(at: position)])
        let scores = items.isEmpty ? [] : try source.scores(user: user, items: items)
        guard scores.count == items.count else {
          throw EvaluationError.wrongScoreCount(user: Int(user), found: scores.count, wanted: items.count)
        }
        result.append(contentsOf: scores)
      }
      return result
    }
  }
}

extension FactorScores {
  fileprivate func write(_ rows: ItemRows, _ users: [Int32], to target: UnsafeMutablePointer<Float>, _ pool: ThreadPool)
  {
    let target = Shared(target)
    withPointers { factors in
      rows.items.withUnsafeBufferPointer { items in
        guard let first = items.baseAddress else { return }
        let items = Shared(first)
        pool.run(count: users.count, grain: 16) { positions in
          for position in positions {
            let range = rows.range(at: position)
            kernel_ranking_pair_scores(
              kernel_ranking_best, factors.value.items, factors.value.itemBias, dim,
              factors.value.users + Int(users[position]) * dim, items.value + range.lowerBound, range.count,
              target.value + range.lowerBound)
          }
        }
      }
    }
  }
}
