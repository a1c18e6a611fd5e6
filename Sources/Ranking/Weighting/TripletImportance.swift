import Interactions
import Tensors

/// How much each triplet of a user, a positive and a negative counts, learned with the model: TIL-UI and TIL-MI.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022. A state (Eq. 4, 5)
///
///     s = [ q_i * (p_u + η_u) ; q_j * (p_u + η_u) ],   η_u the mean of q over all train items of u
///
/// - in TIL-MI with q + α Φ_c in place of q, Φ_c the center of the item's cluster (`InterestClusters`, Eq. 6) -
/// goes through a small network (`TripletNetwork`, Eq. 3), whose number w multiplies the triplet's loss. The model is trained by
/// J(Θ, Λ) = Σ w softplus(y_uj - y_ui), in which states are differentiated too unless they are detached; the network Λ by what the plain
/// loss Σ softplus(y_uj - y_ui) of the same triplets says after a look-ahead step Θ - a ∇J (Eq. 12 to 15), exactly and without a graph of
/// the step. Both use the weights of before the step, and the trainer's optimizer; a group of it may name `importance_hidden`,
/// `importance_bias`, `importance_output` and `importance_offset`.
///
/// A graph makes the rows that score of the tables' rows (`LightGCN`); states are of the tables' (`TripletImportancePass+Graph.swift`).
/// Inner products of both are differentiated by hand. Of other models the step is recorded and differentiated twice
/// (`RecordedTriplets`): networks, whose states are of the first pair of embeddings, and `MultiGCCF`. In TIL-MI γ L_c is added to J.
///
/// By hand a batch costs O(B d² + interactions of its users · d), and in TIL-MI O(items · K d) more.
public final class TripletImportance {
  /// How the network's derivative is found.
  public enum Hypergradient: String, Sendable, CaseIterable {
    case exact
    /// Central differences along v, of a hundredth's length (Liu et al., "DARTS", ICLR 2019, Eq. 8).
    case finiteDifferences = "finite_differences"
    /// By recording the inner derivative and differentiating it: what `exact` says, at several times the cost.
    case secondOrder = "second_order"
  }

  /// What the items of a user are to its state.
  public enum Aggregate: String, Sendable, CaseIterable {
    case mean, sum

    func divisor(_ count: Int) -> Float { self == .mean ? Float(count) : 1 }
  }

  public let network: TripletNetwork
  /// a. Not the optimizer's rate.
  public var innerRate: Schedule
  /// Whether J differentiates states with respect to rows.
  public let isAttached: Bool
  public let hypergradient: Hypergradient
  public let aggregate: Aggregate
  /// Whether the model is moved by the outer loss too, by its derivative through the look-ahead step, as the authors' code does.
  public let accumulatesOuter: Bool
  /// Of items: TIL-MI. `nil` in TIL-UI.
  public let clusters: InterestClusters?
  /// Epochs of the plain loss before the first with weights.
  public let pretraining: Int
  /// Of the weights so far in the epoch under way, or of the last one; and which epoch that is.
  public private(set) var summary = WeightSummary()
  private var summarized = 0
  /// Of the train part of the last batch.
  private var knownUsers: ItemUsers?
  private let memory = KeptFloats<TripletBuffers.Part>(for: "the triplets of a batch")
  private let pullMemory = KeptFloats<ClusterPull.Part>(for: "the clusters of all items")

  /// - Parameter network: Of the width of a row.
  public init(
    _ network: TripletNetwork, innerRate: Schedule = 1e-3, isAttached: Bool = true,
    hypergradient: Hypergradient = .exact, aggregate: Aggregate = .mean, accumulatesOuter: Bool = false,
    clusters: InterestClusters? = nil, pretraining: Int = 0
  ) {
    precondition(clusters.map { $0.centers.columnCount == network.width } ?? true)
    (self.network, self.innerRate, self.isAttached, self.clusters) = (network, innerRate, isAttached, clusters)
    (self.hypergradient, self.aggregate, self.accumulatesOuter) = (hypergradient, aggregate, accumulatesOuter)
    self.pretraining = pretraining
  }

  public var parameters: [Parameter] { network.parameters + (clusters?.parameters ?? []) }
  var numbers: [AssignableNumber] {
    [.init("inner_rate", of: self, \.innerRate)] + (clusters?.numbers ?? [])
  }

  /// What checkpoints know it by.
  public var text: String {
    var parts = ["inner_rate = \(innerRate)", "states = \(isAttached ? "attached" : "detached")"]
    if hypergradient != .exact { parts.append("hypergradient = \(hypergradient.rawValue)") }
    if network.activation != .sigmoid { parts.append("activation = \(network.activation.rawValue)") }
    if !network.hasOffset { parts.append("without offset") }
    if aggregate != .mean { parts.append("aggregate = \(aggregate.rawValue)") }
    if accumulatesOuter { parts.append("accumulate_outer") }
    if let clusters { parts.append(clusters.text) }
    if pretraining > 0 { parts.append("pretrain = \(pretraining)") }
    return "triplet_importance(\(parts.joined(separator: ", ")))"
  }

  /// - Throws: `TrainingError` for a model, a loss or weights with which it means nothing.
  func check(_ model: any RankingModel, _ loss: any Loss, otherWeights: Bool) throws {
    guard Self.tables(of: model) != nil, model.rowWidth == model.dim, model.boundary == nil else {
      throw TrainingError.setting(
        "weighting: wants a model with a table of users and one of items, without biases or boundary: models.mf, lightgcn or mgccf with "
          + "score = \"dot\", or models.gmf, ncf or neumf; model '\(model.name)' \(model.unlikeInnerProducts)"
      )
    }
    guard model.dim == network.width else {
      throw TrainingError.setting(
        "weighting: was made for rows of \(network.width) numbers, and the model's have \(model.dim); make it for the model that is trained"
      )
    }
    guard loss is BPRLoss else {
      throw TrainingError.setting(
        "weighting: triplets have a weight each in losses.bpr; loss '\(loss.name)' is another one")
    }
    guard !otherWeights else {
      throw TrainingError.setting(
        "weighting: the trainer has weights of its positives already; leave `weight` or `weighting` out")
    }
  }

  /// The tables of which states are made, of a model that it can weigh.
  static func tables(of model: any RankingModel) -> (users: Parameter, items: Parameter)? {
    if case .factors(.table(let users), .table(let items), .dot) = model.scoring { return (users, items) }
    if let graph = model as? LightGCN, graph.configuration.score == .dot { return (graph.users, graph.items) }
    if let graph = model as? MultiGCCF, graph.configuration.score == .dot { return graph.tables }
    return (model as? any NeuralModel).map { ($0.embeddings.users, $0.embeddings.items) }
  }

  /// Whether a batch is recorded, and not differentiated by hand.
  func records(_ model: any RankingModel) -> Bool {
    if hypergradient == .secondOrder || accumulatesOuter || model is MultiGCCF { return true }
    if case .pairs = model.scoring { return true }
    return false
  }

  /// Weighs the triplets of a batch, whose rows, all items and all centers are up to date; all parameters of the model where it is
  /// recorded.
  func weigh(_ batch: TripletBatch) throws -> any WeighedTriplets {
    let rate = Float(try number(innerRate, "inner_rate", in: 0...1e3, batch))
    let share = try clusters.map { Float(try number($0.share, "alpha", in: -1e6...1e6, batch)) } ?? 0
    let triplets: any WeighedTriplets =
      try records(batch.model) ? record(batch, rate, share) : differentiate(batch, rate, share)
    try note(triplets.weights, batch)
    return triplets
  }

  private func record(_ batch: TripletBatch, _ rate: Float, _ share: Float) throws -> RecordedTriplets {
    let gamma = try lookAtClusters(batch)
    return try RecordedTriplets(batch, self, innerRate: rate, share: share, gamma: Float(gamma))
  }

  private func differentiate(_ batch: TripletBatch, _ rate: Float, _ share: Float) throws -> FactorTriplets {
    let (seen, pull) = try look(batch)
    let pass = try TripletImportancePass(
      users: batch.users, items: batch.items,
      userTable: (UnsafePointer(batch.userTable.values), batch.userTable.rowStride),
      itemTable: (UnsafePointer(batch.itemTable.values), batch.itemTable.rowStride), dim: network.width,
      network: network, itemUsers: itemUsers(of: batch.train), clusters: seen, encoding: batch.encoding,
      settings: .init(
        innerRate: rate, isAttached: isAttached, scale: batch.scale, share: share,
        takesDifferences: hypergradient == .finiteDifferences, aggregate: aggregate),
      memory: memory, pool: batch.pool)
    let weights = Array(UnsafeBufferPointer(start: pass.weigh(), count: pass.count))
    return FactorTriplets(pass, weights, self, pull, batch)
  }

  private func itemUsers(of train: InteractionMatrix) -> ItemUsers {
    if let knownUsers, knownUsers.train.sharesStorage(with: train) { return knownUsers }
    let made = ItemUsers(train)
    knownUsers = made
    return made
  }

  /// Looks where items belong, where that is due.
  ///
  /// - Returns: γ, 0 without clusters.
  private func lookAtClusters(_ batch: TripletBatch) throws -> Double {
    guard let clusters else { return 0 }
    try clusters.refresh(
      RowBlock(batch.itemTable.table, width: network.width), epoch: batch.position.epoch, pool: batch.pool)
    return try number(clusters.pull, "gamma", in: 0...1e9, batch)
  }

  /// The clusters as they stand, and what L_c says.
  private func look(_ batch: TripletBatch) throws -> (TripletImportancePass.Clusters?, ClusterPull?) {
    let gamma = try lookAtClusters(batch)
    guard let clusters else { return (nil, nil) }
    var pull: ClusterPull?
    if let target = clusters.made?.target, gamma > 0 {
      pull = try ClusterPull(
        RowBlock(batch.itemTable.table, width: network.width), clusters.centers, target, tau: clusters.tau,
        scale: Float(gamma) * batch.scale, memory: pullMemory,
        pool: batch.pool)
      clusters.divergence = pull!.value / (gamma * Double(batch.scale))
    }
    let seen = TripletImportancePass.Clusters(
      labels: clusters.labels, centers: (clusters.centers.values, clusters.centers.rowStride), count: clusters.count,
      pull: pull.map { UnsafePointer($0.items) })
    return (seen, pull)
  }

  private func number(
    _ schedule: Schedule, _ name: String, in range: ClosedRange<Double>, _ batch: TripletBatch
  ) throws -> Double {
    let value = try schedule.value(at: batch.position)
    guard range.contains(value) else {
      throw TrainingError.setting(
        "weighting: \(name) is \(value.isNaN ? "nan" : "\(value)") at epoch \(batch.position.epoch), step \(batch.position.step); "
          + "want \(Schedule(range.lowerBound)) to \(Schedule(range.upperBound))")
    }
    return value
  }

  /// What the weights of an epoch were, where it is the one under way or the last.
  func summary(of epoch: Int) -> WeightSummary? { summarized == epoch && summary.count > 0 ? summary : nil }

  private func note(_ weights: [Float], _ batch: TripletBatch) throws {
    if summarized != batch.position.epoch { (summary, summarized) = (WeightSummary(), batch.position.epoch) }
    summary.add(weights)
    if weights.allSatisfy({ $0 == 0 }) {
      throw TrainingError(
        .notFinite,
        "weighting: all weights are 0 at epoch \(batch.position.epoch), step \(batch.position.step): nothing would be learned from this "
          + "batch, and nothing was changed by it. Try a lower rate for the network (a group of the optimizer), or a lower inner_rate"
      )
    }
    guard let place = weights.firstIndex(where: { !$0.isFinite }) else { return }
    throw TrainingError(
      .notFinite,
      "weighting: the weight of triplet \(place + 1) of the batch is no number at epoch \(batch.position.epoch), step "
        + "\(batch.position.step); nothing was changed by this batch. Try a lower rate for the network (a group of the optimizer), or "
        + "gradient clipping (clip = 10)")
  }
}

// MARK: Snapshots

extension TripletImportance: Stateful {
  /// Numbers that a script may have assigned, the epoch's weights so far, and where items belong.
  public func snapshot() throws -> Snapshot {
    var snapshot = Snapshot()
    snapshot.add(numbers.snapshot, under: "numbers")
    if summary.count > 0 {
      snapshot["summarized"] = .integers([Int64(summarized)])
      snapshot["summary"] = .doubles(summary.numbers)
    }
    if let clusters { snapshot.add(try clusters.snapshot(), under: "clusters") }
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    // Earlier versions did not keep it.
    let isSummarized = snapshot["summarized"] != nil
    let summarized = isSummarized ? try snapshot.integers("summarized", count: 1)[0] : 0
    let summary = isSummarized ? try WeightSummary(numbers: snapshot.doubles("summary")) : WeightSummary()
    let steps = [
      try numbers.restoration(from: snapshot.part("numbers")),
      try clusters?.restoration(from: snapshot.part("clusters")) ?? {},
    ]
    return { [self] in
      (self.summary, self.summarized) = (summary, summarized)
      for step in steps { step() }
    }
  }
}
