import Kernels
import Platform
import Tensors

/// All scores of a tower as its parameters stood, for ranking.
///
/// The items' part of the first layer is computed once, the users' once for a block of users; the layers after it run over tiles of
/// items that stay in registers and in L1, on all cores.
struct TowerScores: ScoreSource {
  /// An inner product that is added to the tower's score, rows without padding.
  struct Factors {
    let dim: Int
    let users: [Float]
    let items: [Float]
  }

  let userCount: Int
  let itemCount: Int
  private let packed: PackedTower
  /// The users' embeddings, their part of A_1 transposed, `[dim, outputs]`, and a_1.
  private let users: Tensor
  private let userWeights: Tensor
  private let firstBias: Tensor
  /// The users' factors, `[userCount, factors]`.
  private let userFactors: Tensor?
  private let items: ItemTiles
  private let pool: ThreadPool

  /// - Parameters:
  ///   - users: `[userCount, dim]`.
  ///   - items: `[itemCount, dim]`.
  /// - Throws: `MemoryError`.
  /// - Complexity: O(items · dim · outputs of the first layer).
  init(
    _ tower: Tower, users: [Float], items: [Float], dim: Int, factors: Factors? = nil, pool: ThreadPool = .shared
  ) throws {
    userCount = users.count / dim
    itemCount = items.count / dim
    self.pool = pool
    let packed = try PackedTower(tower, factorWidth: factors?.dim ?? 0)
    self.packed = packed
    let first = tower.layers[0]
    let weights = try Tensor(first.weight.currentValues, shape: [first.outputs, 2 * dim])
    self.users = try Tensor(users, shape: [userCount, dim])
    userWeights = try weights.narrowed(axis: 1, to: 0..<dim).transposed()
    firstBias = try Tensor(first.biasValues)
    let (userCount, itemCount) = (userCount, itemCount)
    userFactors = try factors.map { try Tensor($0.users, shape: [userCount, $0.dim]) }
    let parts = try Tensor(items, shape: [itemCount, dim])
      .matrixProduct(weights.narrowed(axis: 1, to: dim..<2 * dim).transposed())
    let itemFactors = try factors.map { try Tensor($0.items, shape: [itemCount, $0.dim]) }
    self.items = try ItemTiles(packed.beside(parts, itemFactors), pool: pool)
  }

  /// Items that a task takes, and users: a tile stays in L1 while they go by.
  private static let itemsOfTask = 64 * ItemTiles.length
  private static let usersOfTask = 8

  func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws {
    let rows = try userRows(users.map(Int.init))
    let out = Shared(scores.baseAddress!)
    let chunks = (itemCount + Self.itemsOfTask - 1) / Self.itemsOfTask
    let groups = (users.count + Self.usersOfTask - 1) / Self.usersOfTask
    let (userCount, itemCount, packed, items) = (users.count, itemCount, packed, items)
    try rows.withElements { rows in
      let rows = Shared(rows.baseAddress!)
      pool.run(count: groups * chunks) { task in
        let user = task / chunks * Self.usersOfTask
        let item = task % chunks * Self.itemsOfTask
        packed.scores(
          users: rows.value + user * packed.rowWidth, count: min(Self.usersOfTask, userCount - user),
          items: items.base + item * packed.rowWidth, count: min(Self.itemsOfTask, itemCount - item),
          into: out.value + user * itemCount + item, stride: itemCount)
      }
    }
  }

  /// Computes these pairs only.
  func scores(user: Int32, items chosen: [Int32]) throws -> [Float] {
    guard !chosen.isEmpty else { return [] }
    let tiles = try items.choosing(chosen)
    return try userRows([Int(user)]).withElements { row in
      [Float](unsafeUninitializedCapacity: chosen.count) { out, count in
        packed.scores(
          users: row.baseAddress!, count: 1, items: tiles.base, count: chosen.count, into: out.baseAddress!,
          stride: chosen.count)
        count = chosen.count
      }
    }
  }

  /// The users' part of the first layer and the factors beside it, `[users.count, rowWidth]`.
  private func userRows(_ chosen: [Int]) throws -> Tensor {
    try packed.beside(
      users.gather(chosen).matrixProduct(userWeights) + firstBias, userFactors.map { try $0.gather(chosen) })
  }
}

/// Rows of items as the kernel wants them: tile after tile, a column of a tile's items beside each other.
final class ItemTiles: Sendable {
  static let length = Int(KERNEL_TOWER_TILE)
  private let values: AlignedBuffer<Float>
  private let width: Int
  let count: Int

  var base: UnsafePointer<Float> { UnsafePointer(values.base) }

  private init(count: Int, width: Int) throws {
    let tiles = (count + Self.length - 1) / Self.length
    let purpose = "\(count) items of \(width) numbers"
    values = try AlignedBuffer(
      count: Memory.count(tiles * Self.length, width, of: Float.self, for: purpose), repeating: 0, for: purpose)
    (self.count, self.width) = (count, width)
  }

  /// - Parameter rows: `[items, width]`.
  convenience init(_ rows: Tensor, pool: ThreadPool) throws {
    try self.init(count: rows.shape[0], width: rows.shape[1])
    let (count, width, values) = (count, width, values)
    try rows.withElements { rows in
      let rows = Shared(rows.baseAddress!)
      pool.run(count: count, grain: Self.length) { items in
        for item in items {
          for column in 0..<width {
            values.base[Self.place(item, column, width)] = rows.value[item * width + column]
          }
        }
      }
    }
  }

  /// Tiles of some items, in the order given.
  func choosing(_ items: [Int32]) throws -> ItemTiles {
    let chosen = try ItemTiles(count: items.count, width: width)
    for (place, item) in items.enumerated() {
      for column in 0..<width {
        chosen.values.base[Self.place(place, column, width)] = values.base[Self.place(Int(item), column, width)]
      }
    }
    return chosen
  }

  /// Where a number of an item is.
  private static func place(_ item: Int, _ column: Int, _ width: Int) -> Int {
    (item / length * width + column) * length + item % length
  }
}

extension PackedTower {
  convenience init(_ tower: Tower, factorWidth: Int) throws {
    try self.init(
      firstWidth: tower.layers[0].outputs,
      later: tower.layers.dropFirst().map {
        Layer(outputs: $0.outputs, weights: $0.weight.currentValues, bias: $0.biasValues)
      }, output: tower.output.weight.currentValues, offset: tower.output.biasValues[0], factorWidth: factorWidth)
  }

  /// Parts of the first layer, filled up to its padded width, and factors: `[rows, rowWidth]`.
  func beside(_ parts: Tensor, _ factors: Tensor?) throws -> Tensor {
    var columns = [try filledUp(parts)]
    if let factors { columns.append(factors) }
    return columns.count == 1 ? columns[0] : try Tensor.concatenate(columns, axis: 1)
  }

  /// `[rows, firstWidth]` to `[rows, paddedFirstWidth]`.
  func filledUp(_ parts: Tensor) throws -> Tensor {
    let missing = paddedFirstWidth - firstWidth
    return missing == 0 ? parts : try Tensor.concatenate([parts, Tensor.zeros([parts.shape[0], missing])], axis: 1)
  }
}
