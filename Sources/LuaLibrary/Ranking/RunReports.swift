import Laboratory
import LuaHost

/// What `trainer:run` and `model:fit` give.
enum RunReports {
  static var run: ReturnDescription {
    .init(
      "run",
      .table([
        .init(
          "epochs", .list(.table),
          "A report of each: `epoch`, `loss` (of a solver `objective`), `seconds`, `metrics` by name where it was evaluated, and `weights` where "
            + "triplets' weights were learned."
        ),
        .init("best", .table(best), "The best epoch, with early stopping.", optional: true),
        .init("ended", .choice(TrainingRun.End.self), "Why it ended."),
        .init("summary", .string, "The same in words."),
        .init("seconds", .number, "How long it took.", unit: "seconds"),
        .init("id", .string, "Its name in the store of a run that is recorded.", optional: true),
      ]), "What happened; `print` shows it as a table of its epochs.")
  }

  private static var best: [ParameterDescription] {
    [
      .init("epoch", .integer, "Its number."), .init("metric", .string, "The metric that was watched."),
      .init("on", .string, "The part that was measured."), .init("value", .number, "What the metric was."),
    ]
  }
}
