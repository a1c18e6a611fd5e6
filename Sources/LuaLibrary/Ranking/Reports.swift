import Laboratory
import LuaHost
import Platform
import Ranking

/// What training and recommending hand to scripts: plain tables that print themselves as tables of numbers.
enum Reports {
  /// `epoch`, `step`, `loss`, `size`, `ends_epoch`.
  static let batch = ReportStyle("batch's report") { report in
    let columns = [
      TextTable.column("epoch"), TextTable.column("step"), TextTable.column("loss", decimals: 5),
      TextTable.column("size"), TextTable.column("ends_epoch"),
    ]
    return TextTable(columns, [report]).text()
  }

  /// `epoch`, `loss`, `batches`, `seconds`.
  static let trainedEpoch = ReportStyle("epoch's report") { report in
    let columns = [
      TextTable.column("epoch"), TextTable.column("loss", decimals: 5), TextTable.column("batches"),
      TextTable.column("seconds", decimals: 2),
    ]
    return TextTable(columns, [report]).text()
  }

  /// `epoch`, `loss`, `seconds`, `metrics` by name.
  static let epoch = ReportStyle("epoch's report") { try table(of: [$0]) }

  /// A list of these.
  static let epochs = ReportStyle("list of epochs") { try table(of: rows($0)) }

  /// `epoch`, `metric`, `on`, `value`.
  static let best = ReportStyle("best epoch") { best in
    let value = try best.rawGet("value").asNumber.map { decimal($0, 4) } ?? "-"
    return "epoch \(try text(best, "epoch")): \(try text(best, "metric")) \(value) on \(try text(best, "on"))"
  }

  /// `epochs`, `summary`, and more.
  static let run = ReportStyle("run's report") { run in
    let epochs = try rows(run.rawGet("epochs").asTable)
    let summary = try text(run, "summary")
    return epochs.isEmpty ? summary : try table(of: epochs) + "\n" + summary
  }

  /// `epoch`, `objective` where there is one, `seconds`, `metrics` by name.
  static let pass = ReportStyle("epoch's report") { try table(ofPasses: [$0]) }

  /// A list of these.
  static let passes = ReportStyle("list of epochs") { try table(ofPasses: rows($0)) }

  /// `epochs` that are passes, `summary`, and more.
  static let fit = ReportStyle("fit's report") { run in
    let passes = try rows(run.rawGet("epochs").asTable)
    let summary = try text(run, "summary")
    return passes.isEmpty ? summary : try table(ofPasses: passes) + "\n" + summary
  }

  /// Best first: `item`, `score`, `title`.
  static let recommendations = ReportStyle("list of items") { try table(ofItems: $0) }

  /// `item`, `users`, `title`.
  static let foundItems = ReportStyle("list of items that were found") { found in
    TextTable(
      [TextTable.column("item"), TextTable.column("users"), TextTable.column("title")], try rows(found)
    ).text()
  }

  /// One list of items for each of several users.
  static let recommendationLists = ReportStyle("list of lists of items") { lists in
    try rows(lists).map { "user \(try text($0, "user"))\n\(try table(ofItems: $0))" }.joined(separator: "\n\n")
  }

  /// Rows with `offset` and what a boundary's decisions are worth at it; `users`.
  static let boundary = ReportStyle("boundary's quality") { report in
    let columns =
      [TextTable.column("offset", decimals: 2)]
      + ["precision", "recall", "f1", "macro_f1"].map { TextTable.column($0, decimals: 4) }
      + [TextTable.column("predicted", decimals: 1), TextTable.column("filtered_share", decimals: 4)]
    return TextTable(columns, try rows(report)).text() + "\n\(try text(report, "users")) users"
  }

  /// Distributions, each with its `name`.
  static let distributions = ReportStyle("distributions") { report in
    let shown = try ["boundary", "positive", "negative"].compactMap { try report.rawGet($0).asTable }
    let columns =
      [TextTable.column("name"), TextTable.column("count")]
      + ["mean", "deviation", "min", "max"].map { TextTable.column($0, decimals: 4) }
    return TextTable(columns, shown).text()
  }

  // MARK: Parts

  private static func table(of epochs: [LuaTable]) throws -> String {
    try table(of: epochs, [TextTable.column("loss", decimals: 5)])
  }

  private static func table(ofPasses passes: [LuaTable]) throws -> String {
    // A closed form has none.
    let hasObjective = try passes.contains { !(try $0.rawGet("objective").isNil) }
    return try table(of: passes, hasObjective ? [TextTable.column("objective", decimals: 2)] : [])
  }

  private static func table(of epochs: [LuaTable], _ value: [TextTable.Column]) throws -> String {
    func metrics(_ epoch: LuaTable) -> LuaTable? { (try? epoch.rawGet("metrics"))?.asTable }
    var names: Set<String> = []
    for epoch in epochs { try metrics(epoch)?.forEachEntry { key, _ in key.asString.map { _ = names.insert($0) } } }
    let measured = names.sorted().map { name in
      TextTable.Column(title: shown(name), decimals: 4) { (try? metrics($0)?.rawGet(name)) ?? .nil }
    }
    return TextTable(
      [TextTable.column("epoch")] + value + [TextTable.column("seconds", decimals: 2)] + measured, epochs
    ).text()
  }

  private static func table(ofItems list: LuaTable) throws -> String {
    let items = try rows(list)
    let hasTitles = try items.contains { !(try $0.rawGet("title").isNil) }
    return TextTable(
      [TextTable.column("item"), TextTable.column("score", decimals: 4)]
        + (hasTitles ? [TextTable.column("title")] : []),
      items
    ).text()
  }

  private static func rows(_ list: LuaTable?) throws -> [LuaTable] { try list?.array().compactMap(\.asTable) ?? [] }

  private static func text(_ table: LuaTable, _ key: String) throws -> String {
    let value = try table.rawGet(key)
    return value.asInteger.map(String.init) ?? value.asString.map { shown($0, limit: 1000) } ?? "-"
  }
}

// MARK: Of native reports

extension [TermValue] {
  /// By name.
  fileprivate var report: LuaRecord { LuaRecord(map { ($0.name, $0.value) }) }
}

extension CorruptedSamples? {
  /// Adds the shares to a record; nothing where nobody counts.
  fileprivate func append(to record: inout LuaRecord) {
    guard let self else { return }
    record.append("corrupted_rate", self.rate)
    guard self.positives > 0 else { return }
    record.append("corrupted_positives", self.positiveRate)
    record.append("corrupted_negatives", self.negativeRate)
  }
}

extension WeightSummary {
  /// `count`, `mean`, `deviation`, `least`, `most`, `tenths`.
  var report: LuaRecord {
    [
      "count": count, "mean": mean, "deviation": deviation, "least": least, "most": most,
      "tenths": LuaList(tenths.map { Double($0) / Double(count) }),
    ]
  }
}

extension Trainer.BatchReport {
  var report: LuaReport {
    var record: LuaRecord = [
      "epoch": epoch, "step": step, "loss": loss, "terms": terms.report, "size": size, "ends_epoch": endsEpoch,
    ]
    corrupted.append(to: &record)
    return LuaReport(record, Reports.batch)
  }
}

extension Trainer.EpochReport {
  var report: LuaReport {
    var record: LuaRecord = [
      "epoch": epoch, "loss": loss, "terms": terms.report, "batches": batches, "seconds": seconds,
    ]
    corrupted.append(to: &record)
    if let weights { record.append("weights", weights.report) }
    return LuaReport(record, Reports.trainedEpoch)
  }
}

extension EpochRecord {
  var report: LuaReport {
    let metrics = LuaRecord(metrics.map { ($0.name, $0.value) })
    var record: LuaRecord = [
      "epoch": epoch, "loss": loss, "terms": terms.report, "seconds": seconds, "metrics": metrics,
    ]
    corrupted.append(to: &record)
    if let weights { record.append("weights", weights.report) }
    return LuaReport(record, Reports.epoch)
  }
}

extension [EpochRecord] {
  var report: LuaReport { LuaReport(LuaList(map(\.report)), Reports.epochs) }
}

extension BestEpoch {
  var report: LuaReport {
    LuaReport(["epoch": epoch, "metric": metric, "on": part, "value": value] as LuaRecord, Reports.best)
  }
}

extension RunSummary {
  /// - Parameter id: In the store of a run that is recorded.
  func report(id: String?) -> LuaReport {
    var record: LuaRecord = [
      "epochs": records.report, "ended": end.rawValue, "seconds": seconds, "summary": description,
    ]
    if let best { record.append("best", best.report) }
    if let id { record.append("id", id) }
    return LuaReport(record, Reports.run)
  }
}

extension SolverRecord {
  var report: LuaReport {
    let metrics = LuaRecord(metrics.map { ($0.name, $0.value) })
    var record: LuaRecord = ["epoch": epoch, "seconds": seconds, "metrics": metrics]
    if let objective { record.append("objective", objective) }
    return LuaReport(record, Reports.pass)
  }
}

extension SolverSummary {
  /// - Parameter id: In the store of a run that is recorded.
  func report(id: String?) -> LuaReport {
    let epochs = LuaReport(LuaList(records.map(\.report)), Reports.passes)
    var record: LuaRecord = ["epochs": epochs, "ended": end.rawValue, "seconds": seconds, "summary": description]
    if let best { record.append("best", best.report) }
    if let id { record.append("id", id) }
    return LuaReport(record, Reports.fit)
  }
}
