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
    let tables = try [batch.userRows(), batch.itemRows()]
    let own = try parameters.map(batch.allRows)
    let leaves = (reach == .all ? tables : []).map { $0.values.requiringGradient() }
    let ownLeaves = own.map { $0.values.requiringGradient() }
    let (users, items) = reach == .all ? (leaves[0], leaves[1]) : (tables[0].values, tables[1].values)
    let computation = Computation(
      users: try users.gather(batch.userSlots), items: items, slots: batch.itemSlots,
      logProposal: try batch.logProposal, centers: ownLeaves[0], similarity: ownLeaves[1], lean: ownLeaves[2],
      temperature: Float(temperature), form: form)
    let value = try computation.loss()
    let found = try Tensor.gradients(of: [value], withRespectTo: leaves + ownLeaves)
    for case (let rows, let gradient?) in zip((reach == .all ? tables : []) + own, found) {
      try rows.addGradients(gradient * Float(weight), to: gradients)
    }
    return weight * Double(try value.item())
  }

  /// The loss of a batch, of tensors.
  struct Computation {
    /// `[B, d]`
    let users: Tensor
    /// `[M, d]`: distinct items.
    let items: Tensor
    /// Which of them the positive and the negatives of each row are, `[B, 1 + N]`.
    let slots: [Int]
    /// `[B, N]`; 0 where `nil`.
    let logProposal: Tensor?
    let centers: Tensor
    let similarity: Tensor
    let lean: Tensor
    let temperature: Float
    let form: Form

    /// `[M, K]`
    func similarities() throws -> Tensor {
      let turned = try centers.matrixProduct(similarity.transposed()) * 0.5
      return try items.matrixProduct(turned.transposed()) + lean.matrixProduct(centers.transposed())
    }

    /// What stands for each item, `[M, d]`.
    func itemCenters() throws -> Tensor {
      let similarities = try similarities()
      let soft = try (similarities * (1 / temperature)).softmax()
      guard form == .straightThrough else { return try soft.matrixProduct(centers) }
      let hard = try hardAssignments(similarities.detached())
      return try (soft + (hard - soft.detached())).matrixProduct(centers)
    }

    /// 1 at each item's most similar center, of equally similar ones the first.
    private func hardAssignments(_ similarities: Tensor) throws -> Tensor {
      let best = try similarities.argumentOfMaximum(axis: 1).elements()
      let hard = try Tensor.zeros(similarities.shape)
      let width = similarities.shape[1]
      try hard.withMutableElements { for (item, center) in best.enumerated() { $0[item * width + Int(center)] = 1 } }
      return hard
    }

    func loss() throws -> Tensor {
      let (rows, width) = (users.shape[0], users.shape[1])
      let columns = slots.count / rows
      let met = try itemCenters().gather(slots).reshaped([rows, columns, width])
      let scores = try (met * users.reshaped([rows, 1, width])).sum(axes: [2])
      let positive = try scores.narrowed(axis: 1, to: 0..<1)
      let negatives = try scores.narrowed(axis: 1, to: 1..<columns)
      let weights = try (logProposal.map { try negatives - $0 } ?? negatives).softmax()
      return try (weights * (negatives - positive).softplus()).sum(axes: [1]).mean()
    }
  }
}
