import Glibc
import Tensors

extension SimpleX {
  /// Keeps a mean of nothing and a softmax of nothing finite, as the public code does.
  private static let floor: Float = 1e-9

  public func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> Encoding {
    let own = try reader.rows(users, request.users)
    let lists = histories.lists(
      of: request.users, leavingOut: configuration.excludesPositive ? request.positives : nil)
    let gate = Float(configuration.gate)
    guard !lists.items.isEmpty else { return Encoding(users: try own * Tensor(gate)) }
    // An item is in many histories: what depends on the item alone is computed once.
    var distinct = RowGroups(rowCount: itemCount)
    lists.items.withUnsafeBufferPointer { distinct.group($0.baseAddress!, count: $0.count) }
    let pairs = try RowPairs(
      firsts: lists.segments, seconds: distinct.slots.map(Int.init), firstCount: lists.lengths.count,
      secondCount: distinct.rows.count)
    let rows = try reader.rows(historyItems, distinct.rows)
    let weights = try self.weights(rows, own, lists, pairs, reader)
    let aggregate = try Tensor.pairSums(weights, rows, pairs)
    let projected = try aggregate.matrixProduct(reader.all(valueWeights).transposed())
    return Encoding(users: try own * Tensor(gate) + projected * Tensor(1 - gate))
  }

  /// What each item of each history counts, `[items of histories]`.
  private func weights(
    _ rows: Tensor, _ own: Tensor, _ lists: UserHistory.Lists, _ pairs: RowPairs, _ reader: ParameterReader
  ) throws -> Tensor {
    if configuration.aggregator == .mean {
      return try Tensor(lists.segments.map { 1 / (Float(lists.lengths[$0]) + Self.floor) })
    }
    let keys = try (rows.matrixProduct(reader.all(keyWeights).transposed()) + reader.all(keyBias)).tanh()
    if configuration.aggregator == .userAttention {
      return try attention(Tensor.pairProducts(own, keys, pairs), lists)
    }
    let logits = try keys.matrixProduct(reader.all(query).transposed()).reshaped([rows.shape[0]])
    return try attention(logits.gather(pairs.secondRows), lists)
  }

  /// exp(a_h) / (Σ exp(a) + padding)
  private func attention(_ logits: Tensor, _ lists: UserHistory.Lists) throws -> Tensor {
    // Shifted by each history's largest logit, which changes nothing but keeps exp finite.
    let values = logits.elements()
    let padding = lists.lengths.map { configuration.mask == .code ? Float(histories.longest - $0) : 0 }
    var largest = padding.map { $0 > 0 ? Float(0) : -.infinity }
    for (place, segment) in lists.segments.enumerated() { largest[segment] = max(largest[segment], values[place]) }
    let shift = try Tensor(lists.segments.map { largest[$0] })
    let rest = zip(padding, largest).map { ($0 + Self.floor) * ($1.isFinite ? expf(-$1) : 1) }
    let exponentials = try (logits - shift).exp()
    let totals = try Tensor.segmentSum(exponentials, segments: lists.segments, count: rest.count) + Tensor(rest)
    return try exponentials / totals.gather(lists.segments)
  }
}
