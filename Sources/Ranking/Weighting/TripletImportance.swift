import Interactions
import Tensors

/// How much each triplet of a user, a positive and a negative counts, learned with the model: TIL-UI.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022. A state (Eq. 4, 5)
///
///     s = [ q_i * (p_u + η_u) ; q_j * (p_u + η_u) ],   η_u the mean of q over all train items of u
///
/// goes through a small network (`TripletNetwork`, Eq. 3), whose number w multiplies the triplet's loss. The model is trained by
/// J(Θ, Λ) = Σ w softplus(y_uj - y_ui), in which states are differentiated too unless they are detached; the network Λ by what the plain
/// loss Σ softplus(y_uj - y_ui) of the same triplets says after a look-ahead step Θ - a ∇J (Eq. 12 to 15), exactly and without a graph of
/// the step. Both use the weights of before the step, and the trainer's optimizer; a group of it may name `importance_hidden`,
/// `importance_bias`, `importance_output` and `importance_offset`.
///
/// A batch costs O(B d² + interactions of its users · d).
public final class TripletImportance {
  public let network: TripletNetwork
  /// a. Not the optimizer's rate.
  public var innerRate: Schedule
  /// Whether J differentiates states with respect to rows.
  public let isAttached: Bool
  /// Of the weights so far in the epoch under way, or of the last one.
  public private(set) var summary = WeightSummary()
  private var summarized = 0
  private var history: TrainHistory?
  private let memory = KeptFloats<TripletBuffers.Part>(for: "the triplets of a batch")

  /// - Parameters:
  ///   - width: d, numbers of a row.
  ///   - seed: Of the network's first values.
  public init(width: Int, innerRate: Schedule = 1e-3, isAttached: Bool = true, seed: UInt64 = 0) throws {
    network = try TripletNetwork(width: width, seed: seed)
    (self.innerRate, self.isAttached) = (innerRate, isAttached)
  }

  public var parameters: [Parameter] { network.parameters }

  /// What checkpoints know it by.
  public var text: String {
    "triplet_importance(inner_rate = \(innerRate), states = \(isAttached ? "attached" : "detached"))"
  }

  /// - Throws: `TrainingError` for a model, a loss or weights with which it means nothing.
  func check(_ model: any RankingModel, _ loss: any Loss, otherWeights: Bool) throws {
    guard case .factors(.table, .table, .dot) = model.scoring, model.rowWidth == model.dim, model.boundary == nil else {
      throw TrainingError.setting(
        "weighting: wants a model whose scores are inner products of the rows of two tables, without biases or boundary, such as "
          + "models.mf with score = \"dot\"; model '\(model.name)' is another kind")
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

  /// Weighs the triplets of a batch, whose users are up to date.
  func weigh(_ batch: TripletBatch) throws -> WeighedTriplets {
    let rate = try innerRate.value(at: batch.position)
    guard (0...1e3).contains(rate) else {
      throw TrainingError.setting(
        "weighting: inner_rate is \(rate.isNaN ? "nan" : "\(rate)") at epoch \(batch.position.epoch), step \(batch.position.step); "
          + "want 0 to 1000")
    }
    if history?.train.sharesStorage(with: batch.train) != true { history = TrainHistory(batch.train) }
    let pass = try TripletImportancePass(
      users: batch.users, items: batch.items,
      userTable: (UnsafePointer(batch.userTable.values), batch.userTable.rowStride),
      itemTable: (UnsafePointer(batch.itemTable.values), batch.itemTable.rowStride), dim: network.width,
      network: network,
      history: history!, settings: .init(innerRate: Float(rate), isAttached: isAttached, scale: batch.scale),
      memory: memory, pool: batch.pool)
    let weights = Array(UnsafeBufferPointer(start: pass.weigh(), count: pass.count))
    try note(weights, batch)
    return WeighedTriplets(pass, weights, network, userTable: batch.userTable, itemTable: batch.itemTable)
  }

  private func note(_ weights: [Float], _ batch: TripletBatch) throws {
    if summarized != batch.position.epoch { (summary, summarized) = (WeightSummary(), batch.position.epoch) }
    summary.add(weights)
    guard let place = weights.firstIndex(where: { !$0.isFinite }) else { return }
    throw TrainingError(
      .notFinite,
      "weighting: the weight of triplet \(place + 1) of the batch is no number at epoch \(batch.position.epoch), step "
        + "\(batch.position.step); nothing was changed by this batch. Try a lower rate for the network (a group of the optimizer), or "
        + "gradient clipping (clip = 10)")
  }
}

/// Mean, deviation and extremes of weights.
public struct WeightSummary: Sendable, Equatable {
  public private(set) var count = 0
  private var sum = 0.0
  private var squares = 0.0
  public private(set) var least = Double.infinity
  public private(set) var most = -Double.infinity

  public init() {}

  public var mean: Double { sum / Double(count) }
  public var deviation: Double { max(0, squares / Double(count) - mean * mean).squareRoot() }

  mutating func add(_ weights: [Float]) {
    for weight in weights {
      let weight = Double(weight)
      (sum, squares) = (sum + weight, squares + weight * weight)
      (least, most) = (min(least, weight), max(most, weight))
    }
    count += weights.count
  }
}

/// A batch of triplets as a weighting sees it: its rows are up to date.
struct TripletBatch {
  let users: RowGroups
  /// Places are those of `[B, 2]`.
  let items: RowGroups
  let userTable: Parameter
  let itemTable: Parameter
  let train: InteractionMatrix
  let position: TrainingPosition
  /// What each triplet's loss is multiplied by.
  let scale: Float
  let pool: ThreadPool
}

/// Triplets whose weights the loss has, and what is left to be said of them.
final class WeighedTriplets {
  /// `[B]`
  let weights: [Float]
  private let pass: TripletImportancePass
  private let network: TripletNetwork
  private let userTable: Parameter
  private let itemTable: Parameter

  init(
    _ pass: TripletImportancePass, _ weights: [Float], _ network: TripletNetwork, userTable: Parameter,
    itemTable: Parameter
  ) {
    (self.pass, self.weights, self.network) = (pass, weights, network)
    (self.userTable, self.itemTable) = (userTable, itemTable)
  }

  /// Adds what the weighted loss says of rows by way of the weights, and the network's gradient.
  func addGradients(to gradients: GradientSet) throws {
    if pass.settings.isAttached {
      pass.differentiateStates()
      let users = gradients.of(userTable)
      for (slot, user) in pass.users.rows.enumerated() {
        users.add(pass.buffers.attachedUsers + slot * pass.stride, row: Int(user))
      }
      // Both are padded alike: `check` lets no table with biases through.
      let (table, stride) = (pass.buffers.attachedTable, pass.stride)
      try gradients.of(itemTable).takeBlock(pool: pass.pool) {
        $0.update(from: table, count: itemTable.rowCount * stride)
      }
    }
    let outcome = try pass.lookAhead()
    for row in 0..<network.width {
      outcome.hidden.withUnsafeBufferPointer {
        gradients.of(network.hidden).add($0.baseAddress! + row * 2 * network.width, row: row)
      }
    }
    gradients.of(network.bias).add(outcome.bias, row: 0)
    gradients.of(network.output).add(outcome.output, row: 0)
    gradients.of(network.offset).add(outcome.offset)
  }
}
