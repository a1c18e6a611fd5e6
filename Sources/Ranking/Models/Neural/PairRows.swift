import Tensors

/// Embeddings of users and items, and which of them meet in each score of a batch.
///
/// What a network makes of a user or of an item alone is computed once for each, then spread over the batch. Dropout draws anew for
/// each row that is looked up, a user's once for its row of the batch (UIB's code): nothing is shared then, but where items only
/// meet users in products, which drop elements on their way.
struct PairRows {
  /// `[n, dim]`: the distinct users, or with dropout one row for each row of the batch.
  let users: Tensor
  /// `[m, dim]`: the distinct items, or with dropout one row for each score, unless items only meet users in products.
  let items: Tensor
  /// B
  let rowCount: Int
  /// 1 + N
  let width: Int
  /// The row of `users` of each row of the batch, `[B]`.
  let userOfRow: [Int32]
  /// The row of `items` of each score, `[B (1 + N)]`.
  let itemOfPair: [Int32]
  private let isSpread: Bool
  /// What products drop of items.
  private let droppedInProducts: BatchDropout?

  /// - Parameter products: Whether items only meet users in `products`.
  init(users: Tensor, items: Tensor, pairs: ScorePairs, dropout: BatchDropout, products: Bool = false) throws {
    rowCount = pairs.users.count
    width = pairs.items.count / max(1, rowCount)
    isSpread = dropout.isActive
    droppedInProducts = products && dropout.isActive ? dropout : nil
    let userOfRow = pairs.users.map(Int32.init(truncatingIfNeeded:))
    let itemOfPair = pairs.items.map(Int32.init(truncatingIfNeeded:))
    if isSpread {
      self.users = try dropout(users.spread(over: Segments(userOfRow, count: users.shape[0])), place: 0)
      self.userOfRow = userOfRow.indices.map(Int32.init(truncatingIfNeeded:))
      self.items =
        products ? items : try dropout(items.spread(over: Segments(itemOfPair, count: items.shape[0])), place: 1)
      self.itemOfPair = products ? itemOfPair : itemOfPair.indices.map(Int32.init(truncatingIfNeeded:))
    } else {
      (self.users, self.items, self.userOfRow, self.itemOfPair) = (users, items, userOfRow, itemOfPair)
    }
  }

  /// The row of `users` of each score, `[B (1 + N)]`.
  var userOfPair: [Int32] { userOfRow.flatMap { repeatElement($0, count: width) } }

  /// Numbers of `users`, `[n, k]`, for the rows of the batch: `[B, k]`.
  func spreadUsers(_ x: Tensor) throws -> Tensor {
    isSpread ? x : try x.spread(over: Segments(userOfRow, count: users.shape[0]))
  }

  /// Numbers of `items`, `[m, k]`, for the scores: `[B (1 + N), k]`.
  func spreadItems(_ x: Tensor) throws -> Tensor {
    precondition(droppedInProducts == nil)
    return isSpread ? x : try x.spread(over: Segments(itemOfPair, count: items.shape[0]))
  }

  /// Numbers of the scores, `[B (1 + N), k]`, summed for each of `users`: `[n, k]`.
  func sumOverUsers(_ x: Tensor) throws -> Tensor {
    try Tensor.segmentSum(x, Segments(userOfPair, count: users.shape[0]))
  }

  /// The same for each of `items`: `[m, k]`.
  func sumOverItems(_ x: Tensor) throws -> Tensor {
    precondition(droppedInProducts == nil)
    return isSpread ? x : try Tensor.segmentSum(x, Segments(itemOfPair, count: items.shape[0]))
  }

  /// The inner product of a user's row of `x`, `[n, dim]`, and the item, for each score: `[B, 1 + N]`.
  func products(_ x: Tensor) throws -> Tensor {
    let pairs = try RowPairs(
      Segments(userOfPair, count: users.shape[0]), Segments(itemOfPair, count: items.shape[0]),
      dropout: droppedInProducts?.ofPairs(rowCount * width, dim: items.shape[1], place: 1))
    return try Tensor.pairProducts(x, items, pairs).reshaped([rowCount, width])
  }
}

/// What a network drops in one batch: a pure function of the batch's stream and of the place in the network.
struct BatchDropout {
  /// Share that is dropped, in [0, 1).
  let rate: Float
  /// `nil` at evaluation.
  let stream: RandomStream?

  init(_ request: EncodingRequest) { self.init(rate: request.dropout, stream: request.stream) }

  private init(rate: Float, stream: RandomStream?) {
    self.rate = rate
    self.stream = stream
  }

  var isActive: Bool { rate > 0 && stream != nil }

  /// That of a part of the network, with numbers of its own.
  func part(_ number: Int) -> BatchDropout { BatchDropout(rate: rate, stream: stream?.substream(number)) }

  /// Inverted dropout: each element is 0 with probability `rate`, else divided by 1 - `rate`.
  func callAsFunction(_ x: Tensor, place: Int) throws -> Tensor {
    guard isActive, let stream else { return x }
    return try x.dropout(rate, stream: stream.substream(place))
  }

  /// The same of rows that are looked up for each pair, without making them.
  func ofPairs(_ count: Int, dim: Int, place: Int) throws -> PairDropout? {
    guard isActive, let stream else { return nil }
    return try PairDropout(rate, stream: stream.substream(place), pairs: count, dim: dim)
  }
}

extension Boundary {
  /// The boundaries of a batch's rows, `[B]`, as differentiable tensors.
  ///
  /// - Parameter rows: P_u of each, after dropout.
  func values(_ rows: PairRows, users: [Int32], _ reader: ParameterReader) throws -> Tensor {
    if kind == .user { return try reader.rows(parameter, users).reshaped([rows.rowCount]) }
    let weights = try reader.all(parameter)
    let dim = rows.users.shape[1]
    var boundary = try rows.users.matrixProduct(weights.narrowed(axis: 1, to: 0..<dim).transposed())
    if kind == .linearBias { boundary = try boundary + weights.narrowed(axis: 1, to: dim..<dim + 1) }
    return try rows.spreadUsers(boundary).reshaped([rows.rowCount])
  }
}

extension ScorePairs {
  /// The user of each row of the batch.
  func usersOfRows(_ request: EncodingRequest) -> [Int32] { users.map { request.users[$0] } }
}
