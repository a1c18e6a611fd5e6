import Evaluation
import Interactions
import LuaHost
import Platform
import Ranking
import Tensors

/// A model as scripts see it: with the split whose users and items it knows by their own identifiers.
public final class ModelHandle: LuaObject {
  public static var luaName: String { "Model" }
  /// Set once, before scripts see the handle: functions of a script's model belong to it.
  var model: (any RankingModel)!
  public let split: Split
  /// The split that a trainer was last made for: its train items are what lists must not contain.
  var trainerSplit: Split?

  init(model: any RankingModel, split: Split) {
    self.model = model
    self.split = split
  }

  /// For a model that is yet to be made.
  init(split: Split) { self.split = split }

  var dropout: Schedule {
    get { model.dropout }
    set { model.dropout = newValue }
  }

  // MARK: What it was trained on

  /// Refuses a split other than that which the model has learned from.
  func checkTraining(on split: Split, _ name: String, _ call: LuaCall) throws {
    guard !model.trainedParts.isEmpty else { return }
    guard let other = model.otherTrainedPart(than: TrainedPart(split.train, rule: split.rule)) else { return }
    throw call.error(
      name,
      "the model was trained on another split, \(shown(other.rule)), and this is \(shown(split.rule)): what it saw there may be "
        + "among what is held out here. Take the split that it was trained on, train a new model on this one, or say any_split = true"
    )
  }

  // MARK: Scores

  /// Scores that the model computes itself, where they are no product of rows.
  private func scoreSource() throws -> ClosureScores? {
    guard let model = model as? LuaModel, model.scorer != nil else { return nil }
    let rows = try model.allRows()
    let (dim, itemCount) = (rows.items.shape[1], model.itemCount)
    let items = try rows.items.reshaped([1, itemCount, dim])
    return ClosureScores(userCount: model.userCount, itemCount: itemCount) { users, target in
      for (place, user) in users.enumerated() {
        let row = try rows.users.gather([Int(user)]).reshaped([1, 1, rows.users.shape[1]])
        let scores = try withoutGradient { try model.score(row, items, [1, itemCount]) }
        try scores.withElements {
          (target.baseAddress! + place * itemCount).update(from: $0.baseAddress!, count: itemCount)
        }
      }
    }
  }

  func evaluate(_ split: Split, part: EvaluationPart, metrics: [Metric], mask: EvaluationMask = .automatic) throws
    -> EvaluationResult
  {
    try split.namingIdentifiers {
      if let source = try scoreSource() {
        return try Evaluation.evaluate(source, split: split, part: part, metrics: metrics, mask: mask)
      }
      return try Evaluation.evaluate(
        try model.factorScores(), split: split, part: part, metrics: metrics, mask: mask)
    }
  }

  func recommend(users: [Int32], k: Int, excluding excluded: InteractionMatrix?) throws -> RankedLists {
    try split.namingIdentifiers {
      if let source = try scoreSource() {
        return try Evaluation.recommend(source, users: users, k: k, excluding: excluded)
      }
      return try Evaluation.recommend(try model.factorScores(), users: users, k: k, excluding: excluded)
    }
  }

  /// The score of one item for one user, both dense.
  func score(user: Int, item: Int) throws -> Double {
    if let source = try scoreSource() {
      var all = [Float](repeating: 0, count: model.itemCount)
      try all.withUnsafeMutableBufferPointer { try source.scores(users: [Int32(user)][...], into: $0) }
      return Double(all[item])
    }
    return try model.factorScores().score(user: user, item: item)
  }
}
