import Interactions
import Platform

/// A model that is computed from the train part in one pass.
public protocol ClosedFormModel: ScoredModel {
  /// Computes all parameters anew.
  ///
  /// - Parameter check: Called now and then, on the calling thread; what it throws ends the pass. Parameters are written at its end only.
  func fit(to train: InteractionMatrix, check: () throws -> Void) throws

  /// How it is fitted, in words: what its own settings do not say.
  var fitDescription: TrainerDescription { get }
}

extension ClosedFormModel {
  /// Whether there are scores: the model was fitted, or loaded after it had been.
  public var isFitted: Bool { !trainedParts.isEmpty }

  func checkIsFitted() throws {
    if !isFitted {
      throw TrainingError.setting("\(name) has no scores yet: call model:fit(), or load a model that was fitted")
    }
  }
}

/// The solver of a closed form: its one epoch is the answer.
public final class ClosedForm: Solver {
  public var model: any ScoredModel { form }
  public private(set) var epochsDone = 0
  public let isClosedForm = true
  public let byteCount = 0
  public var description: TrainerDescription { form.fitDescription }
  private let form: any ClosedFormModel
  private let train: InteractionMatrix
  private let part: TrainedPart

  /// - Parameter rule: How the train part was cut, for messages.
  public init(_ model: any ClosedFormModel, train: InteractionMatrix, rule: String = "train") throws {
    try checkShape(of: train, model)
    form = model
    self.train = train
    part = TrainedPart(train, rule: rule)
  }

  public func epoch(isInterrupted: () -> Bool) throws -> SolverReport {
    let began = monotonicSeconds()
    try form.fit(to: train) { [form] in
      if isInterrupted() {
        throw TrainingError(.interrupted, "stopped while \(form.name) was computed; the model stands as before")
      }
    }
    epochsDone += 1
    form.noteTraining(on: part)
    return SolverReport(epoch: epochsDone, objective: nil, seconds: monotonicSeconds() - began)
  }

  public func snapshot() -> SolverSnapshot { SolverSnapshot(epochsDone: epochsDone, of: model) }

  public func restore(_ snapshot: SolverSnapshot) throws {
    try snapshot.restore(model)
    epochsDone = snapshot.epochsDone
  }
}

/// Refuses data of another shape than the model's, and data without a single pair.
func checkShape(of train: InteractionMatrix, _ model: any ScoredModel) throws {
  guard train.userCount == model.userCount, train.itemCount == model.itemCount else {
    throw TrainingError.setting(
      "\(model.name) has \(model.userCount) users and \(model.itemCount) items, the data \(train.userCount) and \(train.itemCount); make "
        + "the model from the data it is fitted to")
  }
  guard train.count > 0 else {
    throw TrainingError.setting("\(model.name): the train part has no interactions; nothing to learn from")
  }
}
