import Laboratory
import LuaHost
import Platform

extension RunsModule {
  /// `store:report`
  static var report: FunctionDescription {
    FunctionDescription(
      "report", "Writes runs as one page of HTML that opens without a network: `perigee report` does the same.",
      details: pageDetails,
      example: "store:report { tags = \"margins\", baseline = \"mf bpr\", file = \"margins.html\" }",
      options: pageOptions, returns: page
    ) { call in [try write(call, call.receiver(RunStore.self))] }
  }

  /// `perigee.report`
  static var reportOfStore: FunctionDescription {
    FunctionDescription(
      "report",
      "Writes runs of a store as one page of HTML that opens without a network: `perigee report` does the same.",
      details: pageDetails,
      example: """
        local run = trainer:run { epochs = 20, store = true, evaluate = { on = "valid" } }
        perigee.evaluate(model, split)
        print(perigee.report { ids = run.id, file = "run.html" })
        """,
      options: [
        .init(
          "store", .string, "The store's file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.",
          optional: true)
      ] + pageOptions, returns: page
    ) { call in [try write(call, RunStore(existing: call.optionalString("store") ?? RunStore.standardPath))] }
  }

  private static let pageDetails =
    "The page has results with tests of significance (as `store:compare`), curves of loss and metrics, how users and groups fared, what the "
    + "settings have in common and in what they differ, data, machine, scripts and notes. Runs of one name are an experiment."

  private static var pageOptions: [OptionDescription] {
    [
      .init(
        "ids", .string.or(.list(.string)), "Runs by identifier; left out for all that the filters leave.",
        optional: true)
    ] + filters + [
      .init("file", .string, "The page; one that is there is replaced.", default: "report.html"),
      .init("title", .string, "What stands above the page; by the runs if left out.", optional: true),
      .init("by", .string, "What runs of an experiment share: a field or a setting.", default: "name"),
      .init(
        "metrics", .string.or(.list(.string)), "The metrics that are compared; those of every experiment by default.",
        optional: true),
      .init("baseline", .string, "The experiment that others are tested against.", optional: true),
    ]
  }

  private static var page: [ReturnDescription] { [.init("file", .string, "The page's path.")] }

  private static func write(_ call: LuaCall, _ store: RunStore) throws -> String {
    let records =
      try call.optionalStrings("ids")?.map { try store.run($0, .withUsers) } ?? store.runs(query(call), .withUsers)
    var options = RunReport.Options()
    options.title = call.optionalString("title")
    options.key = try call.string("by")
    options.metrics = call.optionalStrings("metrics") ?? []
    options.baseline = call.optionalString("baseline")
    let path = try call.string("file")
    try RunReport(records, options).write(to: path)
    return path
  }
}
