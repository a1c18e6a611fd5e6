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
    let centers: Tensor
    let similarity: Tensor
    let lean: Tensor
  }

  let settings: Settings
  let batch: Batch
  let matrices: (centers: Tensor, similarity: Tensor, lean: Tensor)
  private let pool: ThreadPool
  private let memory: LearnedClusterMemory
  let centers: RowBlock
  /// ½ W c_k, `[K, stride]`.
  private let turned: RowBlock
  private let turnedColumns: CenterColumns
  private let centerColumns: CenterColumns
  /// - <w, c_k>, `[width]`, infinite behind the last.
  private let offsets: UnsafeMutablePointer<Float>
  /// b of each item, later the derivative with respect to its similarities, `[M, width]`.
  private let assignments: UnsafeMutablePointer<Float>
  /// What stands for each item, `[M, stride]`; the centers themselves where the form is straight through.
  private let mixtures: UnsafeMutablePointer<Float>
  /// Scores and derivatives with respect to them, `[B, 1 + N]`.
  private let scores: UnsafeMutablePointer<Float>
  private let slopes: UnsafeMutablePointer<Float>
  /// Derivatives with respect to what stands for the items, and to the items, `[M, stride]`.
  private let mixtureGradients: UnsafeMutablePointer<Float>
  private let itemGradients: UnsafeMutablePointer<Float>
  /// By row of the batch, `[B, stride]`.
  private let rowGradients: UnsafeMutablePointer<Float>
  /// Sums over the items of each block, `[blocks, 2 K stride + width]`: with respect to ½ W c_k, to c_k, and to <w, c_k>.
  private let sums: UnsafeMutablePointer<Float>
  /// Items of a block: as many blocks as there are items for, whatever the number of threads.
  private let grain: Int
  private var values: [Double]

  private var clusterCount: Int { centers.rowCount }
  private var rowCount: Int { batch.userSlots.count }
  private var columns: Int { batch.itemGroups.slots.count / rowCount }
  private var itemCount: Int { batch.items.rowCount }
  private var stride: Int { batch.items.stride }
  private var width: Int { turnedColumns.width }
  private var sumCount: Int { 2 * clusterCount * stride + width }
  private var blockCount: Int { (itemCount + grain - 1) / grain }

  /// - Parameters:
  ///   - centers: `[K, d]`
  ///   - similarity: W, `[d, d]`
  ///   - lean: w, `[1, d]`
  ///   - memory: Of one pass at a time.
  init(
    _ batch: Batch, centers: Tensor, similarity: Tensor, lean: Tensor, settings: Settings, memory: LearnedClusterMemory,
    pool: ThreadPool
  ) throws {
    (self.batch, self.settings, self.memory, self.pool) = (batch, settings, memory, pool)
    matrices = (centers, similarity, lean)
    self.centers = try RowBlock(copying: centers)
    turned = try RowBlock(copying: centers.matrixProduct(similarity.transposed()) * 0.5)
    let (count, dim) = (centers.shape[0], centers.shape[1])
    let columns = try memory.columns(count: count, width: dim)
    (turnedColumns, centerColumns) = (columns.turned, columns.centers)
    turnedColumns.load(turned.base, stride: turned.stride)
    centerColumns.load(self.centers.base, stride: self.centers.stride)
    let (width, stride, itemCount) = (columns.turned.width, batch.items.stride, batch.items.rowCount)
    let (rowCount, slotCount) = (batch.userSlots.count, batch.itemGroups.slots.count)
    offsets = try memory.floats(.offsets, 1, width)
    let leans = try centers.matrixProduct(lean.transposed()).elements()
    for center in 0..<width { offsets[center] = center < count ? -leans[center] : .infinity }
    assignments = try memory.floats(.assignments, itemCount, width)
    mixtures = try memory.floats(.mixtures, settings.form == .soft ? itemCount : 0, stride)
    scores = try memory.floats(.scores, 1, slotCount)
    slopes = try memory.floats(.slopes, 1, slotCount)
    mixtureGradients = try memory.floats(.mixtureGradients, itemCount, stride)
    itemGradients = try memory.floats(.itemGradients, settings.reachesRows ? itemCount : 0, stride)
    rowGradients = try memory.floats(.rowGradients, settings.reachesRows ? rowCount : 0, stride)
    grain = max(64, (itemCount + 7) / 8)
    sums = try memory.floats(.sums, (itemCount + grain - 1) / grain, 2 * count * stride + width)
    values = [Double](repeating: 0, count: rowCount)
  }

  func evaluate() throws -> Result {
    memory.withLabels(itemCount) { labels in
      assign(labels)
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

  private func standIn(_ item: Int32, _ labels: UnsafePointer<Int32>) -> UnsafePointer<Float> {
    settings.form == .soft ? UnsafePointer(mixtures + Int(item) * stride) : centers[Int(labels[Int(item)])]
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
        let user = batch.users[Int(batch.userSlots[row])]
        for place in row * columns..<(row + 1) * columns {
          let center = standIn(slots[place], labels)
          var sum: Float = 0
          for column in 0..<stride { sum += user[column] * center[column] }
          scores[place] = sum
        }
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

  // MARK: Backward

  /// From the scores to items and clusters.
  private func goBack(_ labels: UnsafeMutablePointer<Int32>) {
    let shared = Shared((pass: self, labels: labels))
    pool.run(count: itemCount, grain: grain) { range in
      let (pass, labels) = shared.value
      pass.addMixtureGradients(range)
      pass.goBack(range, pass.sums + range.lowerBound / pass.grain * pass.sumCount, labels)
    }
  }

  private func addMixtureGradients(_ range: Range<Int>) {
    let (groups, columns, stride) = (batch.itemGroups, columns, stride)
    groups.members.withUnsafeBufferPointer { members in
      for item in range {
        let target = mixtureGradients + item * stride
        target.update(repeating: 0, count: stride)
        for place in members[Int(groups.offsets[item])..<Int(groups.offsets[item + 1])] {
          let (slope, user) = (slopes[Int(place)], batch.users[Int(batch.userSlots[Int(place) / columns])])
          for column in 0..<stride { target[column] += slope * user[column] }
        }
      }
    }
  }

  private func goBack(_ range: Range<Int>, _ sums: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<Int32>) {
    let (width, stride) = (width, stride)
    sums.update(repeating: 0, count: sumCount)
    let (turnedSums, centerSums, leanSums) = (
      sums, sums + clusterCount * stride, sums + 2 * clusterCount * stride
    )
    let assignments = assignments + range.lowerBound * width
    switch settings.form {
    case .soft:
      kernel_add_outer_products(
        assignments, width, clusterCount, mixtureGradients + range.lowerBound * stride, stride, range.count, centerSums)
    case .straightThrough:
      for item in range {
        kernel_add_rows(mixtureGradients + item * stride, stride, 1, centerSums + Int(labels[item]) * stride)
      }
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * range.count) { products in
      kernel_row_products(
        mixtureGradients, stride, batch.items.width, centerColumns.base, width, range.lowerBound, range.upperBound,
        products.baseAddress!)
      kernel_soft_assignment_gradients(
        assignments, products.baseAddress!, width, range.count, 1 / settings.temperature)
    }
    kernel_add_outer_products(
      assignments, width, clusterCount, batch.items[range.lowerBound], stride, range.count, turnedSums)
    kernel_add_rows(assignments, width, range.count, leanSums)
    guard settings.reachesRows else { return }
    kernel_row_products(
      assignments, width, clusterCount, turned.base, stride, 0, range.count, itemGradients + range.lowerBound * stride)
  }

  // MARK: The result

  private func result() throws -> Result {
    for block in 1..<max(1, blockCount) {
      let own = sums + block * sumCount
      for place in 0..<sumCount { sums[place] += own[place] }
    }
    let turned = try tensor(sums, rows: clusterCount)
    let direct = try tensor(sums + clusterCount * stride, rows: clusterCount)
    let leanSums = UnsafeBufferPointer(start: sums + 2 * clusterCount * stride, count: clusterCount)
    let leans = try Tensor(Array(leanSums), shape: [clusterCount, 1])
    // Of ½ W c_k and <w, c_k> with respect to what they are made of.
    let throughSimilarity = try turned.matrixProduct(matrices.similarity) * 0.5
    let throughLean = try leans.matrixProduct(matrices.lean)
    return Result(
      value: values.reduce(0, +), rows: settings.reachesRows ? try rowResult() : nil,
      centers: try direct + throughSimilarity + throughLean,
      similarity: try turned.transposed().matrixProduct(matrices.centers) * 0.5,
      lean: try leans.transposed().matrixProduct(matrices.centers))
  }

  private func rowResult() throws -> (users: Tensor, items: Tensor) {
    let width = batch.items.width
    var userGradients = [Float](repeating: 0, count: batch.users.rowCount * width)
    for (row, user) in batch.userSlots.enumerated() {
      for column in 0..<width { userGradients[Int(user) * width + column] += rowGradients[row * stride + column] }
    }
    return (
      try Tensor(userGradients, shape: [batch.users.rowCount, width]), try tensor(itemGradients, rows: itemCount)
    )
  }

  /// Rows without their padding, `[rows, d]`.
  private func tensor(_ rows: UnsafePointer<Float>, rows count: Int) throws -> Tensor {
    let (width, stride) = (batch.items.width, stride)
    var result: [Float] = []
    result.reserveCapacity(count * width)
    for row in 0..<count { result.append(contentsOf: UnsafeBufferPointer(start: rows + row * stride, count: width)) }
    return try Tensor(result, shape: [count, width])
  }
}
