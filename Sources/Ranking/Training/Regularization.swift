/// An L2 term that is part of the loss. The conventions differ between papers and decide results.
///
/// It reaches what represents users and items: tables whose rows score, with the biases that are columns of them, and parameters with
/// a row of more than one number for each user or item. Models that compute their rows say which of their parameters' rows a batch
/// looks up (`CountedRows`). Boundaries, margins and shared parameters are left alone. Losses that are
/// reported do not contain it.
public struct Regularization {
  public enum Scope: String, Sendable, CaseIterable {
    /// `weight/2 Σ |row|²` over the rows looked up in the batch, each as often as it was (UIB).
    case batch
    /// `weight/(2B) Σ |row|²` over the rows looked up in the batch (LightGCN, BSL).
    case batchMean = "batch_mean"
    /// `weight/B Σ |row|²` over the rows looked up in the batch: `weight` times a sample's squares, averaged over the batch. PRIS'
    /// activity regularization with coefficient c is `weight` = c/B (section 5.3; c itself would make the all-zero model optimal).
    case perSample = "per_sample"
    /// `weight/2 |table|²` over all rows in every batch (SimpleX, MML). Exact, and every row steps in every batch: slow.
    case tables
    /// The same term, but only rows that have a gradient in the batch feel it, at the speed of no regularization: its users, and
    /// items of which a score has a derivative other than 0.
    ///
    /// With a tiny weight the result is the same (a test compares), because a row that has had gradients moves by them alone. A
    /// row that has not yet shrinks under `tables` and Adam by `rate · weight / epsilon` of itself a step, and here stands still:
    /// with rate 1e-4, weight 1e-8 and epsilon 1e-8 by 1 % within the first hundred steps, which cosine scores do not see.
    case tablesTouched = "tables_touched"
  }

  public var weight: Schedule
  public var scope: Scope

  public init(weight: Schedule, scope: Scope) {
    self.weight = weight
    self.scope = scope
  }
}

extension Regularization.Scope {
  /// Whether rows count as often as the batch looks them up.
  var countsRows: Bool {
    switch self {
    case .batch, .batchMean, .perSample: true
    case .tables, .tablesTouched: false
    }
  }

  /// What a row is multiplied by in the gradient for each time that the batch looks it up; `nil` where that does not count.
  func weightPerOccurrence(_ weight: Double, rowCount: Int) -> Float? {
    switch self {
    case .batch: Float(weight)
    case .batchMean: Float(weight / Double(rowCount))
    case .perSample: Float(2 * weight / Double(rowCount))
    case .tables, .tablesTouched: nil
    }
  }

  /// - Parameter subject: Whose scope it is, for the message.
  /// - Throws: `TrainingError` where it means nothing for a model.
  func check(_ model: any RankingModel, _ subject: String) throws {
    guard countsRows, model.userTable == nil || model.itemTable == nil, model.countedRows == nil else { return }
    throw TrainingError.setting(
      "\(subject) scope '\(rawValue)' counts rows that were looked up, and model '\(model.name)' computes its rows; use scope = "
        + "\"tables_touched\" or \"tables\"")
  }
}
