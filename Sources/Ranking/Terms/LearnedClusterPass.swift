import Kernels
import Platform
import Tensors

/// One evaluation of the loss of learned clusters, with its derivatives by hand (see `LearnedClusterTerm`).
///
/// Every distinct item of the batch is assigned once, forward and backward. The work is cut by items and by rows of the batch, sums over
/// items are sums of blocks in order: the bits do not depend on the number of threads.
final class LearnedClusterPass {
  struct Settings {
    /// T
    var temperature: Float
    /// What the loss is multiplied by.
    var weight: Float
    var form: LearnedClusterTerm.Form
    /// Whether derivatives with respect to users and items are asked for.
    var reachesRows: Bool
  }

  /// Who is in the batch.
  struct Batch {
    let users: RowBlock
    /// Which of the users each row of the batch has, `[B]`.
    let userSlots: [Int32]
    let items: RowBlock
    /// Which of the items a row's positive and negatives are, `[B, 1 + N]`, and which places have each item.
    let itemGroups: RowGroups
    /// ln q, `[B, N]`; 0 where `nil`.
    let logProposal: UnsafePointer<Float>?
  }

  /// The loss and its derivatives, weight included.
  struct Result {
    let value: Double
    let rows: (users: Tensor, items: Tensor)?
    /// `[K, stride]`, `[d, stride]` and `[1, stride]`, until the next pass with this memory.
    let centers: UnsafePointer<Float>
    let similarity: UnsafePointer<Float>
    let lean: UnsafePointer<Float>
    let stride: Int
  }

  let settings: Settings
  let batch: Batch
  let pool: ThreadPool
  let memory: LearnedClusterMemory
  /// c_k, `[K, stride]`; W, `[d, stride]`; w, `[1, stride]`.
  let centers: RowBlock
  let similarity: RowBlock
  let lean: RowBlock
  /// ½ W c_k, as columns and, where rows are reached, as rows, `[K, stride]`.
  private let turnedColumns: CenterColumns
  let turned: UnsafeMutablePointer<Float>
  let centerColumns: CenterColumns
  /// - <w, c_k>, `[width]`, infinite behind the last.
  private let offsets: UnsafeMutablePointer<Float>
  /// b of each item, later the derivative with respect to its similarities, `[M, width]`.
  let assignments: UnsafeMutablePointer<Float>
  /// What stands for each item, `[M, stride]`; the centers themselves where the form is straight through.
  private let mixtures: UnsafeMutablePointer<Float>
  /// Of each user with each center, `[users, width]`, where the form is straight through.
  let userScores: UnsafeMutablePointer<Float>
  /// Scores and derivatives with respect to them, `[B, 1 + N]`.
  private let scores: UnsafeMutablePointer<Float>
  let slopes: UnsafeMutablePointer<Float>
  /// Derivatives with respect to mixtures, and to the items, `[M, stride]`.
  let mixtureGradients: UnsafeMutablePointer<Float>
  let itemGradients: UnsafeMutablePointer<Float>
  /// By row of the batch, `[B, stride]`.
  let rowGradients: UnsafeMutablePointer<Float>
  /// Sums over the items of each block, `[blocks, 2 K stride + width]`: with respect to ½ W c_k, to c_k, and to <w, c_k>.
  let sums: UnsafeMutablePointer<Float>
  /// Items of a block: as many blocks as there are items for, whatever the number of threads.
  let grain: Int
  private(set) var values: [Double]

  var clusterCount: Int { centers.rowCount }
  var dim: Int { centers.width }
  var rowCount: Int { batch.userSlots.count }
  var columns: Int { batch.itemGroups.slots.count / rowCount }
  var itemCount: Int { batch.items.rowCount }
  var stride: Int { batch.items.stride }
  var width: Int { turnedColumns.width }
  var sumCount: Int { 2 * clusterCount * stride + width }
  var blockCount: Int { (itemCount + grain - 1) / grain }

  /// - Parameters:
  ///   - centers: `[K, d]`
  ///   - similarity: W, `[d, d]`
  ///   - lean: w, `[1, d]`
  ///   - memory: Of one pass at a time.
  init(
    _ batch: Batch, centers: RowBlock, similarity: RowBlock, lean: RowBlock, settings: Settings,
    memory: LearnedClusterMemory, pool: ThreadPool
  ) throws {
    (self.batch, self.settings, self.memory, self.pool) = (batch, settings, memory, pool)
    (self.centers, self.similarity, self.lean) = (centers, similarity, lean)
    let count = centers.rowCount
    (turnedColumns, centerColumns) = try memory.columns(count: count, width: centers.width)
    let (width, stride, itemCount) = (turnedColumns.width, batch.items.stride, batch.items.rowCount)
    let (rowCount, slotCount) = (batch.userSlots.count, batch.itemGroups.slots.count)
    let isSoft = settings.form == .soft
    turned = try memory.floats(.turned, settings.reachesRows ? count : 0, stride)
    offsets = try memory.floats(.offsets, 1, width)
    assignments = try memory.floats(.assignments, itemCount, width)
    mixtures = try memory.floats(.mixtures, isSoft ? itemCount : 0, stride)
    userScores = try memory.floats(.userScores, isSoft ? 0 : batch.users.rowCount, width)
    scores = try memory.floats(.scores, 1, slotCount)
    slopes = try memory.floats(.slopes, 1, slotCount)
    mixtureGradients = try memory.floats(.mixtureGradients, isSoft ? itemCount : 0, stride)
    itemGradients = try memory.floats(.itemGradients, settings.reachesRows ? itemCount : 0, stride)
    rowGradients = try memory.floats(.rowGradients, settings.reachesRows ? rowCount : 0, stride)
    grain = max(64, (itemCount + 3) / 4)
    sums = try memory.floats(.sums, (itemCount + grain - 1) / grain, 2 * count * stride + width)
    values = [Double](repeating: 0, count: rowCount)
    turnCenters()
  }

  /// ½ W c_k and -<w, c_k>.
  private func turnCenters() {
    centerColumns.load(centers.base, stride: stride)
    turnedColumns.load(similarity, times: centerColumns, factor: 0.5)
    if settings.reachesRows {
      for center in 0..<clusterCount {
        let row = turned + center * stride
        for column in 0..<stride { row[column] = column < dim ? turnedColumns.base[column * width + center] : 0 }
      }
    }
    for center in 0..<width {
      offsets[center] = .infinity
      guard center < clusterCount else { continue }
      var sum: Float = 0
      for column in 0..<dim { sum += lean[0][column] * centers[center][column] }
      offsets[center] = -sum
    }
  }

  func evaluate() throws -> Result {
    memory.withLabels(itemCount) { labels in
      assign(labels)
      scoreUsers()
      score(labels)
      goBack(labels)
    }
    return try result()
  }

  // MARK: Forward

  /// Where each item belongs, and what stands for it.
  private func assign(_ labels: UnsafeMutablePointer<Int32>) {
    let shared = Shared((pass: self, labels: labels))
    pool.run(count: itemCount, grain: 32) { range in
      let (pass, labels) = shared.value
      let first = pass.assignments + range.lowerBound * pass.width
      pass.turnedColumns.multiply(pass.batch.items, range, into: first)
      kernel_soft_assignments(
        first, pass.offsets, pass.width, range.count, 1 / pass.settings.temperature, labels + range.lowerBound)
      guard pass.settings.form == .soft else { return }
      kernel_row_products(
        first, pass.width, pass.clusterCount, pass.centers.base, pass.stride, 0, range.count,
        pass.mixtures + range.lowerBound * pass.stride)
    }
  }

  /// Each user's row times each center, of which a straight score is one.
  private func scoreUsers() {
    guard settings.form == .straightThrough else { return }
    let shared = Shared(self)
    pool.run(count: batch.users.rowCount, grain: 32) { range in
      let pass = shared.value
      pass.centerColumns.multiply(pass.batch.users, range, into: pass.userScores + range.lowerBound * pass.width)
    }
  }

  private func standIn(_ item: Int32, _ labels: UnsafePointer<Int32>) -> UnsafePointer<Float> {
    settings.form == .soft ? UnsafePointer(mixtures + Int(item) * stride) : centers[Int(labels[Int(item)])]
  }

  /// The score of a user with what stands for an item.
  private func score(_ user: Int, _ item: Int, _ labels: UnsafePointer<Int32>) -> Float {
    guard settings.form == .soft else { return userScores[user * width + Int(labels[item])] }
    let (row, mixture) = (batch.users[user], mixtures + item * stride)
    var sum: Float = 0
    for column in 0..<stride { sum += row[column] * mixture[column] }
    return sum
  }

  /// Scores, the loss, and what both say of the users' rows.
  private func score(_ labels: UnsafeMutablePointer<Int32>) {
    values.withUnsafeMutableBufferPointer { values in
      let shared = Shared((pass: self, labels: labels, values: values.baseAddress!))
      pool.run(count: rowCount, grain: 16) { range in
        shared.value.pass.score(range, shared.value.labels, shared.value.values)
      }
    }
  }

  private func score(_ rows: Range<Int>, _ labels: UnsafePointer<Int32>, _ values: UnsafeMutablePointer<Double>) {
    let (columns, stride, first) = (columns, stride, rows.lowerBound)
    batch.itemGroups.slots.withUnsafeBufferPointer { slots in
      for row in rows {
        let user = Int(batch.userSlots[row])
        for place in row * columns..<(row + 1) * columns { scores[place] = score(user, Int(slots[place]), labels) }
      }
      kernel_loss_importance(
        scores + first * columns, rows.count, columns - 1, batch.logProposal.map { $0 + first * (columns - 1) }, 1, 1,
        settings.weight / Float(rowCount), slopes + first * columns, values + first)
      guard settings.reachesRows else { return }
      for row in rows {
        let gradient = rowGradients + row * stride
        gradient.update(repeating: 0, count: stride)
        for place in row * columns..<(row + 1) * columns {
          let (slope, center) = (slopes[place], standIn(slots[place], labels))
          for column in 0..<stride { gradient[column] += slope * center[column] }
        }
      }
    }
  }
}
