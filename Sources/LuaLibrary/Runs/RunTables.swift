import Laboratory
import LuaHost

extension RunRecord {
  /// The run as a plain table.
  func table(_ detail: RunDetail) -> LuaRecord {
    var table: LuaRecord = [
      "id": id, "name": name, "kind": kind.rawValue, "state": state.rawValue, "tags": tags, "notes": notes,
      "model": model,
      "threads": threads, "version": version, "host": machine.host, "processor": machine.processor,
      "cores": machine.cores, "started": started, "seconds": seconds,
      "settings": LuaRecord(settings.map { ($0.name, $0.value) }), "results": resultTable,
    ]
    func add(_ name: String, _ value: (any LuaConvertible)?) { if let value { table.append(name, value) } }
    add("message", message)
    add("script", script?.path)
    add("data", data?.name)
    add("data_checksum", data?.checksum)
    add("split", data?.split)
    add("seed", seed)
    add("commit", commit)
    add("finished", finished)
    add("checkpoint", checkpoint)
    add("key", key)
    add("folder", launch?.folder)
    add("arguments", launch?.arguments)
    add("artifacts", LuaList(artifacts.map { ["kind": $0.kind, "path": $0.path] as LuaRecord }))
    add("epoch_count", detail == .summary ? epochs.last?.epoch : epochs.count)
    add("best", best.map { ["epoch": $0.epoch, "metric": $0.metric, "on": $0.on, "value": $0.value] as LuaRecord })
    guard detail >= .whole else { return table }
    add("script_text", script?.text)
    add("epochs", LuaList(epochs.map(\.table)))
    add(
      "metrics",
      LuaList(
        metrics.map { ["epoch": $0.epoch, "on": $0.on, "name": $0.name, "value": $0.value] as LuaRecord }))
    if detail == .withUsers { add("per_user", userTable) }
    return table
  }

  /// By part, then by metric.
  private var resultTable: LuaRecord {
    LuaRecord(
      parts(results.map(\.on)).map { part in
        (part, LuaRecord(results.filter { $0.on == part }.map { ($0.name, $0.value) }))
      })
  }

  private var userTable: LuaRecord {
    LuaRecord(
      parts(perUser.map(\.on)).map { part in
        (
          part,
          LuaRecord(
            perUser.filter { $0.on == part }.map { ($0.name, ["user": $0.users, "value": $0.values] as LuaRecord) })
        )
      })
  }

  private func parts(_ names: [String]) -> [String] { Array(Set(names)).sorted() }
}

extension RunRecord.Epoch {
  fileprivate var table: LuaRecord {
    var table: LuaRecord = ["epoch": epoch, "seconds": seconds]
    if let loss { table.append("loss", loss) }
    return table
  }
}
