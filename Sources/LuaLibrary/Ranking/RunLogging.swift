import Laboratory
import LuaHost

/// Whether what an epoch gives is written to a log: options of `trainer:run` and `model:fit`.
enum RunLogging {
  static var options: [OptionDescription] {
    [
      .init(
        "log", .string,
        "A log that gets loss, terms, metrics and seconds as soon as an epoch is over: a table `FILE.csv`, or a folder of event files for "
          + "TensorBoard. It goes on where the run goes on; of epochs that are trained anew it has the new numbers.",
        optional: true),
      .init(
        "log_format", .choice(RunLog.Format.self), "csv or tensorboard; by the name of the log if left out.",
        optional: true),
    ]
  }

  /// `nil` where the call does not ask for a log.
  static func log(_ call: LuaCall, tell: @escaping (String) -> Void = { warn($0) }) throws -> RunLog? {
    guard let path = call.optionalString("log") else {
      if call.has("log_format") {
        throw call.error("log_format", "is for a log: give log = \"FILE.csv\" or a folder too")
      }
      return nil
    }
    guard !path.isEmpty, !path.utf8.contains(0) else { throw call.error("log", "want a file or a folder, got no path") }
    return RunLog(path, format: call.optionalChoice("log_format"), tell: tell)
  }
}
