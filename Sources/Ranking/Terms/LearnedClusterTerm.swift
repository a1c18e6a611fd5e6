import Tensors

/// The loss by which clusters are learned with the model: PRIS' loss with every item replaced by its cluster's center.
///
/// Lian et al., WWW 2020, section 4.3, Eq. 17. With b_i = softmax_k(sim(v_i, c_k) / T) and C the centers:
///
///     x_ui = <p_u, C b_i>,   w_l = softmax_l(x_uj_l - ln q(j_l)),   L = 1/B Σ_b Σ_l w_l softplus(x_uj_l - x_ui)
///
/// `straightThrough` has the most similar center itself in the forward pass, and the derivative of the mixture behind it. ln q is what
/// the sampler said when it drew, a constant; the weights are differentiated, as in `ImportanceLoss`.
public final class LearnedClusterTerm: Term {
  /// What stands for an item.
  public enum Form: String, Sendable, CaseIterable {
    /// The nearest center, with the mixture's derivative.
    case straightThrough = "straight_through"
    /// The mixture of all centers.
    case soft
  }

  /// What the term trains.
  public enum Reach: String, Sendable, CaseIterable {
    /// The clusters, and the rows of users and items.
    case all
    /// The clusters alone.
    case clusters
  }

  public let name: String
  public var weight: Schedule
  /// T
  public var temperature: Schedule
  public let clusters: LearnedClusters
  public let form: Form
  public let reach: Reach
  private let memory = LearnedClusterMemory()

  public init(
    name: String = "clusters", clusters: LearnedClusters, weight: Schedule = 1, temperature: Schedule = 1,
    form: Form = .straightThrough, reach: Reach = .all
  ) {
    (self.name, self.clusters, self.weight, self.temperature) = (name, clusters, weight, temperature)
    (self.form, self.reach) = (form, reach)
  }

  public var parameters: [Parameter] { clusters.parameters }
  public var numbers: [AssignableNumber] {
    [.init("weight", of: self, \.weight), .init("temperature", of: self, \.temperature)]
  }
  public var text: String {
    "\(name): clusters(\(numbersText), clusters = \(clusters.count), form = \(form.rawValue), trains = \(reach.rawValue))"
  }

  public func check(_ model: any RankingModel) throws {
    let items = try LearnedClusters.table(of: model, for: "term '\(name)'")
    guard items.columnCount == clusters.width else {
      throw TrainingError.setting(
        "term '\(name)': the clusters' centers have \(clusters.width) numbers, and the items' rows \(items.columnCount); make the clusters "
          + "of the model that is trained")
    }
  }

  /// - Complexity: O(items of the batch · K · d).
  public func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
    let weight = try number(weight, "weight", in: 0...1e9, batch)
    let temperature = try number(temperature, "temperature", in: 1e-6...1e6, batch)
    guard weight > 0 else { return 0 }
    let tables = reach == .all ? try [batch.userRows(), batch.itemRows()] : nil
    let (users, items) = try blocks(batch, tables)
    let pass = try LearnedClusterPass(
      .init(
        users: users, userSlots: Array(batch.userGroups.slots.prefix(batch.rowCount)), items: items,
        itemGroups: batch.itemGroups, logProposal: batch.logProposalBase),
      centers: batch.block(ofAll: clusters.centers), similarity: batch.block(ofAll: clusters.similarity),
      lean: batch.block(ofAll: clusters.lean),
      settings: .init(
        temperature: Float(temperature), weight: Float(weight), form: form, reachesRows: reach == .all),
      memory: memory, pool: batch.pool)
    let found = try pass.evaluate()
    if let rows = found.rows, let tables {
      try tables[0].addGradients(rows.users, to: gradients)
      try tables[1].addGradients(rows.items, to: gradients)
    }
    for (parameter, gradient) in zip(parameters, [found.centers, found.similarity, found.lean]) {
      gradients.of(parameter).addAll(gradient, distance: found.stride)
    }
    return found.value
  }

  /// `check` lets only models through whose users and items are rows of tables.
  private func blocks(_ batch: TermBatch, _ recorded: [TermRows]?) throws -> (users: RowBlock, items: RowBlock) {
    if let recorded { return (try RowBlock(copying: recorded[0].values), try RowBlock(copying: recorded[1].values)) }
    guard let users = batch.model.userTable, let items = batch.model.itemTable else {
      throw TermError.hasNoRows(batch.model)
    }
    return (try batch.block(of: users, batch.userGroups), try batch.block(of: items, batch.itemGroups))
  }
}
