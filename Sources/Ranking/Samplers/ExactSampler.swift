import Interactions
import Kernels
import Platform
import Tensors

/// Negatives by the model's own softmax over all items that the user does not have: what the cluster samplers approximate.
///
/// PRIS' reference sampler (Lian et al., WWW 2020, Eq. 2): p(j | u) ∝ exp(<p_u, v_j>), j not among the user's items. The logarithm of the
/// unnormalized proposal is the score, so that weights of the PRIS loss are 1/L. Each user of a batch costs O(items · width): for small
/// catalogs.
public final class ExactSampler: ProposalSampler {
  public let name = "exact"
  public var count: Schedule
  public let excludesPositives: Bool
  public let gives = SamplerChannels.logProposals
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?
  private var batch: ExactBatch?

  public init(count: Schedule, excludesPositives: Bool = true) {
    (self.count, self.excludesPositives) = (count, excludesPositives)
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    self.train = train
    usersWithoutNegatives = excludesPositives ? train.usersWithEverything : []
  }

  /// Draws: the scores of all items are kept for a few users at a time only.
  ///
  /// - Throws: `TrainingError` for scores that are no numbers, and as `SamplingContext.itemRows`.
  public func refresh(_ context: SamplingContext) throws {
    let items = try context.itemRows(for: self)
    let batch = try ExactBatch(items, context.userRows(for: self), count: context.count)
    let wrong = try batch.draw(
      without: excludesPositives ? train! : nil, context.stream, firstPlace: context.firstPlace, pool: context.threads)
    if let wrong {
      throw TrainingError(
        .notFinite,
        "sampler '\(name)': the scores of user number \(wrong + 1) are no numbers at epoch \(context.position.epoch), step "
          + "\(context.position.step); nothing was changed by this batch. Try a lower rate, or gradient clipping (clip = 10)"
      )
    }
    self.batch = batch
  }

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    let batch = batch!
    for row in rows {
      for slot in 0..<draw.count { draw.negatives(row)[slot] = batch.drawn[row * batch.count + slot] }
    }
    writeProposals(draw, rows: rows)
  }

  public func logProposal(
    _ items: UnsafePointer<Int32>, count: Int, row: Int, user: Int, into result: UnsafeMutablePointer<Float>
  ) {
    let batch = batch!
    kernel_score_rows(
      ScoreFunction.dot.kernelCode, batch.users.rows[Int(batch.users.slots[row])], 0, batch.items.base, nil, items,
      count,
      batch.items.stride, result)
  }

  public func logProposalTotal(row: Int, user: Int) -> Double { batch!.logTotals[Int(batch!.users.slots[row])] }
}

/// The draws of a batch.
private final class ExactBatch {
  let items: RowBlock
  let users: UserRows
  /// Negatives of a row.
  let count: Int
  /// `[B, count]`
  let drawn: AlignedBuffer<Int32>
  /// By user: ln Σ exp(score) over what can be drawn.
  let logTotals: AlignedBuffer<Double>
  /// Rows of the batch by user.
  private let rowsOfUser: ClusterMembers
  /// A row of 16 users is one vector: scores are [items, 16].
  private static let lanes = 16

  init(_ items: RowBlock, _ users: UserRows, count: Int) throws {
    (self.items, self.users, self.count) = (items, users, count)
    let purpose = "\(count) negatives for \(users.slots.count) positives"
    drawn = try AlignedBuffer(
      count: Memory.count(users.slots.count, count, of: Int32.self, for: purpose), repeating: 0, for: purpose)
    logTotals = try AlignedBuffer(count: users.rows.rowCount, repeating: 0, for: purpose)
    rowsOfUser = ClusterMembers(labels: users.slots, count: users.rows.rowCount)
  }

  /// Returns a user whose scores are no numbers.
  func draw(
    without train: InteractionMatrix?, _ stream: RandomStream, firstPlace: Int, pool: ThreadPool
  ) throws -> Int32? {
    let groups = (users.rows.rowCount - 1) / Self.lanes + 1
    // As many tables as can be in use at a time, so that the memory does not grow with the batch.
    let tables = min(groups, pool.threadCount)
    let purpose = "the scores of \(items.rowCount) items for \(tables * Self.lanes) users"
    let size = try Memory.count(items.rowCount, Self.lanes, tables, of: Float.self, for: purpose)
    let memory = try AlignedBuffer<Float>(count: size, repeating: 0, for: purpose)
    let shared = Shared((batch: self, memory: memory.base, train: train))
    pool.run(count: tables) { table in
      let scores = shared.value.memory + table * shared.value.batch.items.rowCount * Self.lanes
      for group in stride(from: table, to: groups, by: tables) {
        let first = group * Self.lanes
        shared.value.batch.drawGroup(
          first..<min(first + Self.lanes, shared.value.batch.users.rows.rowCount), scores, shared.value.train, stream,
          firstPlace)
      }
    }
    return users.users.indices.first { !logTotals[$0].isFinite }.map { users.users[$0] }
  }

  /// Scores all items for up to 16 users, and draws for each.
  private func drawGroup(
    _ group: Range<Int>, _ scores: UnsafeMutablePointer<Float>, _ train: InteractionMatrix?, _ stream: RandomStream,
    _ firstPlace: Int
  ) {
    let width = items.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * Self.lanes) { columns in
      columns.initialize(repeating: 0)
      for (lane, user) in group.enumerated() {
        for column in 0..<width { columns[column * Self.lanes + lane] = users.rows[user][column] }
      }
      kernel_row_products(
        items.base, items.stride, width, columns.baseAddress!, Self.lanes, 0, items.rowCount, scores)
    }
    for (lane, user) in group.enumerated() {
      for item in train?.items(of: Int(users.users[user])) ?? [] { scores[Int(item) * Self.lanes + lane] = -.infinity }
    }
    let blocks = (items.rowCount - 1) / Int(KERNEL_SOFTMAX_BLOCK) + 1
    withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks * Self.lanes) { sums in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.lanes) { tops in
        kernel_softmax_columns(scores, items.rowCount, tops.baseAddress!, sums.baseAddress!)
        for (lane, user) in group.enumerated() {
          logTotals[user] = Double(tops[lane]) + log(sums[(blocks - 1) * Self.lanes + lane])
          guard logTotals[user].isFinite else { continue }
          for row in rowsOfUser.items[rowsOfUser.range(user)] {
            for slot in 0..<count {
              let position = NegativeDraw.position(row: Int(row), firstPlace: firstPlace) + UInt64(slot)
              drawn[Int(row) * count + slot] = kernel_softmax_draw(
                scores + lane, items.rowCount, sums.baseAddress! + lane, stream.uniformDouble(at: position))
            }
          }
        }
      }
    }
  }
}
