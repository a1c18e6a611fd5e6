import Platform
import Tensors

extension SimpleX {
  /// Keeps a mean of nothing and a softmax of nothing finite, as the public code does.
  private static let floor: Float = 1e-9

  public func encode(_ request: EncodingRequest, _ reader: ParameterReader) throws -> EncodedRows {
    let own = try reader.rows(users, request.users)
    let lists = histories.lists(
      of: request.users, leavingOut: configuration.excludesPositive ? request.positives : nil)
    let gate = Float(configuration.gate)
    guard !lists.items.isEmpty else { return EncodedRows(users: try own * Tensor(gate)) }
    // An item is in many histories: what depends on the item alone is computed once.
    var distinct = RowGroups(rowCount: itemCount)
    lists.items.withUnsafeBufferPointer { distinct.group($0.baseAddress!, count: $0.count) }
    let pairs = try RowPairs(
      Segments(lists.histories, count: lists.lengths.count), Segments(distinct.slots, count: distinct.rows.count))
    let rows = try reader.rows(historyItems, distinct.rows)
    let weights = try self.weights(rows, own, lists, pairs, reader)
    let aggregate = try Tensor.pairSums(weights, rows, pairs)
    let projected = try aggregate.matrixProduct(reader.all(valueWeights).transposed())
    return EncodedRows(users: try own * Tensor(gate) + projected * Tensor(1 - gate))
  }

  /// What each item of each history counts, `[items of histories]`.
  private func weights(
    _ rows: Tensor, _ own: Tensor, _ lists: UserHistory.Lists, _ pairs: RowPairs, _ reader: ParameterReader
  ) throws -> Tensor {
    if configuration.aggregator == .mean {
      return try Tensor(lists.lengths.map { 1 / (Float($0) + Self.floor) }).spread(over: pairs.firsts)
    }
    let keys = try (rows.matrixProduct(reader.all(keyWeights).transposed()) + reader.all(keyBias)).tanh()
    if configuration.aggregator == .userAttention {
      return try attention(Tensor.pairProducts(own, keys, pairs), lists, pairs.firsts)
    }
    let logits = try keys.matrixProduct(reader.all(query).transposed()).reshaped([rows.shape[0]])
    return try attention(logits.spread(over: pairs.seconds), lists, pairs.firsts)
  }

  /// exp(a_h) / (Σ exp(a) + padding)
  private func attention(_ logits: Tensor, _ lists: UserHistory.Lists, _ histories: Segments) throws -> Tensor {
    // Shifted by each history's largest logit, which changes nothing but keeps exp finite.
    let padding = lists.lengths.map { configuration.mask == .code ? Float(self.histories.longest - $0) : 0 }
    let largest = try Self.largest(logits.elements(), lists.lengths, padding: padding)
    let rest = zip(padding, largest).map { ($0 + Self.floor) * ($1.isFinite ? expf(-$1) : 1) }
    let exponentials = try (logits - Tensor(largest).spread(over: histories)).exp()
    let totals = try Tensor.segmentSum(exponentials, histories) + Tensor(rest)
    return try exponentials / totals.spread(over: histories)
  }

  /// The largest logit of each history; of one with padding at least the padding's 0. -∞ for a history of nothing.
  private static func largest(_ logits: [Float], _ lengths: [Int], padding: [Float]) -> [Float] {
    var first = 0
    return zip(lengths, padding).map { length, padding in
      defer { first += length }
      return logits[first..<first + length].reduce(padding > 0 ? 0 : -.infinity) { max($0, $1) }
    }
  }
}
