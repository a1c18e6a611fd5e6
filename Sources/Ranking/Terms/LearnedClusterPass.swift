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
  private let pool: ThreadPool
  private let memory: LearnedClusterMemory
  /// c_k, `[K, stride]`; W, `[d, stride]`; w, `[1, stride]`.
  private let centers: RowBlock
  private let similarity: RowBlock
  private let lean: RowBlock
  /// ½ W c_k, as columns and, where rows are reached, as rows, `[K, stride]`.
  private let turnedColumns: CenterColumns
  private let turned: UnsafeMutablePointer<Float>
  private let centerColumns: CenterColumns
  /// - <w, c_k>, `[width]`, infinite behind the last.
  private let offsets: UnsafeMutablePointer<Float>
  /// b of each item, later the derivative with respect to its similarities, `[M, width]`.
  private let assignments: UnsafeMutablePointer<Float>
  /// What stands for each item, `[M, stride]`; the centers themselves where the form is straight through.
  private let mixtures: UnsafeMutablePointer<Float>
  /// Of each user with each center, `[users, width]`, where the form is straight through.
  private let userScores: UnsafeMutablePointer<Float>
  /// Scores and derivatives with respect to them, `[B, 1 + N]`.
  private let scores: UnsafeMutablePointer<Float>
  private let slopes: UnsafeMutablePointer<Float>
  /// Derivatives with respect to mixtures, and to the items, `[M, stride]`.
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
  private var dim: Int { centers.width }
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

  // MARK: Backward

  /// From the scores to items and clusters.
  private func goBack(_ labels: UnsafeMutablePointer<Int32>) {
    let shared = Shared((pass: self, labels: labels))
    pool.run(count: itemCount, grain: grain) { range in
      let (pass, labels) = shared.value
      pass.goBack(range, pass.sums + range.lowerBound / pass.grain * pass.sumCount, labels)
    }
    // Sums of the blocks, in their order.
    kernel_add_rows(sums + sumCount, sumCount, blockCount - 1, sums)
  }

  private func goBack(_ range: Range<Int>, _ sums: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<Int32>) {
    sums.update(repeating: 0, count: sumCount)
    let (centerSums, leanSums) = (sums + clusterCount * stride, sums + 2 * clusterCount * stride)
    let own = assignments + range.lowerBound * width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * (settings.form == .soft ? range.count : 1)) {
      let scratch = $0.baseAddress!
      switch settings.form {
      case .soft: goBackThroughMixtures(range, own, centerSums, scratch)
      case .straightThrough: goBackStraight(range, own, centerSums, scratch, labels)
      }
    }
    kernel_add_outer_products(own, width, clusterCount, batch.items[range.lowerBound], stride, range.count, sums)
    kernel_add_rows(own, width, range.count, leanSums)
    guard settings.reachesRows else { return }
    kernel_row_products(
      own, width, clusterCount, turned, stride, 0, range.count, itemGradients + range.lowerBound * stride)
  }

  private func goBackStraight(
    _ range: Range<Int>, _ own: UnsafeMutablePointer<Float>, _ centerSums: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<Int32>
  ) {
    let groups = batch.itemGroups
    batch.userSlots.withUnsafeBufferPointer { userSlots in
      groups.offsets.withUnsafeBufferPointer { offsets in
        groups.members.withUnsafeBufferPointer { members in
          var standIns = kernel_stand_ins(
            users: batch.users.base, scores: userScores, user_slots: userSlots.baseAddress!, slopes: slopes,
            offsets: offsets.baseAddress!, places: members.baseAddress!, labels: labels, columns: columns,
            stride: stride, width: width, sharpness: 1 / settings.temperature)
          kernel_straight_through_gradients(&standIns, range.lowerBound, range.upperBound, own, scratch, centerSums)
        }
      }
    }
  }

  private func goBackThroughMixtures(
    _ range: Range<Int>, _ own: UnsafeMutablePointer<Float>, _ centerSums: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    addMixtureGradients(range)
    kernel_add_outer_products(
      own, width, clusterCount, mixtureGradients + range.lowerBound * stride, stride, range.count, centerSums)
    kernel_row_products(
      mixtureGradients, stride, dim, centerColumns.base, width, range.lowerBound, range.upperBound, scratch)
    kernel_soft_assignment_gradients(own, scratch, width, range.count, 1 / settings.temperature)
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

  // MARK: The result

  private func result() throws -> Result {
    let (turnedSums, centerGradients) = (sums, sums + clusterCount * stride)
    let leanSums = sums + 2 * clusterCount * stride
    let similarityGradients = try memory.floats(.similarityGradients, dim, stride)
    let leanGradients = try memory.floats(.leanGradients, 1, stride)
    // From ½ W c_k and <w, c_k> to what they are made of.
    let throughSimilarity = try memory.floats(.throughSimilarity, clusterCount, stride)
    kernel_row_products(turnedSums, stride, dim, similarity.base, stride, 0, clusterCount, throughSimilarity)
    similarityGradients.update(repeating: 0, count: dim * stride)
    kernel_add_outer_products(turnedSums, stride, dim, centers.base, stride, clusterCount, similarityGradients)
    for place in 0..<dim * stride { similarityGradients[place] *= 0.5 }
    leanGradients.update(repeating: 0, count: stride)
    for center in 0..<clusterCount {
      let (own, row, lean) = (centerGradients + center * stride, centers[center], lean[0])
      let (leanSum, through) = (leanSums[center], throughSimilarity + center * stride)
      for column in 0..<stride {
        own[column] += 0.5 * through[column] + leanSum * lean[column]
        leanGradients[column] += leanSum * row[column]
      }
    }
    return Result(
      value: values.reduce(0, +), rows: settings.reachesRows ? try rowResult() : nil, centers: centerGradients,
      similarity: similarityGradients, lean: leanGradients, stride: stride)
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
