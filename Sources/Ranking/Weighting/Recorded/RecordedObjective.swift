import Interactions
import Tensors

/// The parts of the weighted loss J of a batch of triplets as recorded functions of whole tables (see `TripletImportance`).
struct RecordedObjective {
  let gamma: Float
  private let batch: TripletBatch
  private let importance: TripletImportance
  /// α
  private let share: Float
  /// Among the batch's distinct users, and its distinct items, `[B]`.
  private let users, positives, negatives: [Int]
  /// Which items each of the batch's distinct users has, and what each counts in its interest.
  private let belongings: RowPairs
  private let belongingShares: Tensor

  init(_ batch: TripletBatch, _ importance: TripletImportance, share: Float, gamma: Float) throws {
    (self.batch, self.importance, self.share, self.gamma) = (batch, importance, share, gamma)
    users = batch.users.slots.map { Int($0) }
    positives = stride(from: 0, to: batch.items.slots.count, by: 2).map { Int(batch.items.slots[$0]) }
    negatives = stride(from: 1, to: batch.items.slots.count, by: 2).map { Int(batch.items.slots[$0]) }
    var (owners, items, shares): ([Int32], [Int32], [Float]) = ([], [], [])
    for (slot, user) in batch.users.rows.enumerated() {
      let own = batch.train.items(of: Int(user))
      items += own
      owners += repeatElement(Int32(slot), count: own.count)
      shares += repeatElement(1 / importance.aggregate.divisor(own.count), count: own.count)
    }
    belongings = try RowPairs(
      Segments(owners, count: batch.users.rows.count), Segments(items, count: batch.train.itemCount))
    belongingShares = try Tensor(shares)
  }

  /// l, `[B]`.
  ///
  /// - Parameter tables: Of the model's parameters, in their order.
  func losses(_ tables: [Tensor]) throws -> Tensor {
    let reader = ParameterReader.over(Array(zip(batch.model.trainedParameters, tables)), pool: batch.pool)
    let request = EncodingRequest(users: batch.users.rows, items: batch.items.rows)
    if case .pairs(let scorer) = batch.model.scoring {
      let pairs = ScorePairs(users: users, items: batch.items.slots.map { Int($0) })
      let scores = try scorer.scores(request, pairs, reader).scores
      let gap = try scores.narrowed(axis: 1, to: 1..<2) - scores.narrowed(axis: 1, to: 0..<1)
      return try gap.reshaped([users.count]).softplus()
    }
    let rows = try self.rows(request, reader)
    let gap = try rows.items.gather(negatives) - rows.items.gather(positives)
    return try (rows.users.gather(users) * gap).sum(axes: [1]).softplus()
  }

  /// What scores of the batch's distinct users and items.
  private func rows(_ request: EncodingRequest, _ reader: ParameterReader) throws -> (users: Tensor, items: Tensor) {
    guard case .factors(let userSource, let itemSource, _) = batch.model.scoring else { preconditionFailure() }
    if case .encoded(let encoder) = userSource {
      let encoded = try encoder.encode(request, reader)
      return (encoded.users!, encoded.items!)
    }
    return (
      try reader.rows(userSource.table!, request.users), try reader.rows(itemSource.table!, request.items)
    )
  }

  /// w, `[B]`.
  ///
  /// - Parameters:
  ///   - centers: Φ, with clusters.
  ///   - network: Of the network's parameters, in their order.
  func weights(_ tables: [Tensor], _ centers: Tensor?, _ network: [Tensor]) throws -> Tensor {
    func seen(_ table: Tensor) -> Tensor { importance.isAttached ? table : table.detached() }
    let (allUsers, allItems) = (seen(table(batch.userTable, tables)), seen(table(batch.itemTable, tables)))
    let interests = try Tensor.pairSums(belongingShares, allItems, belongings)
    let wide = try (allUsers.gather(batch.users.rows.map { Int($0) }) + interests).gather(users)
    var items = try allItems.gather(batch.items.rows.map { Int($0) })
    if let centers, let clusters = importance.clusters {
      let labels = clusters.labels
      items = try items + seen(centers).gather(batch.items.rows.map { Int(labels[Int($0)]) }) * share
    }
    let states = try Tensor.concatenate([items.gather(positives) * wide, items.gather(negatives) * wide], axis: 1)
    let hidden = try (states.matrixProduct(network[0].transposed()) + network[1]).relu()
    var number = try hidden.matrixProduct(network[2].transposed())
    if importance.network.hasOffset { number = try number + network[3] }
    let flat = try number.reshaped([users.count])
    return try importance.network.activation == .sigmoid ? flat.sigmoid() : flat.softplus()
  }

  private func table(_ parameter: Parameter, _ tables: [Tensor]) -> Tensor {
    tables[batch.model.trainedParameters.firstIndex { $0 === parameter }!]
  }

  /// Σ w l, scaled as the batch's loss.
  func total(_ losses: Tensor, _ weights: Tensor) throws -> Tensor { try (losses * weights).sum() * batch.scale }

  /// γ L_c with a target that is held; `nil` where it counts nothing.
  func pull(_ tables: [Tensor], _ centers: Tensor?) throws -> Tensor? {
    guard gamma > 0, let centers, let clusters = importance.clusters, let target = clusters.made?.target else {
      return nil
    }
    let items = table(batch.itemTable, tables)
    let tau = Float(clusters.tau)
    let squares = try (items * items).sum(axes: [1], keepingAxes: true)
    let lengths = try (centers * centers).sum(axes: [1])
    let distances = try squares + lengths - items.matrixProduct(centers.transposed()) * 2
    let near = try (distances * (1 / tau) + 1).log() * (-(tau + 1) / 2)
    let assigned = try near - near.exp().sum(axes: [1], keepingAxes: true).log()
    let held = try Tensor(target.compact, shape: [items.shape[0], clusters.count])
    return try ((held * assigned).sum() * -1 + Float(target.weightedLogarithm)) * (gamma * batch.scale)
  }
}
