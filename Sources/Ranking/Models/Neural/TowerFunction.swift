import Kernels
import Tensors

/// The scores of a batch's pairs from the parts of the first layer: all layers of a pair in one pass, forward and backward, in place
/// of a pass over memory for each operation.
///
/// Inputs: the users' part `[n, outputs]`, bias included, the items' part `[m, outputs]`, for each later layer its weights
/// `[outputs, inputs]` and bias `[1, outputs]`, h `[1, outputs]` and c `[1, 1]`. The value is `[B, 1 + N]`.
final class TowerFunction: FusedFunction {
  let name = "tower"
  private let rows: PairRows
  /// Between the layers; `nil` where nothing is dropped there.
  private let dropout: BatchDropout?

  init(_ rows: PairRows, dropout: BatchDropout?) {
    self.rows = rows
    self.dropout = dropout
  }

  private var pairCount: Int { rows.rowCount * rows.width }

  /// Above so many parameters of the later layers OpenBLAS is faster: sums of their gradients leave the cache.
  private static let mostParameters = 1 << 13

  /// The value by the way that is faster.
  func callAsFunction(_ inputs: [Tensor]) throws -> Tensor {
    let parameters = inputs[2...].reduce(0) { $0 + $1.count }
    return dropout == nil && parameters <= Self.mostParameters
      ? try Tensor.fused(self, inputs) : try composed(of: inputs)
  }

  func composed(of inputs: [Tensor]) throws -> Tensor {
    let width = inputs[0].shape[1]
    let sum =
      try rows.spreadUsers(inputs[0]).reshaped([rows.rowCount, 1, width])
      + rows.spreadItems(inputs[1]).reshaped([rows.rowCount, rows.width, width])
    var z = try dropping(sum.relu().reshaped([pairCount, width]), layer: 0)
    for layer in 1..<inputs.count / 2 - 1 {
      let (weights, bias) = (inputs[2 * layer], inputs[2 * layer + 1])
      z = try dropping((z.matrixProduct(weights.transposed()) + bias).relu(), layer: layer)
    }
    let (weights, bias) = (inputs[inputs.count - 2], inputs[inputs.count - 1])
    return try (z.matrixProduct(weights.transposed()) + bias).reshaped([rows.rowCount, rows.width])
  }

  private func dropping(_ z: Tensor, layer: Int) throws -> Tensor { try dropout?(z, place: 2 + layer) ?? z }

  // MARK: In one pass

  func value(of inputs: [Tensor]) throws -> Tensor {
    let tower = try packed(inputs)
    let scores = try Tensor(uninitialized: [rows.rowCount, rows.width], operation: name)
    try withPairs(inputs, tower) { pairs in
      try scores.withMutableElements { scores in
        let shared = Shared((tower: tower, pairs: pairs, scores: scores.baseAddress))
        ThreadPool.shared.run(count: pairCount, grain: grain) {
          shared.value.tower.forward(shared.value.pairs, $0, into: shared.value.scores!)
        }
      }
    }
    return scores
  }

  func gradients(_ gradient: Tensor, inputs: [Tensor]) throws -> [Tensor] {
    let tower = try packed(inputs)
    let parts = try Tensor(uninitialized: [pairCount, tower.paddedFirstWidth], operation: name)
    let length = tower.parameterCount * Int(KERNEL_TOWER_LANES)
    let tasks = (pairCount + grain - 1) / grain
    let sums = try AlignedBuffer<Float>(count: tasks * length, repeating: 0, for: "gradients of a tower")
    let grain = grain
    try withPairs(inputs, tower) { pairs in
      try gradient.withElements { gradient in
        try parts.withMutableElements { parts in
          let shared = Shared((tower: tower, pairs: pairs, gradient: gradient.baseAddress, parts: parts.baseAddress))
          ThreadPool.shared.run(count: pairCount, grain: grain) {
            shared.value.tower.backward(
              shared.value.pairs, $0, shared.value.gradient!, parts: shared.value.parts!,
              sums: sums.base + $0.lowerBound / grain * length)
          }
        }
      }
    }
    let ofPairs = try parts.narrowed(axis: 1, to: 0..<tower.firstWidth)
    let later = tower.unpacked(total(sums, tasks: tasks, tower.parameterCount))
    return try [rows.sumOverUsers(ofPairs), rows.sumOverItems(ofPairs)]
      + zip(later, inputs.dropFirst(2)).map { try Tensor($0, shape: $1.shape) }
  }

  /// Pairs of a task: whole tiles, few enough tasks that their sums of gradients stay small.
  private var grain: Int {
    let tile = Int(KERNEL_TOWER_TILE)
    return max(64, (pairCount / 64 + tile - 1) / tile) * tile
  }

  /// Sums over lanes and tasks, in their order.
  private func total(_ sums: AlignedBuffer<Float>, tasks: Int, _ count: Int) -> [Float] {
    let lanes = Int(KERNEL_TOWER_LANES)
    return [Float](unsafeUninitializedCapacity: count) { totals, filled in
      let totals = Shared(totals.baseAddress!)
      ThreadPool.shared.run(count: count, grain: 256) { range in
        for parameter in range {
          var total = 0.0
          for task in 0..<tasks {
            let start = sums.base + (task * count + parameter) * lanes
            for lane in 0..<lanes { total += Double(start[lane]) }
          }
          (totals.value + parameter).initialize(to: Float(total))
        }
      }
      filled = count
    }
  }

  private func packed(_ inputs: [Tensor]) throws -> PackedTower {
    let layers = try (1..<inputs.count / 2 - 1).map { layer in
      PackedTower.Layer(
        outputs: inputs[2 * layer].shape[0], weights: try inputs[2 * layer].elements(),
        bias: try inputs[2 * layer + 1].elements())
    }
    return try PackedTower(
      firstWidth: inputs[0].shape[1], later: layers, output: inputs[inputs.count - 2].elements(),
      offset: inputs[inputs.count - 1].elements()[0])
  }

  private func withPairs(_ inputs: [Tensor], _ tower: PackedTower, _ body: (kernel_tower_pairs) throws -> Void) throws {
    let (users, items) = (try tower.filledUp(inputs[0]), try tower.filledUp(inputs[1]))
    try users.withElements { users in
      try items.withElements { items in
        try rows.userOfPair.withUnsafeBufferPointer { userPlaces in
          try rows.itemOfPair.withUnsafeBufferPointer { itemPlaces in
            try body(
              kernel_tower_pairs(
                users: users.baseAddress, items: items.baseAddress, user_places: userPlaces.baseAddress,
                item_places: itemPlaces.baseAddress))
          }
        }
      }
    }
  }
}
