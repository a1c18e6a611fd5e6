import Evaluation
import Interactions
import Laboratory
import LuaHost
import Platform
import Ranking
import Tensors

/// A model as scripts see it: with the split whose users and items it knows by their own identifiers.
public final class ModelHandle: LuaObject {
  public static var luaName: String { "Model" }
  /// Set once, before scripts see the handle: functions of a script's model belong to it.
  var model: (any ScoredModel)!
  public let split: Split
  /// The split that a trainer was last made for: its train items are what lists must not contain.
  var trainerSplit: Split?
  /// Of a model that is fitted without gradients.
  let solver: (any Solver)?
  /// Whether a fit is under way: what it calls after an epoch must not begin another.
  var isFitting = false
  /// The seed of its start, of one that a solver fits; `nil` where nothing is drawn.
  let seed: Int?
  /// Of the last run that trained it and is recorded: what is measured of the model belongs to that.
  var recorder: RunRecorder?

  init(model: any ScoredModel, split: Split) {
    self.model = model
    self.split = split
    (solver, seed) = (nil, nil)
  }

  init(solver: any Solver, split: Split, seed: Int? = nil) {
    model = solver.model
    self.split = split
    self.solver = solver
    self.seed = seed
  }

  /// For a model that is yet to be made.
  init(split: Split) {
    self.split = split
    (solver, seed) = (nil, nil)
  }

  /// Native bytes that the handle keeps alive.
  var byteCount: Int { (model?.byteCount ?? 0) + (solver?.byteCount ?? 0) }

  /// The model as one that a trainer trains; `nil` for one that a solver fits.
  var rankingModel: (any RankingModel)? { model as? any RankingModel }

  /// The model as one with rows of users and items.
  func embeddingModel() throws -> any EmbeddingModel {
    if let model = model as? any EmbeddingModel { return model }
    throw LuaArgumentError("model '\(model.name)' has no rows of users and items; its scores are made in another way")
  }

  /// Of a model that a trainer trains; 0 for others.
  var dropout: Schedule {
    get { rankingModel?.dropout ?? 0 }
    set { rankingModel?.dropout = newValue }
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

  func evaluate(_ plan: EvaluationPlan) throws -> EvaluationResult {
    try split.namingIdentifiers { try Evaluation.evaluate(model.scores(), plan: plan) }
  }

  func recommend(users: [Int32], k: Int, excluding excluded: InteractionMatrix?) throws -> RankedLists {
    try split.namingIdentifiers {
      try Evaluation.recommend(model.scores(), users: users, k: k, excluding: excluded)
    }
  }

  /// The score of one item for one user, both dense.
  func score(user: Int, item: Int) throws -> Double { try model.scores().score(user: user, item: item) }
}
