import Evaluation
import Interactions
import Laboratory
import LuaHost
import Platform
import Ranking

/// `trainer:run`: many epochs with evaluation, early stopping and progress.
enum TrainerRunBinding {
  static var run: FunctionDescription {
    FunctionDescription(
      "run", "Trains many epochs, with evaluation in between, early stopping and progress on standard error.",
      details:
        "Early stopping watches `monitor` (the first metric by default) on the validation part and puts the best parameters back "
        + "at the end. It refuses to watch the test part unless `select_on_test = true` says that this is meant. Ctrl-C or SIGTERM "
        + "ends the run in the same way, with `ended = \"interrupted\"` and the best parameters in the model (without early stopping "
        + "those of the last whole batch), and the script goes on to evaluate and save; a second one ends the script. Run again "
        + "to go on with the rest of the epoch. `print(run)` shows a table of the epochs.\n\nWith `checkpoint` a run that was killed or "
        + "interrupted goes on when the script is run again, from the last checkpoint, and ends with the same bits as one that was not; one "
        + "that had ended gives its report and its parameters at once. Callbacks may see an epoch again that they had seen."
        + RunRecording.details,
      example: """
        local run = trainer:run {
          epochs = 100, evaluate = { every = 5, on = "valid", metrics = { "recall@20", "ndcg@20" } }, patience = 5,
        }
        print(run)
        model:save(("epoch-%d.model"):format(run.best.epoch))

        trainer:run { epochs = 100, checkpoint = "gowalla.checkpoint" }  -- killed? run the script again
        """,
      options: [
        .init("epochs", .integer(atLeast: 0), "Epochs to train."),
        RunEvaluation.option,
      ] + RunEvaluation.stoppingOptions + [
        .init("restore_best", .boolean, "Whether the best parameters are put back at the end.", default: true),
        .init(
          "progress", .boolean.or(.choice(ProgressChoice.self)),
          "Whether and how progress is shown. true or line: on a terminal one line that is rewritten, elsewhere a line an epoch; "
            + "lines: a line an epoch everywhere.", default: true),
        .init(
          "on_epoch", .function("fun(report: table): boolean?"),
          "Called after every epoch; return false to end the run.",
          optional: true),
        .init(
          "checkpoint", .string,
          "A file that keeps what it takes to go on: where there is one, the run goes on from it. Each run of a trainer wants one of its own.",
          optional: true),
        .init("checkpoint_every", .integer(atLeast: 1), "Epochs between two checkpoints.", optional: true),
        .init(
          "checkpoint_seconds", .number(atLeast: 0), "Seconds between two checkpoints, in the middle of epochs too.",
          default: 30),
        .init("on_batch", .function("fun(report: table)"), "Called after every batch.", optional: true),
      ] + RunLogging.options + RunRecording.options,
      returns: [RunReports.run]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      let run = try make(handle, call)
      let summary = try handle.training(call.state) { try run.run() }
      // Taken: the script goes on. Not where it was the second, or it is a search that is to end.
      if summary.end == .interrupted, call.state.trialUnderWay != nil || !call.state.takeInterrupt() {
        try call.state.checkInterrupt()
      }
      if summary.end == .interrupted, run.progress == nil { note(summary.description) }
      return [summary.report(id: run.recorder?.id)]
    }
  }

  private static func make(_ handle: TrainerHandle, _ call: LuaCall) throws -> TrainingRun {
    let run = TrainingRun(trainer: handle.trainer, epochs: try call.integer("epochs"))
    run.progress = progress(call)
    run.isInterruption = { error in
      (error as? TrainingError)?.kind == .interrupted || (error as? LuaError)?.kind == .interrupted
    }
    run.onWarning = { [progress = run.progress] text in
      if let progress { progress.say("warning: \(text)") } else { warn(text) }
    }
    if let function = call.optionalFunction("on_batch") {
      run.onBatch = { _ = try function.call([$0.report], for: CallPurpose.callback()) }
    }
    if let function = call.optionalFunction("on_epoch") {
      run.onEpoch = { try function.call([$0.report], for: CallPurpose.callback()).first?.asBoolean != false }
    }
    run.restoresBest = try call.boolean("restore_best")
    try keepCheckpoints(run, call)
    let evaluation = try RunEvaluation(handle.model, handle.split, call)
    if let evaluation {
      run.evaluateEvery = evaluation.every
      run.partName = evaluation.part.rawValue
      run.evaluate = evaluation.measure
    }
    run.stopping = try RunEvaluation.stopping(evaluation, call)
    run.log = try RunLogging.log(call, tell: run.onWarning)
    run.recorder = try RunRecording.recorder(
      .trainer, call, handle.model, handle.split, name: "\(handle.model.model.name) \(handle.trainer.loss.name)",
      seed: Int(truncatingIfNeeded: handle.trainer.seed), checkpoint: run.checkpoint?.path, tell: run.onWarning)
    // What goes on in a search is the trial, from its beginning.
    if run.checkpoint == nil, call.state.trialUnderWay == nil { run.checkpoint = run.recorder?.automaticCheckpoint() }
    return run
  }

  private static func keepCheckpoints(_ run: TrainingRun, _ call: LuaCall) throws {
    guard let path = call.optionalString("checkpoint") else {
      if call.has("checkpoint_every") {
        throw call.error("checkpoint_every", "is for checkpoints: give checkpoint = \"FILE\" too")
      }
      return
    }
    var checkpoint = Checkpoint(path: path)
    checkpoint.everyEpochs = call.optionalInteger("checkpoint_every")
    checkpoint.everySeconds = try call.number("checkpoint_seconds")
    checkpoint.isForced = RunLaunch.current?.isForced ?? false
    run.checkpoint = checkpoint
  }

  private static func progress(_ call: LuaCall) -> ProgressReporter? {
    switch call.optionalBoolean("progress") {
    case false: nil
    case true: ProgressReporter()
    case nil: ProgressReporter(style: call.optionalChoice("progress", as: ProgressChoice.self)?.style ?? .line)
    }
  }
}

/// How progress is shown, as scripts write it.
private enum ProgressChoice: String, CaseIterable {
  case line, lines

  var style: ProgressReporter.Style { self == .line ? .line : .lines }
}
