import Platform

/// Runs as a table.
public enum RunListing {
  /// What fits a terminal: the common facts, and the metrics that most of the runs have.
  public static func cells(_ records: [RunRecord]) -> TextCells {
    let metrics = commonMetrics(records, most: 3)
    let hasTags = records.contains { !$0.tags.isEmpty }
    return TextCells(
      titles: ["id", "name", "data", "seed", "state", "started", "epochs", "seconds"] + metrics
        + (hasTags ? ["tags"] : []),
      rows: records.map { record in
        let facts = [
          record.id, shown(record.name, limit: 40), shown(record.data?.name ?? "", limit: 24),
          record.seed.map(String.init) ?? "", record.state.rawValue, Moment.text(record.started),
          "\(record.epochs.last?.epoch ?? 0)", decimal(record.seconds, 1),
        ]
        return facts + metrics.map { record.result($0).map { decimal($0, 4) } ?? "" }
          + (hasTags ? [record.tags.map { shown($0) }.joined(separator: " ")] : [])
      })
  }

  /// Everything that is one value, a row a run: for spreadsheets and programs.
  public static func spreadsheet(_ records: [RunRecord]) -> TextCells {
    let settings = distinct(records.flatMap { $0.settings.map(\.name) })
    let results = distinct(records.flatMap { $0.results.map { "\($0.on).\($0.name)" } })
    let titles = [
      "id", "name", "kind", "state", "message", "tags", "notes", "script", "model", "data", "data_checksum", "split",
      "seed", "threads", "version", "commit", "host", "processor", "cores", "started", "finished", "epochs", "seconds",
      "best_epoch", "best_metric", "best_on", "best_value", "checkpoint",
    ]
    return TextCells(
      titles: titles + results + settings.map { "setting.\($0)" },
      rows: records.map { record in
        facts(record) + results.map { record.result($0).map { "\($0)" } ?? "" }
          + settings.map { record.setting($0) ?? "" }
      })
  }

  private static func facts(_ record: RunRecord) -> [String] {
    let (data, best, machine) = (record.data, record.best, record.machine)
    func text(_ value: Int?) -> String { value.map(String.init) ?? "" }
    return [
      record.id, record.name, record.kind.rawValue, record.state.rawValue, record.message ?? "",
      record.tags.joined(separator: " "), record.notes, record.script?.path ?? "", record.model, data?.name ?? "",
      data?.checksum ?? "", data?.split ?? "", text(record.seed), "\(record.threads)", record.version,
      record.commit ?? "", machine.host, machine.processor, "\(machine.cores)", "\(record.started)",
      record.finished.map { "\($0)" } ?? "", text(record.epochs.last?.epoch), "\(record.seconds)", text(best?.epoch),
      best?.metric ?? "", best?.on ?? "", best.map { "\($0.value)" } ?? "", record.checkpoint ?? "",
    ]
  }

  /// Results over all users and items that most of the runs have, as `test.ndcg@20`; of equally many those on test first.
  static func commonMetrics(_ records: [RunRecord], most: Int) -> [String] {
    let all = records.map { $0.results.map { "\($0.on).\($0.name)" } }
    let every = distinct(all.flatMap { $0 })
    let names = every.filter { GroupName($0, among: Set(every)) == nil }
    let counts = names.map { name in all.count { $0.contains(name) } }
    let best = names.indices.sorted { a, b in
      (-counts[a], names[a].hasPrefix("test.") ? 0 : 1, a) < (-counts[b], names[b].hasPrefix("test.") ? 0 : 1, b)
    }
    return best.prefix(most).map { names[$0] }
  }

  /// Each once, in the order of their first place.
  static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

extension RunRecord {
  /// Everything but the script's text, for a person.
  public var text: String {
    var lines = ["\(id)  \(shown(name, limit: 200))"]
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      lines.append("\(name)\(String(repeating: " ", count: max(1, 12 - name.count)))\(shown(value, limit: 2000))")
    }
    add("state", "\(state.rawValue)\(message.map { ": \($0)" } ?? "")")
    add("tags", tags.joined(separator: ", "))
    add("notes", notes)
    add("script", script?.path)
    add("arguments", launch.map { $0.arguments.joined(separator: " ") })
    add("folder", launch?.folder)
    add("model", model)
    add("data", data.map { "\($0.name) (\($0.checksum)), \($0.split), train part \($0.train)" })
    add("seed", seed.map(String.init))
    add("perigee", version + (commit.map { ", commit \($0)" } ?? ""))
    add("machine", "\(machine.host), \(machine.processor), \(machine.cores) cores, \(threads) threads")
    add("started", Moment.text(started))
    add("finished", finished.map { "\(Moment.text($0)), after \(Moment.duration($0 - started))" })
    add("training", Moment.duration(seconds))
    add("best", best.map { "epoch \($0.epoch): \($0.metric) \(decimal($0.value, 4)) on \($0.on)" })
    add("checkpoint", checkpoint)
    for artifact in artifacts { add(artifact.kind, artifact.path) }
    lines += part(
      "results", results.map { ["\($0.on)", shown($0.name), decimal($0.value, 4)] }, ["on", "name", "value"])
    lines += part("settings", settings.map { [shown($0.name), shown($0.value, limit: 300)] }, ["name", "value"])
    lines += part("epochs", epochRows.rows, epochRows.titles)
    return lines.joined(separator: "\n")
  }

  private func part(_ title: String, _ rows: [[String]], _ titles: [String]) -> [String] {
    rows.isEmpty ? [] : ["", "\(title):", TextCells(titles: titles, rows: rows).text]
  }

  /// Epochs with what was measured after them; of many the first and the last.
  private var epochRows: TextCells {
    let names = RunListing.distinct(metrics.map { "\($0.on) \($0.name)" })
    var values: [Int: [String: Double]] = [:]
    for metric in metrics { values[metric.epoch, default: [:]]["\(metric.on) \(metric.name)"] = metric.value }
    var rows = epochs.map { epoch in
      ["\(epoch.epoch)", epoch.loss.map { decimal($0, 5) } ?? "", decimal(epoch.seconds, 2)]
        + names.map { name in values[epoch.epoch]?[name].map { decimal($0, 4) } ?? "" }
    }
    if rows.count > 40 { rows = Array(rows.prefix(20)) + [rows[0].map { _ in "" }] + Array(rows.suffix(19)) }
    return TextCells(titles: ["epoch", "loss", "seconds"] + names.map { shown($0) }, rows: rows)
  }
}
