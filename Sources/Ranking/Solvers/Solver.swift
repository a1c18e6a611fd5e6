/// Fits a model with steps of its own: no sampler, no loss, no optimizer.
///
/// A new method is a model (`ScoredModel`) and a solver beside it. One that has its answer after one pass conforms to
/// `ClosedFormModel` instead, and `ClosedForm` is its solver.
public protocol Solver: AnyObject {
  var model: any ScoredModel { get }
  /// Passes that were finished, over all fits.
  var epochsDone: Int { get }
  /// Whether one pass gives the answer, so that another would change nothing.
  var isClosedForm: Bool { get }
  /// How it fits, in words: what the model's own settings do not say.
  var description: TrainerDescription { get }
  /// Bytes held beside the model.
  var byteCount: Int { get }

  /// One pass over everything.
  ///
  /// - Parameter isInterrupted: Asked now and then, on the calling thread; `true` stops there.
  /// - Throws: `TrainingError` of kind `interrupted`, or what stands in the way of an answer. The model stands as before the pass
  ///   then.
  func epoch(isInterrupted: () -> Bool) throws -> SolverReport

  /// Everything that decides what the next pass gives, between two passes.
  func snapshot() -> SolverSnapshot

  /// Goes back to where a snapshot was taken, of this solver or of one made in the same way.
  ///
  /// - Throws: `TrainingError` where a trainer is in the middle of a batch with the model's parameters.
  func restore(_ snapshot: SolverSnapshot) throws
}

/// What one pass did.
public struct SolverReport: Sendable {
  /// The pass's number over all fits, from 1.
  public let epoch: Int
  /// What is minimized, as the model stands after the pass; `nil` where a method has no objective.
  public let objective: Double?
  public let seconds: Double
}

/// Everything that decides a solver's next bit: what it has done, the values of the model's parameters, and what the model knows.
public struct SolverSnapshot: Sendable {
  let epochsDone: Int
  private let parameters: ModelSnapshot
  private let trainedParts: [TrainedPart]

  init(epochsDone: Int, of model: any ScoredModel) {
    self.epochsDone = epochsDone
    parameters = model.snapshot()
    trainedParts = model.trainedParts
  }

  func restore(_ model: any ScoredModel) throws {
    try model.restore(parameters)
    model.trainedParts = trainedParts
  }
}

extension Parameter {
  /// Lends the rows to a solver, `[rowCount, rowStride]` with zeros as padding, for it to write.
  ///
  /// - Throws: `TrainingError` where a trainer is in the middle of a batch that reads them.
  func beginSolving() throws -> UnsafeMutablePointer<Float> {
    try table.checkNoBatchIsUnderWay("fitted")
    try bringUpToDate()
    return table.values.base
  }

  /// Moves what an optimizer has yet to move, where a trainer of a script's model had the parameter: `values` are then as they stand.
  func bringUpToDate() throws {
    if table.idleMotion != nil { try setValues(currentValues) }
  }
}

/// A setting as messages show it: a NaN has no sign there.
func shownNumber(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }
