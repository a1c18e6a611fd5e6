import Tensors

/// Draws items to the cluster centers to which they already lean: `ClusterDivergence` as a term, over all items.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022, Eq. 7 to 9. The centers are
/// learned with the items. The target is that of each batch, and a constant to the gradient unless `differentiatesTarget`.
public final class ClusterTerm: Term {
  public let name: String
  public var weight: Schedule
  /// `[K, d]`
  public let centers: Parameter
  /// `nil` for the items' rows of the model.
  private let items: Parameter?
  public let divergence: ClusterDivergence

  /// - Parameters:
  ///   - centers: `[K, d]`.
  ///   - items: `[I, d]`; the items' rows where `nil`, in a model that has a table of them.
  public init(
    name: String = "cluster_kl", weight: Schedule, centers: Parameter, items: Parameter? = nil,
    divergence: ClusterDivergence = ClusterDivergence()
  ) {
    (self.name, self.weight, self.centers, self.items) = (name, weight, centers, items)
    self.divergence = divergence
  }

  public var parameters: [Parameter] { [centers] + (items.map { [$0] } ?? []) }
  public var numbers: [AssignableNumber] { [.init("weight", of: self, \.weight)] }
  public var text: String {
    let what = items.map { ", items = \($0.name)" } ?? ""
    let through = divergence.differentiatesTarget ? ", through_target" : ""
    return "\(name): cluster_kl(\(numbersText), tau = \(divergence.tau)\(through), centers = \(centers.name)\(what))"
  }

  public func check(_ model: any RankingModel) throws {
    guard let items = items ?? model.itemTable else {
      throw TrainingError.setting(
        "term '\(name)': model '\(model.name)' has no table of items that score; say whose rows have clusters: items = a parameter"
      )
    }
    let columns = items === model.itemTable ? model.dim : items.columnCount
    guard centers.columnCount == columns else {
      throw TrainingError.setting(
        "term '\(name)': the centers '\(centers.name)' have \(centers.columnCount) numbers each, and the items '\(items.name)' \(columns); "
          + "make the centers with shape = { clusters, \(columns) }")
    }
  }

  /// - Complexity: O(I K d).
  public func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
    let weight = try number(weight, "weight", in: 0...1e9, batch)
    guard weight > 0 else { return 0 }
    let rows = try [items ?? batch.model.itemTable!, centers].map(batch.allRows)
    let result = try divergence.evaluate(items: rows[0].values, centers: rows[1].values, pool: batch.pool)
    try rows[0].addGradients(result.itemGradient * Float(weight), to: gradients)
    try rows[1].addGradients(result.centerGradient * Float(weight), to: gradients)
    return weight * result.value
  }
}
