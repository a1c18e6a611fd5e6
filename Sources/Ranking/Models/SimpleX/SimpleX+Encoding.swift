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
    let rows = try reader.rows(historyItems, lists.items)
    let aggregate = try self.aggregate(rows, own, lists, reader)
    let projected = try aggregate.matrixProduct(reader.all(valueWeights).transposed())
    return Encoding(users: try own * Tensor(gate) + projected * Tensor(1 - gate))
  }

  /// `[users, dim]`
  private func aggregate(_ rows: Tensor, _ own: Tensor, _ lists: UserHistory.Lists, _ reader: ParameterReader) throws
    -> Tensor
  {
    let count = lists.lengths.count
    if configuration.aggregator == .mean {
      let inverse = try Tensor(lists.lengths.map { 1 / (Float($0) + Self.floor) }, shape: [count, 1])
      return try Tensor.segmentSum(rows, segments: lists.segments, count: count) * inverse
    }
    let keys = try (rows.matrixProduct(reader.all(keyWeights).transposed()) + reader.all(keyBias)).tanh()
    let against = try configuration.aggregator == .userAttention ? own.gather(lists.segments) : reader.all(query)
    let logits = try (keys * against).sum(axes: [1], keepingAxes: true)
    let weights = try attention(logits, lists)
    return try Tensor.segmentSum(rows * weights, segments: lists.segments, count: count)
  }

  /// exp(a_h) / (Σ exp(a) + padding), `[items of histories, 1]`.
  private func attention(_ logits: Tensor, _ lists: UserHistory.Lists) throws -> Tensor {
    // Shifted by each history's largest logit, which changes nothing but keeps exp finite.
    let values = logits.elements()
    let padding = lists.lengths.map {
      configuration.mask == .code ? Float(histories.longest - min($0, histories.longest)) : 0
    }
    var largest = padding.map { $0 > 0 ? Float(0) : -.infinity }
    for (place, segment) in lists.segments.enumerated() { largest[segment] = max(largest[segment], values[place]) }
    let shift = try Tensor(lists.segments.map { largest[$0] }, shape: logits.shape)
    let rest = zip(padding, largest).map { ($0 + Self.floor) * ($1.isFinite ? expf(-$1) : 1) }
    let exponentials = try (logits - shift).exp()
    let totals =
      try Tensor.segmentSum(exponentials, segments: lists.segments, count: rest.count)
      + Tensor(rest, shape: [rest.count, 1])
    return try exponentials / totals.gather(lists.segments)
  }
}
