import Interactions
import Platform
import Tensors

/// Item neighbors: each of a user's items speaks for those items that most resemble it.
///
///     n_ij = users who have both;   s_ij = n_ij / (sqrt(n_i n_j) + shrinkage);   s_ui = sum_{j in I_u} s_ji [i in N_k(j)]
///
/// Deshpande, Karypis, "Item-Based Top-N Recommendation Algorithms", ACM TOIS 2004, sections 4.1 and 4.2, with cosine similarities and
/// without the normalization of an item's neighbors. The shrinkage (Bell, Koren, KDD 2007) holds back pairs that few users have.
/// N_k(j) are the k items with the largest similarity to j, of equal ones those with the lower number; an item that nobody has
/// together with j is none of them.
public final class ItemNeighbors: ClosedFormModel {
  public let name = "item_neighbors"
  /// k, the most neighbors of an item.
  public let count: Int
  public let shrinkage: Double
  /// `[itemCount, count]`: the neighbors' numbers, the nearest first, -1 past the last.
  public let neighbors: Parameter
  /// `[itemCount, count]`: how near they are.
  public let similarities: Parameter
  public var trainedParts: [TrainedPart] = []
  public var fitDescription: TrainerDescription { TrainerDescription([.init("shrinkage", "\(shrinkage)")]) }
  private let train: InteractionMatrix
  private let pool: ThreadPool

  /// - Parameter train: Whose users' items are scored from.
  public init(train: InteractionMatrix, count: Int = 100, shrinkage: Double = 0, pool: ThreadPool = .shared) throws {
    guard count >= 1, shrinkage >= 0, shrinkage <= 1e9 else {
      throw TrainingError.setting(
        "item_neighbors: \(count) neighbors and a shrinkage of \(shownNumber(shrinkage)); want at least 1, and a number from 0 to 1e9"
      )
    }
    guard train.itemCount <= 1 << 24 else {
      throw TrainingError.setting("item_neighbors: \(train.itemCount) items; want at most \(1 << 24)")
    }
    self.count = min(count, train.itemCount)
    self.shrinkage = shrinkage
    self.train = train
    self.pool = pool
    neighbors = try Parameter(name: "neighbor", owner: .item, rowCount: train.itemCount, columnCount: self.count) {
      _, _ in -1
    }
    similarities = try Parameter(name: "similarity", owner: .item, rowCount: train.itemCount, columnCount: self.count) {
      _, _ in 0
    }
  }

  public var userCount: Int { train.userCount }
  public var itemCount: Int { train.itemCount }
  public var scoreName: String { "item_neighbors" }
  public var trainedParameters: [Parameter] { [neighbors, similarities] }

  /// - Complexity: O(Σ_users n² + items · k) time, O(threads · items) memory.
  public func fit(to train: InteractionMatrix, check: () throws -> Void) throws {
    let size =
      try Memory.count(
        itemCount, count, 2, of: Float.self, for: "item_neighbors: \(count) neighbors of each of \(itemCount) items")
      / 2
    var numbers = [Float](repeating: -1, count: size)
    var values = [Float](repeating: 0, count: size)
    let users = train.transposed()
    try numbers.withUnsafeMutableBufferPointer { numbers in
      try values.withUnsafeMutableBufferPointer { values in
        let shared = Shared((numbers: numbers, values: values, train: train, users: users))
        // A task counts in memory of its own, which it clears once.
        let (task, round) = (64, 64 * 64)
        for first in Swift.stride(from: 0, to: itemCount, by: round) {
          try check()
          pool.run(count: min(round, itemCount - first), grain: task) { [count, shrinkage] range in
            var nearest = NearestItems(train: shared.value.train, users: shared.value.users, shrinkage: shrinkage)
            for item in first + range.lowerBound..<first + range.upperBound {
              for (place, near) in nearest.find(count, of: item).enumerated() {
                shared.value.numbers[item * count + place] = Float(near.item)
                shared.value.values[item * count + place] = near.similarity
              }
            }
          }
        }
      }
    }
    try neighbors.setValues(numbers)
    try similarities.setValues(values)
  }

  public func scores() throws -> ModelScores {
    try checkIsFitted()
    try Memory.require(3 * itemCount * count, of: Float.self, for: "item_neighbors: the lists of \(itemCount) items")
    let numbers = neighbors.currentValues
    for (place, number) in numbers.enumerated()
    where !(number >= -1 && number < Float(itemCount) && number == number.rounded()) {
      throw TrainingError.setting(
        "item_neighbors: neighbor \(place % count + 1) of item \(place / count) is \(number); want an item's number, or -1"
      )
    }
    return .source(
      Scores(
        train: train, count: count, neighbors: numbers.map { Int32($0) }, similarities: similarities.currentValues,
        pool: pool))
  }

  private struct Scores: ScoreSource {
    let train: InteractionMatrix
    let count: Int
    let neighbors: [Int32]
    let similarities: [Float]
    let pool: ThreadPool
    var userCount: Int { train.userCount }
    var itemCount: Int { train.itemCount }

    func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws {
      let shared = Shared((scores: self, users: users, out: scores))
      pool.run(count: users.count) { place in
        shared.value.scores.add(
          user: Int(shared.value.users[shared.value.users.startIndex + place]),
          to: UnsafeMutableBufferPointer(rebasing: shared.value.out[place * itemCount..<(place + 1) * itemCount]))
      }
    }

    private func add(user: Int, to row: UnsafeMutableBufferPointer<Float>) {
      row.update(repeating: 0)
      for item in train.items(of: user) {
        for place in Int(item) * count..<(Int(item) + 1) * count {
          if neighbors[place] < 0 { break }
          row[Int(neighbors[place])] += similarities[place]
        }
      }
    }
  }
}

/// Finds the items that most resemble one, for one item after another.
private struct NearestItems {
  struct Near {
    let item: Int32
    let similarity: Float
  }

  let train: InteractionMatrix
  let users: InteractionMatrix
  let shrinkage: Double
  private var together: [Int32]
  private var seen: [Int32] = []
  /// Numbers whose order is that of the neighbors: the complement of a similarity's bits, which ascend with it, before the item.
  private var keys: [UInt64] = []

  init(train: InteractionMatrix, users: InteractionMatrix, shrinkage: Double) {
    (self.train, self.users, self.shrinkage) = (train, users, shrinkage)
    together = [Int32](repeating: 0, count: train.itemCount)
  }

  /// The nearest, best first.
  mutating func find(_ count: Int, of item: Int) -> [Near] {
    seen.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    for user in users.items(of: item) {
      for other in train.items(of: Int(user)) {
        if together[Int(other)] == 0 { seen.append(other) }
        together[Int(other)] += 1
      }
    }
    let own = Double(users.items(of: item).count)
    for other in seen {
      let both = Double(together[Int(other)])
      together[Int(other)] = 0
      if Int(other) == item { continue }
      let length = (own * Double(users.items(of: Int(other)).count)).squareRoot()
      let similarity = Float(both / (length + shrinkage))
      keys.append(UInt64(~similarity.bitPattern) << 32 | UInt64(other))
    }
    keys.sort()
    return keys.prefix(count).map {
      Near(item: Int32($0 & 0xffff_ffff), similarity: Float(bitPattern: ~UInt32($0 >> 32)))
    }
  }
}
