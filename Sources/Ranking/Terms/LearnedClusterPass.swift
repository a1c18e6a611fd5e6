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

  /// The loss and its derivatives, weight included.
  struct Result {
    let value: Double
    let rows: (users: Tensor, items: Tensor)?
    let centers: Tensor
    let similarity: Tensor
    let lean: Tensor
  }

  private let settings: Settings
  private let pool: ThreadPool
  private let users: RowBlock
  private let items: RowBlock
  private let centers: RowBlock
  /// ½ W c_k, `[K, stride]`.
  private let turned: RowBlock
  private let matrices: (centers: Tensor, similarity: Tensor, lean: Tensor)
  private let userSlots: [Int]
  /// `[B, 1 + N]`
  private let itemSlots: [Int]
  private let logProposal: [Float]?
  private let turnedColumns: CenterColumns
  private let centerColumns: CenterColumns
  private let offsets: AlignedBuffer<Float>
  /// b of each item, later the derivative with respect to its similarities, `[M, width]`.
  private let assignments: AlignedBuffer<Float>
  /// The most similar cluster of each item.
  private var labels: [Int32]
  /// What stands for each item, `[M, stride]`; the centers themselves where the form is straight through.
  private let mixtures: AlignedBuffer<Float>
  /// Derivatives with respect to the scores, `[B, 1 + N]`, and to what stands for the items, `[M, stride]`.
  private let slopes: AlignedBuffer<Float>
  private let mixtureGradients: AlignedBuffer<Float>
  private let itemGradients: AlignedBuffer<Float>
  /// By row of the batch, `[B, stride]`.
  private let rowGradients: AlignedBuffer<Float>
  private var values: [Double]
  /// Sums over the items of each block.
  private var blocks: [BlockSums] = []

  private var clusterCount: Int { centers.rowCount }
  private var rowCount: Int { userSlots.count }
  private var columns: Int { itemSlots.count / rowCount }
  private var stride: Int { items.stride }

  /// - Parameters:
  ///   - users: `[U, d]`, and which of them each row of the batch has, `[B]`.
  ///   - items: `[M, d]`, and which of them a row's positive and negatives are, `[B, 1 + N]`.
  ///   - logProposal: ln q, `[B, N]`; 0 where `nil`.
  init(
    users: Tensor, userSlots: [Int], items: Tensor, itemSlots: [Int], centers: Tensor, similarity: Tensor, lean: Tensor,
    logProposal: Tensor?, settings: Settings, pool: ThreadPool
  ) throws {
    (self.userSlots, self.itemSlots, self.settings, self.pool) = (userSlots, itemSlots, settings, pool)
    matrices = (centers, similarity, lean)
    self.users = try Self.block(users)
    self.items = try Self.block(items)
    self.centers = try Self.block(centers)
    turned = try Self.block(centers.matrixProduct(similarity.transposed()) * 0.5)
    self.logProposal = try logProposal?.elements()
    let (count, width) = (centers.shape[0], centers.shape[1])
    turnedColumns = try CenterColumns(count: count, width: width)
    turnedColumns.load(turned.base, stride: turned.stride)
    centerColumns = try CenterColumns(count: count, width: width)
    centerColumns.load(self.centers.base, stride: self.centers.stride)
    let purpose = "\(count) clusters for \(items.shape[0]) items of a batch"
    func buffer(_ rows: Int, _ columns: Int, _ value: Float = 0) throws -> AlignedBuffer<Float> {
      try AlignedBuffer(
        count: Memory.count(rows, columns, of: Float.self, for: purpose), repeating: value, for: purpose)
    }
    offsets = try buffer(1, turnedColumns.width, .infinity)
    let leans = try centers.matrixProduct(lean.transposed()).elements()
    for center in 0..<count { offsets[center] = -leans[center] }
    let itemCount = items.shape[0]
    assignments = try buffer(itemCount, turnedColumns.width)
    labels = [Int32](repeating: 0, count: itemCount)
    mixtures = try buffer(settings.form == .soft ? itemCount : 0, self.items.stride)
    slopes = try buffer(1, itemSlots.count)
    mixtureGradients = try buffer(itemCount, self.items.stride)
    itemGradients = try buffer(settings.reachesRows ? itemCount : 0, self.items.stride)
    rowGradients = try buffer(settings.reachesRows ? userSlots.count : 0, self.items.stride)
    values = [Double](repeating: 0, count: userSlots.count)
  }

  private static func block(_ rows: Tensor) throws -> RowBlock {
    try rows.contiguous().withElements {
      try RowBlock(copying: $0.baseAddress!, rowCount: rows.shape[0], width: rows.shape[1])
    }
  }

  func evaluate() throws -> Result {
    assign()
    score()
    try goBack()
    return try result()
  }

  // MARK: Forward

  /// Where each item belongs, and what stands for it.
  private func assign() {
    let width = turnedColumns.width
    let sharpness = 1 / settings.temperature
    labels.withUnsafeMutableBufferPointer { labels in
      let shared = Shared((pass: self, labels: labels.baseAddress!))
      pool.run(count: items.rowCount, grain: 32) { range in
        let pass = shared.value.pass
        let first = pass.assignments.base + range.lowerBound * width
        pass.turnedColumns.multiply(pass.items, range, into: first)
        for item in range {
          shared.value.labels[item] = kernel_soft_assignment(
            pass.assignments.base + item * width, pass.offsets.base, width, sharpness)
        }
        guard pass.settings.form == .soft else { return }
        kernel_row_products(
          first, width, pass.clusterCount, pass.centers.base, pass.stride, 0, range.count,
          pass.mixtures.base + range.lowerBound * pass.stride)
      }
    }
  }

  private func standIn(_ item: Int) -> UnsafePointer<Float> {
    settings.form == .soft ? UnsafePointer(mixtures.base + item * stride) : centers[Int(labels[item])]
  }

  /// Scores, the loss, and what both say of the users' rows.
  private func score() {
    values.withUnsafeMutableBufferPointer { values in
      let shared = Shared((pass: self, values: values.baseAddress!))
      pool.run(count: rowCount, grain: 8) { range in
        for row in range { shared.value.values[row] = shared.value.pass.score(row) }
      }
    }
  }

  private func score(_ row: Int) -> Double {
    let (columns, stride) = (columns, stride)
    let (user, slopes) = (users[userSlots[row]], slopes.base + row * columns)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { scores in
      for column in 0..<columns {
        let center = standIn(itemSlots[row * columns + column])
        var sum: Float = 0
        for place in 0..<stride { sum += user[place] * center[place] }
        scores[column] = sum
      }
      let value = (logProposal ?? []).withUnsafeBufferPointer { proposal in
        kernel_loss_importance(
          scores[0], scores.baseAddress! + 1, columns - 1,
          logProposal == nil ? nil : proposal.baseAddress! + row * (columns - 1), 1, 1,
          settings.weight / Float(rowCount), slopes, slopes + 1)
      }
      guard settings.reachesRows else { return value }
      let gradient = rowGradients.base + row * stride
      for column in 0..<columns {
        let (slope, center) = (slopes[column], standIn(itemSlots[row * columns + column]))
        for place in 0..<stride { gradient[place] += slope * center[place] }
      }
      return value
    }
  }

  // MARK: Backward

  /// What a block of items adds to the clusters' gradients.
  private struct BlockSums {
    /// With respect to ½ W c_k and to c_k, `[K, stride]`.
    let turned: AlignedBuffer<Float>
    let centers: AlignedBuffer<Float>
    /// With respect to <w, c_k>, `[width]`.
    let leans: AlignedBuffer<Float>
  }

  /// From the scores to items and clusters.
  private func goBack() throws {
    var groups = RowGroups(rowCount: items.rowCount)
    let slots = itemSlots.map { Int32($0) }
    slots.withUnsafeBufferPointer { groups.group($0.baseAddress!, count: $0.count) }
    // As many as there are items for, whatever the number of threads.
    let grain = max(64, (items.rowCount + 7) / 8)
    let purpose = "gradients of \(clusterCount) clusters"
    blocks = try (0..<(items.rowCount + grain - 1) / grain).map { _ in
      BlockSums(
        turned: try AlignedBuffer(count: clusterCount * stride, repeating: 0, for: purpose),
        centers: try AlignedBuffer(count: clusterCount * stride, repeating: 0, for: purpose),
        leans: try AlignedBuffer(count: turnedColumns.width, repeating: 0, for: purpose))
    }
    let shared = Shared((pass: self, groups: groups))
    pool.run(count: items.rowCount, grain: grain) { range in
      shared.value.pass.goBack(range, block: range.lowerBound / grain, shared.value.groups)
    }
  }

  private func goBack(_ range: Range<Int>, block: Int, _ groups: RowGroups) {
    let (width, stride, sums) = (turnedColumns.width, stride, blocks[block])
    let sharpness = 1 / settings.temperature
    for slot in groups.rows.indices where range.contains(Int(groups.rows[slot])) {
      let target = mixtureGradients.base + Int(groups.rows[slot]) * stride
      for place in groups.members[Int(groups.offsets[slot])..<Int(groups.offsets[slot + 1])] {
        let (slope, user) = (slopes[Int(place)], users[userSlots[Int(place) / columns]])
        for column in 0..<stride { target[column] += slope * user[column] }
      }
    }
    let assignments = assignments.base + range.lowerBound * width
    switch settings.form {
    case .soft:
      kernel_add_outer_products(
        assignments, width, clusterCount, mixtureGradients.base + range.lowerBound * stride, stride, range.count,
        sums.centers.base)
    case .straightThrough:
      for item in range {
        kernel_add_rows(
          mixtureGradients.base + item * stride, stride, 1, sums.centers.base + Int(labels[item]) * stride)
      }
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * range.count) { products in
      kernel_row_products(
        mixtureGradients.base, stride, items.width, centerColumns.base, width, range.lowerBound, range.upperBound,
        products.baseAddress!)
      for item in 0..<range.count {
        kernel_soft_assignment_gradient(
          assignments + item * width, products.baseAddress! + item * width, width, sharpness)
      }
    }
    kernel_add_outer_products(
      assignments, width, clusterCount, items[range.lowerBound], stride, range.count, sums.turned.base)
    kernel_add_rows(assignments, width, range.count, sums.leans.base)
    guard settings.reachesRows else { return }
    kernel_row_products(
      assignments, width, clusterCount, turned.base, stride, 0, range.count,
      itemGradients.base + range.lowerBound * stride)
  }

  // MARK: The result

  private func result() throws -> Result {
    let turned = try sum(blocks.map(\.turned), rows: clusterCount)
    let direct = try sum(blocks.map(\.centers), rows: clusterCount)
    let leans = try Tensor(
      (0..<clusterCount).map { center in blocks.reduce(0) { $0 + $1.leans[center] } }, shape: [clusterCount, 1])
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
    let width = items.width
    var userGradients = [Float](repeating: 0, count: users.rowCount * width)
    for (row, user) in userSlots.enumerated() {
      for column in 0..<width { userGradients[user * width + column] += rowGradients[row * stride + column] }
    }
    return (
      try Tensor(userGradients, shape: [users.rowCount, width]), try sum([itemGradients], rows: items.rowCount)
    )
  }

  /// The sum of blocks without their padding, `[rows, d]`.
  private func sum(_ parts: [AlignedBuffer<Float>], rows: Int) throws -> Tensor {
    let (width, stride) = (items.width, stride)
    var result = [Float](repeating: 0, count: rows * width)
    result.withUnsafeMutableBufferPointer { result in
      for part in parts {
        for row in 0..<rows {
          let (sums, own) = (result.baseAddress! + row * width, part.base + row * stride)
          for column in 0..<width { sums[column] += own[column] }
        }
      }
    }
    return try Tensor(result, shape: [rows, width])
  }
}
