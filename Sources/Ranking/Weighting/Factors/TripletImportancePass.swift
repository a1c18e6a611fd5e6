import Interactions
import Kernels
import Tensors

/// The triplets of a batch: their weights, what the weighted loss says of the rows through the weights, and what one look-ahead step says
/// of the network (see `TripletImportance`), all by hand.
///
/// The work is cut by triplets, users and items of the batch, sums are sums of blocks in order: the bits do not depend on the number of
/// threads.
final class TripletImportancePass {
  struct Settings {
    /// a, the rate of the look-ahead step.
    var innerRate: Float
    /// Whether states are differentiated with respect to the rows that they are made of.
    var isAttached: Bool
    /// What each triplet's loss is multiplied by.
    var scale: Float
    /// α
    var share: Float = 0
    /// Whether the network's derivative is found by central differences.
    var takesDifferences = false
    var aggregate = TripletImportance.Aggregate.mean
  }

  /// Clusters of items as states see them.
  struct Clusters {
    /// Of all items of the data.
    let labels: [Int32]
    /// Φ, `[K, stride]`
    let centers: Table
    let count: Int
    /// What γ L_c says of all items, `[I, stride]`, where it counts.
    let pull: UnsafePointer<Float>?
  }

  /// Rows of a table from the first on.
  typealias Table = (rows: UnsafePointer<Float>, stride: Int)

  /// Rows that score as a linear function of the tables' rows: those of a graph.
  struct Encoding {
    let propagation: GraphPropagation
    /// The rows that score, and which of them each user and item of the batch has.
    let users, items: Table
    let userRows, itemRows: [Int32]
  }

  let settings: Settings
  /// Places are those of the triplets, `[B]`.
  let users: RowGroups
  /// Places are those of positives and negatives, `[B, 2]`.
  let items: RowGroups
  let itemTable: Table
  let train: InteractionMatrix
  let itemUsers: ItemUsers
  let clusters: Clusters?
  let encoding: Encoding?
  let pool: ThreadPool
  let memory: KeptFloats<TripletBuffers.Part>
  let dim: Int
  let stride: Int
  let buffers: TripletBuffers
  let network: PaddedNetwork
  /// Copies that kernels may point to.
  private let slots: (users: AlignedBuffer<Int32>, items: AlignedBuffer<Int32>)
  let triplets: kernel_triplets
  /// Of all items, what is said of them beside the losses' own rows.
  var tableGradients: UnsafeMutablePointer<Float>?

  /// Rows of `rowGradients` user after user, and item after item: as `users` and `items` have their members.
  private(set) lazy var userRows = users.members.map { 3 * $0 }
  private(set) lazy var itemRows = items.members.map { 3 * ($0 / 2) + 1 + $0 % 2 }
  /// By user of the batch: what the sum of its items' rows is divided by.
  private(set) lazy var divisors = users.rows.map { user in
    settings.aggregate.divisor(train.rowOffsets[Int(user) + 1] - train.rowOffsets[Int(user)])
  }

  /// B
  var count: Int { slots.users.count }
  /// Whether there is something to say of items that the batch may not have.
  var reachesTable: Bool { settings.isAttached || clusters?.pull != nil }

  /// - Parameter memory: Of one pass at a time.
  init(
    users: RowGroups, items: RowGroups, userTable: Table, itemTable: Table, dim: Int, network: TripletNetwork,
    itemUsers: ItemUsers, clusters: Clusters? = nil, encoding: Encoding? = nil, settings: Settings,
    memory: KeptFloats<TripletBuffers.Part>, pool: ThreadPool
  ) throws {
    (self.clusters, self.encoding) = (clusters, encoding)
    (self.users, self.items, self.itemTable, self.dim) = (users, items, itemTable, dim)
    (self.itemUsers, train) = (itemUsers, itemUsers.train)
    (self.settings, self.memory, self.pool) = (settings, memory, pool)
    let stride = EmbeddingTable.stride(dim)
    self.stride = stride
    let count = items.slots.count / 2
    buffers = try TripletBuffers(
      memory, triplets: count, users: users.rows.count, items: items.rows.count, centers: clusters?.count ?? 0,
      stride: stride, tables: (itemUsers.train.userCount, itemUsers.train.itemCount), isEncoded: encoding != nil)
    self.network = try PaddedNetwork(network, stride: stride, memory: memory)
    slots = (Self.copy(users.slots, count), Self.copy(items.slots, 2 * count))
    triplets = kernel_triplets(
      stride: stride, users: buffers.users, state_users: buffers.stateUsers, interests: buffers.interests,
      items: buffers.items,
      shifted: buffers.shifted,
      user_slots: slots.users.base, item_slots: slots.items.base)
    gather(users.rows, userTable, into: buffers.stateUsers)
    gather(items.rows, itemTable, into: buffers.stateItems)
    if let encoding {
      gather(encoding.userRows, encoding.users, into: buffers.users)
      gather(encoding.itemRows, encoding.items, into: buffers.items)
    }
    // eta
    aggregateItems(itemTable.rows, into: buffers.interests)
    shiftItems()
  }

  /// q + α Φ_c
  private func shiftItems() {
    guard let clusters else { return }
    let shared = Shared((pass: self, clusters: clusters))
    pool.run(count: items.rows.count, grain: 256) { range in
      let (pass, clusters) = shared.value
      let (stride, share) = (pass.stride, pass.settings.share)
      for slot in range {
        let (own, row) = (pass.buffers.shifted + slot * stride, pass.buffers.stateItems + slot * stride)
        let label = Int(clusters.labels[Int(pass.items.rows[slot])])
        let center = clusters.centers.rows + label * clusters.centers.stride
        for column in 0..<stride { own[column] = row[column] + share * center[column] }
      }
    }
  }

  private static func copy(_ numbers: [Int32], _ count: Int) -> AlignedBuffer<Int32> {
    let buffer = AlignedBuffer<Int32>(count: count, repeating: 0)
    numbers.withUnsafeBufferPointer { buffer.base.update(from: $0.baseAddress!, count: count) }
    return buffer
  }

  func gather(_ rows: [Int32], _ table: Table, into target: UnsafeMutablePointer<Float>) {
    let shared = Shared((rows: rows, table: table, target: target, dim: dim, stride: stride))
    pool.run(count: rows.count, grain: 512) { range in
      let (rows, table, target, dim, stride) = shared.value
      // Tables are padded with zeros.
      if table.stride == stride {
        return rows[range].withUnsafeBufferPointer {
          kernel_gather_rows(
            table.rows, Int64(stride), $0.baseAddress!, Int64(range.count), Int64(stride),
            target + range.lowerBound * stride)
        }
      }
      for slot in range {
        let own = target + slot * stride
        own.update(from: table.rows + Int(rows[slot]) * table.stride, count: dim)
        (own + dim).update(repeating: 0, count: stride - dim)
      }
    }
  }

  /// What the aggregate makes of the rows of each user's items, or of those of them that are marked, the others being 0.
  func aggregateItems(
    _ rows: UnsafePointer<Float>, marked marks: [UInt64]? = nil, into target: UnsafeMutablePointer<Float>
  ) {
    let shared = Shared((pass: self, rows: rows, marks: marks, target: target, divisors: divisors))
    pool.run(count: users.rows.count, grain: 32) { range in
      let (pass, rows, marks, target, divisors) = shared.value
      pass.train.withItems(of: pass.users.rows[range], marked: marks) { list, starts in
        divisors[range].withUnsafeBufferPointer { divisors in
          var lists = kernel_row_lists(
            rows: rows, scales: nil, stride: pass.stride, list: list, starts: starts, count: range.count,
            divisors: divisors.baseAddress, beside: nil)
          kernel_sum_row_lists(&lists, nil, target + range.lowerBound * pass.stride)
        }
      }
    }
  }

  /// Runs a part of the triplets after another, on all threads.
  func forTriplets(_ body: @escaping @Sendable (TripletImportancePass, _ first: Int, _ end: Int) -> Void) {
    let shared = Shared(self)
    pool.run(count: count, grain: 128) { body(shared.value, $0.lowerBound, $0.upperBound) }
  }

  // MARK: Weights

  /// w, `[B]`.
  func weigh() -> UnsafeMutablePointer<Float> {
    forTriplets { pass, first, end in
      var triplets = pass.triplets
      let buffers = pass.buffers
      kernel_triplet_losses(&triplets, first, end, buffers.losses, buffers.slopes)
      kernel_triplet_states(&triplets, first, end, buffers.states)
      pass.multiplyByHidden(buffers.states, first, end, into: buffers.hidden)
      pass.findWeights(
        buffers.hidden, first, end,
        into: kernel_triplet_weighing(
          weights: buffers.weights, slopes: buffers.weightSlopes, curves: buffers.weightCurves))
    }
    return buffers.weights
  }

  /// From W1 s to weights.
  func findWeights(
    _ hidden: UnsafeMutablePointer<Float>, _ first: Int, _ end: Int, into weighing: kernel_triplet_weighing
  ) {
    var weighing = weighing
    kernel_triplet_weights(
      hidden, network.bias, network.output, network.offset, network.activation, stride, first, end, &weighing)
  }

  /// W1 s of some states.
  func multiplyByHidden(
    _ states: UnsafePointer<Float>, _ first: Int, _ end: Int, into hidden: UnsafeMutablePointer<Float>
  ) {
    kernel_row_products(
      states, 2 * stride, 2 * stride, network.hiddenColumns, stride, first, end, hidden + first * stride)
  }

  /// The weighted loss.
  var loss: Double {
    (0..<count).reduce(0) { $0 + Double(settings.scale * buffers.weights[$1] * buffers.losses[$1]) }
  }
}
