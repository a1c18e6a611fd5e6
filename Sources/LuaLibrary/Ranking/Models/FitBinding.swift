import Evaluation
import Laboratory
import LuaHost
import Platform
import Ranking

/// `model:fit`: passes of a model's solver, with evaluation, early stopping and progress.
enum FitBinding {
  static var fit: FunctionDescription {
    FunctionDescription(
      "fit", "Fits a model that has a solver of its own: wrmf, popularity, ease or item_neighbors.",
      details:
        "`wrmf` takes `epochs` and goes on from its rows as they stand; the others have their answer at once and take none. With `patience` the "
        + "best epoch's parameters are put back at the end. Ctrl-C or SIGTERM ends the fit and not the script, with `ended = "
        + "\"interrupted\"`: the model stands as after the last whole epoch (with `patience` the best one), a closed form as before. A "
        + "second one ends the script." + RunRecording.details,
      example: """
        local model = perigee.models.wrmf { data = split, dim = 64 }
        local run = model:fit { epochs = 15, on_epoch = function(report) return report.objective > 1e6 end }
        print(run)
        """,
      options: [
        .init("epochs", .integer(atLeast: 0), "Passes over all users and items; of wrmf only.", optional: true),
        RunEvaluation.option,
      ] + RunEvaluation.stoppingOptions + [
        .init("progress", .boolean, "Whether each epoch is told on standard error.", default: true),
        .init(
          "on_epoch", .function("fun(report: table): boolean?"),
          "Called after every epoch with `epoch`, `objective`, `seconds` and `metrics`; return false to end the fit.",
          optional: true),
      ] + RunLogging.options + RunRecording.options,
      returns: [RunReports.run]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      guard let solver = handle.solver else { throw withoutSolver(handle) }
      guard !handle.isFitting else {
        throw LuaArgumentError(
          "a fit cannot begin inside a fit of the same model, from what is called after an epoch; return false from on_epoch to end that "
            + "one first")
      }
      handle.isFitting = true
      defer { handle.isFitting = false }
      let run = try make(handle, solver, call)
      let summary = try run.run()
      // Taken: the script goes on. Not where it was the second, or it is a search that is to end.
      if summary.end == .interrupted, call.state.trialUnderWay != nil || !call.state.takeInterrupt() {
        try call.state.checkInterrupt()
      }
      if try summary.end != .finished || call.boolean("progress") {
        note("\(handle.model.name): \(summary.description)")
      }
      return [summary.report(id: run.recorder?.id)]
    }
  }

  private static func withoutSolver(_ handle: ModelHandle) -> LuaArgumentError {
    let name = handle.model.name
    if handle.rankingModel != nil {
      return LuaArgumentError(
        "model '\(name)' has no solver: it learns by gradients, so make a perigee.trainer { model = model, ... }")
    }
    return LuaArgumentError(
      "model '\(name)' was made from its file, which does not say how it was fitted; make it by perigee.models.\(name) { data = split, "
        + "... }, load the file into it and fit that")
  }

  private static func make(_ handle: ModelHandle, _ solver: any Solver, _ call: LuaCall) throws -> SolverRun {
    let run = SolverRun(solver, epochs: try epochs(solver, call))
    let state = call.state
    run.isInterrupted = { state.isInterrupted }
    run.isInterruption = { error in
      (error as? TrainingError)?.kind == .interrupted || (error as? LuaError)?.kind == .interrupted
    }
    let evaluation = try RunEvaluation(handle, handle.split, call)
    if let evaluation {
      run.evaluateEvery = evaluation.every
      run.partName = evaluation.part.rawValue
      run.evaluate = evaluation.measure
    }
    run.stopping = try RunEvaluation.stopping(evaluation, call)
    run.log = try RunLogging.log(call)
    run.recorder = try RunRecording.recorder(
      .solver, call, handle, handle.split, name: handle.model.name, seed: handle.seed)
    let function = call.optionalFunction("on_epoch")
    let tells = try call.boolean("progress") && !solver.isClosedForm
    var done = 0
    run.onEpoch = { [epochs = run.epochs, partName = run.partName] record in
      done += 1
      if tells { note("\(handle.model.name): epoch \(record.epoch) (\(done)/\(epochs)):\(text(record, partName))") }
      return try function?.call([record.report], for: CallPurpose.callback()).first?.asBoolean != false
    }
    return run
  }

  private static func epochs(_ solver: any Solver, _ call: LuaCall) throws -> Int {
    let epochs = call.optionalInteger("epochs")
    guard solver.isClosedForm else {
      if let epochs { return epochs }
      throw call.error("epochs", "\(solver.model.name) is fitted in epochs: say how many, such as epochs = 15")
    }
    for name in ["epochs", "patience"] where call.has(name) {
      throw call.error(name, "\(solver.model.name) has its answer after one pass: leave \(name) out")
    }
    return 1
  }

  private static func text(_ record: SolverRecord, _ partName: String) -> String {
    let objective = record.objective.map { " objective \(decimal($0, 2))," } ?? ""
    let metrics = record.metrics.map { "\($0.name) \(decimal($0.value, 4))" }.joined(separator: " ")
    return "\(objective) \(decimal(record.seconds, 2)) s" + (metrics.isEmpty ? "" : ", \(partName) \(metrics)")
  }
}
