import Interactions
import Kernels
import Ranking
import Tensors

/// Ranks by the fused kernel: the scores of a tile of users and items are compared with each user's k-th best while they are
/// in registers, so that users x items is never written. Where the processor has 8-bit products, a filter with a proven bound
/// spares most of the exact ones; the lists are the same to the bit.
struct FactorRanker: Ranker {
  let scores: FactorScores
  let pool: ThreadPool
  private let packedItems: Scratch
  private let panelCount: Int
  /// Users that one task ranks. Depends on nothing but the length of a row.
  private let blockUsers: Int
  private let filtering: Filtering
  private let instructions: kernel_ranking_instructions

  enum Filtering { case whereWorthwhile, always, never }

  var userCount: Int { scores.userCount }
  var itemCount: Int { scores.itemCount }

  /// - Complexity: O(items · dim): packs the items in the kernels' layout.
  init(
    _ scores: FactorScores, pool: ThreadPool, filtering: Filtering = .whereWorthwhile,
    instructions: kernel_ranking_instructions = kernel_ranking_best
  ) {
    self.scores = scores
    self.pool = pool
    self.filtering = filtering
    self.instructions = instructions
    let (itemCount, dim) = (scores.itemCount, scores.dim)
    let packed = Scratch(bytes: kernel_ranking_packed_floats(itemCount, dim) * MemoryLayout<Float>.stride)
    packedItems = packed
    panelCount = (itemCount + Int(KERNEL_RANKING_PANEL) - 1) / Int(KERNEL_RANKING_PANEL)
    // 84 users fill the tiles of every instruction set; up to 168 rows of 64 numbers stay in the second cache.
    blockUsers = dim > 64 ? 84 : 168
    scores.withPointers { rows in
      pool.run(count: panelCount, grain: 64) { panels in
        kernel_ranking_pack_items(
          rows.value.items, rows.value.itemBias, itemCount, dim, panels.lowerBound, panels.upperBound, packed.floats)
      }
    }
  }

  func top(_ k: Int, users: [Int32], excluding mask: InteractionMatrix?) throws -> RankedLists {
    let faults = FaultRecord()
    let filter = worthFiltering(k: k, userCount: users.count) ? ItemFilter(scores, pool: pool) : nil
    let lists = RankedLists(users: users, k: k) { lists in
      mask.withKernelMask { mask in
        forEachBlock(of: users, size: blockUsers) { task, first, block in
          if faults.isPast(task: task) { return }
          var block = block
          filter?.join(&block)
          let workspace = Scratch(bytes: kernel_ranking_workspace_bytes(block.user_count, block.dim, k))
          let outcome = kernel_ranking_top(
            &block, mask.value, k, workspace.base, lists.value.items + first * k, lists.value.scores + first * k,
            lists.value.counts + first)
          if outcome.filter_gave_up != 0 { filter?.giveUp() }
          if outcome.position >= 0 { faults.record(task: task, position: first + outcome.position, item: outcome.item) }
        }
      }
    }
    try faults.check(users: users)
    return lists
  }

  /// Coding the items costs as much as ranking some hundred users; long lists let too many items pass.
  private func worthFiltering(k: Int, userCount: Int) -> Bool {
    switch filtering {
    case .always: true
    case .never: false
    case .whereWorthwhile: userCount >= 1000 && k <= itemCount / 64 && 8...4096 ~= scores.dim
    }
  }

  func count<Counter: ScoreCounter>(
    users: [Int32], _ make: @Sendable (_ position: Int, _ scores: ([Int32]) -> [Float]) -> Counter
  ) throws -> [Counter.Outcome] {
    let faults = FaultRecord()
    let outcomes = Outcomes<Counter.Outcome>.collected(users.count) { outcomes in
      // Three tiles of users: the scores of a chunk of items stay in the second cache.
      forEachBlock(of: users, size: 42) { task, first, block in
        if faults.isPast(task: task) { return }
        var counters = (0..<block.user_count).map { position in
          make(first + position) { pairScores(user: Int(users[first + position]), items: $0) }
        }
        if let fault = count(block, into: &counters) {
          faults.record(task: task, position: first + fault.position, item: fault.item)
          return
        }
        for position in counters.indices {
          outcomes.value.set(first + position, counters[position].outcome(itemCount: itemCount))
        }
      }
    }
    try faults.check(users: users)
    return outcomes.map { $0! }
  }

  /// Shows all scores of a block to its users' counters, a chunk of items at a time. Returns where a score was not a number.
  private func count(_ block: kernel_ranking_block, into counters: inout [some ScoreCounter]) -> (
    position: Int, item: Int
  )? {
    var block = block
    let chunkPanels = 32
    let stride = chunkPanels * Int(KERNEL_RANKING_PANEL)
    let workspace = Scratch(bytes: kernel_ranking_workspace_bytes(block.user_count, block.dim, 0))
    let chunk = Scratch(bytes: block.user_count * stride * MemoryLayout<Float>.stride)
    for panel in Swift.stride(from: 0, to: panelCount, by: chunkPanels) {
      let last = min(panelCount, panel + chunkPanels)
      kernel_ranking_scores(&block, panel, last, workspace.base, chunk.floats, stride)
      let firstItem = panel * Int(KERNEL_RANKING_PANEL)
      let width = min(itemCount - firstItem, stride)
      for position in counters.indices {
        let row = UnsafeBufferPointer(start: chunk.floats + position * stride, count: width)
        if let offset = counters[position].add(row) { return (position, firstItem + offset) }
      }
    }
    return nil
  }

  /// The scores of single pairs, the same bits that the kernels compute in a tile.
  private func pairScores(user: Int, items: [Int32]) -> [Float] {
    scores.withPointers { rows in
      [Float](unsafeUninitializedCapacity: items.count) { buffer, initialized in
        kernel_ranking_pair_scores(
          instructions, rows.value.items, rows.value.itemBias, scores.dim, rows.value.users + user * scores.dim, items,
          items.count,
          buffer.baseAddress)
        initialized = items.count
      }
    }
  }

  /// Calls `body` with (task, position of the first user, kernel's block) on all threads.
  private func forEachBlock(of users: [Int32], size: Int, _ body: @Sendable (Int, Int, kernel_ranking_block) -> Void) {
    scores.withPointers { rows in
      users.withUnsafeBufferPointer { buffer in
        guard let all = buffer.baseAddress else { return }
        let users = Shared(all)
        pool.run(count: buffer.count, grain: size) { range in
          let block = kernel_ranking_block(
            packed_items: packedItems.floats, item_count: itemCount, dim: scores.dim, user_rows: rows.value.users,
            users: users.value + range.lowerBound, user_count: range.count, instructions: instructions, item_codes: nil,
            item_rows: rows.value.items, item_bias: rows.value.itemBias, center: nil, bias_unit: 1)
          body(range.lowerBound / size, range.lowerBound, block)
        }
      }
    }
  }
}

extension FactorScores {
  struct Pointers {
    let users: UnsafePointer<Float>
    let items: UnsafePointer<Float>
    let itemBias: UnsafePointer<Float>?
  }

  /// Lends the rows to a kernel.
  func withPointers<Result>(_ body: (Shared<Pointers>) throws -> Result) rethrows -> Result {
    // Rows of length 0 (a model of biases only) have no storage and are never read.
    let nothing = UnsafePointer<Float>(bitPattern: MemoryLayout<Float>.alignment)!
    return try users.withUnsafeBufferPointer { users in
      try items.withUnsafeBufferPointer { items in
        func lend(_ bias: UnsafePointer<Float>?) throws -> Result {
          try body(
            Shared(
              Pointers(users: users.baseAddress ?? nothing, items: items.baseAddress ?? nothing, itemBias: bias)))
        }
        guard let itemBias else { return try lend(nil) }
        return try itemBias.withUnsafeBufferPointer { try lend($0.baseAddress) }
      }
    }
  }
}
