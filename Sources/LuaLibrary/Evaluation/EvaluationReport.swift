import Evaluation
import Interactions
import LuaHost
import Platform
import Ranking

/// An evaluation's result as scripts get it: metrics by name, printing themselves in the order that they were asked for.
struct EvaluationReport {
  private let result: EvaluationResult
  private let split: Split

  init(_ result: EvaluationResult, _ split: Split) {
    self.result = result
    self.split = split
  }

  static let groupsDoc =
    "`groups`, where asked for, has the same of each group by its name, and `item_groups` of what is looked for of each group of items, "
    + "with `pairs`, how many these are"

  /// - Parameters:
  ///   - perUser: Whether the values of each user are wanted too.
  ///   - more: Further entries.
  func table(perUser: Bool, more: [(String, any LuaConvertible)] = []) -> LuaReport {
    var record = means(result.users.count, result.means, result.definedCounts)
    if !result.groups.isEmpty { record.append("groups", groups) }
    if !result.itemGroups.isEmpty { record.append("item_groups", itemGroups) }
    if let candidates = result.candidates { record.append("candidates", self.record(candidates)) }
    if perUser { record.append("per_user", self.perUser) }
    record.entries += more
    return LuaReport(record, says: text)
  }

  private func means(_ users: Int, _ means: [Double], _ definedCounts: [Int]) -> LuaRecord {
    var record: LuaRecord = ["users": users]
    for (name, mean) in zip(result.names, means) { record.append(name, mean) }
    if let index = result.metrics.firstIndex(of: Metric(.auc)) { record.append("auc_users", definedCounts[index]) }
    return record
  }

  private var groups: GroupTable {
    GroupTable(entries: result.groups.map { ($0.name, means($0.userCount, $0.means, $0.definedCounts)) })
  }

  private var itemGroups: GroupTable {
    GroupTable(
      entries: result.itemGroups.map { group in
        var record: LuaRecord = ["users": group.userCount, "pairs": group.pairCount]
        for (metric, mean) in zip(group.metrics, group.means) { record.append(metric.description, mean) }
        return (group.name, record)
      })
  }

  private func record(_ candidates: CandidateReport) -> LuaRecord {
    [
      "count": candidates.count, "positives": candidates.positives, "repeated": candidates.repeated,
      "users_without": candidates.usersWithout, "users_with_fewer": candidates.usersWithFewer,
    ]
  }

  private var perUser: LuaRecord {
    var values: LuaRecord = ["user": split.dataset.userIdentifiers.identifiers(result.users.lazy.map { Int($0) })]
    let ofAll = Set(result.metrics.filter { $0.kind.describesCatalog }.map(\.description))
    for (name, list) in zip(result.names, result.perUser) where !ofAll.contains(name) { values.append(name, list) }
    return values
  }

  // MARK: Text

  private var text: String {
    let among = result.candidates.map { ", \($0.count) candidates" } ?? ""
    let whole = "\(line(result.means))  (\(users(result.users.count))\(among))"
    let groups = result.groups.map { "  \(shown($0.name)): \(line($0.means))  (\(users($0.userCount)))" }
    let items = result.itemGroups.map { group in
      let values = zip(group.metrics, group.means).map { "\($0) \(decimal($1, 4))" }.joined(separator: "  ")
      return "  items \(shown(group.name)): \(values)  (\(group.pairCount) of \(users(group.userCount)))"
    }
    return ([whole] + groups + items).joined(separator: "\n")
  }

  private func users(_ count: Int) -> String { count == 1 ? "1 user" : "\(count) users" }

  private func line(_ means: [Double]) -> String {
    zip(result.names, means).map { "\(shown($0)) \(decimal($1, 4))" }.joined(separator: "  ")
  }
}

/// Groups by name; a name that is a whole number is one as a key too.
private struct GroupTable: LuaConvertible {
  let entries: [(String, LuaRecord)]

  func push(onto state: LuaState) throws {
    let table = state.makeTable()
    for (name, record) in entries {
      if let number = Int(name), String(number) == name {
        try table.set(number, record)
      } else {
        try table.set(name, record)
      }
    }
    table.push(onto: state)
  }
}
