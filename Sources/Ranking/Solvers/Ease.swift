import Interactions
import Kernels
import Platform
import Tensors

/// EASE: a weight from every item to every other, such that a user's items give back the user's items.
///
///     min |X - X B|² + l |B|²  with diag(B) = 0:    P = (X'X + l I)⁻¹,  B_ij = -P_ij / P_jj,  s_ui = sum_{j in I_u} B_ji
///
/// Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, Eq. 8. It is dense: 4 · items² bytes, and three times
/// as much while it is fitted, in float64. For catalogs beyond some ten thousand items take `ItemNeighbors` or
/// `WeightedFactorization`.
public final class Ease: ClosedFormModel {
  public let name = "ease"
  /// l, above 0.
  public let regularization: Double
  /// B, `[itemCount, itemCount]`: row j holds what having item j adds to the score of each item.
  public let weights: Parameter
  public var trainedParts: [TrainedPart] = []
  public var fitDescription: TrainerDescription { TrainerDescription([.init("l2", "\(regularization)")]) }
  private let train: InteractionMatrix
  private let pool: ThreadPool

  /// - Parameter train: Whose users' items are scored from.
  /// - Throws: `MemoryError` where the catalog is too large for the machine, before anything is computed.
  public init(train: InteractionMatrix, regularization: Double = 500, pool: ThreadPool = .shared) throws {
    guard regularization > 0, regularization <= 1e9 else {
      throw TrainingError.setting(
        "ease: l2 is \(shownNumber(regularization)); want a number above 0 to 1e9: items that always occur together have no weights without it"
      )
    }
    let size = train.itemCount
    let purpose =
      "ease: a weight for each pair of \(size) items (leave out rare items, or take item_neighbors or wrmf, which are sparse)"
    _ = try Memory.count(size, size, 12, of: UInt8.self, for: purpose)
    let table = try EmbeddingTable(rowCount: size, dim: size, score: .dot, keepsScale: false)
    weights = Parameter(name: "weight", owner: .item, table: table)
    self.train = train
    self.regularization = regularization
    self.pool = pool
  }

  public var userCount: Int { train.userCount }
  public var itemCount: Int { train.itemCount }
  public var scoreName: String { "ease" }
  public var trainedParameters: [Parameter] { [weights] }

  /// - Complexity: O(Σ_users n² + items³) time.
  public func fit(to train: InteractionMatrix, check: () throws -> Void) throws {
    let rows = try weights.beginSolving()
    let matrix = try PositiveDefiniteMatrix(
      size: itemCount, for: "ease: the products of \(itemCount) items", pool: pool)
    try countTogether(train, matrix, check)
    do { try matrix.invert(check: check) } catch is PositiveDefiniteMatrix.NotPositiveDefinite {
      throw TrainingError(
        .notFinite,
        "ease: l2 = \(regularization) is too small for these items to be told apart in float64; try a larger one")
    }
    writeWeights(matrix, rows)
  }

  /// X'X + l I: how many users have both items.
  private func countTogether(_ train: InteractionMatrix, _ matrix: PositiveDefiniteMatrix, _ check: () throws -> Void)
    throws
  {
    let shared = Shared((users: train.transposed(), matrix: matrix))
    let round = 1024
    for first in Swift.stride(from: 0, to: itemCount, by: round) {
      try check()
      pool.run(count: min(round, itemCount - first)) { [regularization] offset in
        let item = first + offset
        let row = shared.value.matrix.base + item * shared.value.matrix.size
        for user in shared.value.users.items(of: item) {
          for other in train.items(of: Int(user)) {
            if other > item { break }
            row[Int(other)] += 1
          }
        }
        row[item] += regularization
      }
    }
  }

  private func writeWeights(_ matrix: PositiveDefiniteMatrix, _ rows: UnsafeMutablePointer<Float>) {
    let shared = Shared((matrix: matrix, rows: rows))
    pool.run(count: itemCount, grain: 16) { [itemCount, stride = weights.rowStride] range in
      let inverse = shared.value.matrix.base
      for row in range {
        let out = shared.value.rows + row * stride
        for column in 0..<itemCount {
          let element = inverse[max(row, column) * itemCount + min(row, column)]
          out[column] = row == column ? 0 : Float(-element / inverse[column * itemCount + column])
        }
      }
    }
  }

  public func scores() throws -> ModelScores {
    try checkIsFitted()
    try weights.bringUpToDate()
    return .source(Scores(model: self))
  }

  /// What a user's items add up to.
  private struct Scores: ScoreSource {
    let model: Ease
    var userCount: Int { model.userCount }
    var itemCount: Int { model.itemCount }

    func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws {
      let shared = Shared((users: users, out: scores.baseAddress!, weights: model.weights))
      model.pool.run(count: users.count) { [train = model.train, itemCount] place in
        let user = Int(shared.value.users[shared.value.users.startIndex + place])
        train.items(of: user).withUnsafeBufferPointer { items in
          kernel_sum_rows(
            shared.value.out + place * itemCount, shared.value.weights.values, shared.value.weights.rowStride,
            items.baseAddress, nil, items.count, itemCount)
        }
      }
    }

    func scores(user: Int32, items: [Int32]) throws -> [Float] {
      let (values, stride) = (model.weights.values, model.weights.rowStride)
      return items.map { item in
        Float(model.train.items(of: Int(user)).reduce(0.0) { $0 + Double(values[Int($1) * stride + Int(item)]) })
      }
    }
  }
}
