import Evaluation
import Laboratory
import LuaHost

extension RunsModule {
  static var compare: FunctionDescription {
    FunctionDescription(
      "compare", "Groups of runs side by side: means, deviations, gains, and tests of significance over users.",
      details:
        "Runs of one name are a group. Each group is tested against `baseline`, or against the best of a metric, by users that both "
        + "measured, of each the mean over the group's runs: Student's paired t-test, Wilcoxon's signed-rank test, a permutation test "
        + "of signs, and the bootstrap's 95 % interval of the mean difference. p-values are corrected by Holm's method over the groups of "
        + "a metric. A star is for a group that is better than the baseline, without one for the best where it is better than each other. "
        + "The runs must have been evaluated with `perigee.evaluate` after training.",
      source:
        "Wilcoxon, Biometrics Bulletin 1(6), 1945; Holm, Scandinavian Journal of Statistics 6(2), 1979; Efron and Tibshirani, An "
        + "Introduction to the Bootstrap, 1993; Phipson and Smyth, Permutation p-values should never be zero, 2010.",
      example: """
        local comparison = store:compare { data = "gowalla", baseline = "mf bpr" }
        print(comparison)
        print(comparison.latex)
        """,
      options: [
        .init("ids", .list(.string), "Runs by identifier; left out for all that the filters leave.", optional: true)
      ]
        + filters + [
          .init("by", .string, "What the runs of a group share: a field or a setting.", default: "name"),
          .init(
            "metrics", .string.or(.list(.string)),
            "The metrics; by default all that each has, but for those of groups of users and items.", optional: true),
          .init("on", .string, "The part whose results are compared.", default: "test"),
          .init("baseline", .string, "The group that others are tested against.", optional: true),
          .init("test", .choice(RunComparison.Test.self), "The test that stars speak of.", default: "t"),
          .init("level", .number(in: 0..<1), "A p below this earns a star.", default: 0.05),
          .init(
            "rounds", .integer(in: 1...100_000), "Rounds of the permutation test; the bootstrap takes a fifth.",
            default: 9999),
        ],
      returns: [
        .init(
          "comparison", .table,
          "`groups`, each with `name`, `ids` and by metric `mean`, `deviation`, `best`, `significant`, and but for the reference `against`, "
            + "`gain`, `difference`, `lower`, `upper`, `t`, `p_t`, `p_wilcoxon`, `p_permutation`, `users`; `warnings`; and the table as "
            + "`text`, `markdown`, `latex` and `csv`.")
      ]
    ) { call in
      let store = call.receiver(RunStore.self)
      let records =
        try call.optionalStrings("ids")?.map { try store.run($0, .withUsers) }
        ?? store.runs(query(call), .withUsers)
      let comparison = try RunComparison(records, options(call))
      return [LuaReport(comparison.table, says: comparison.written(.text))]
    }
  }

  private static func options(_ call: LuaCall) throws -> RunComparison.Options {
    var options = RunComparison.Options()
    options.key = try call.string("by")
    options.metrics = call.optionalStrings("metrics") ?? []
    options.part = try call.string("on")
    options.baseline = call.optionalString("baseline")
    options.test = try call.choice("test")
    options.level = try call.number("level")
    options.rounds = try call.integer("rounds")
    return options
  }
}

extension RunComparison {
  fileprivate var table: LuaRecord {
    var table: LuaRecord = ["groups": LuaList(groups.map { self.table($0) }), "warnings": warnings]
    for format in ComparisonFormat.allCases { table.append(format.rawValue, written(format)) }
    return table
  }

  private func table(_ group: Group) -> LuaRecord {
    var table: LuaRecord = ["name": group.name, "ids": group.ids]
    for (metric, cell) in zip(metrics, group.cells) { table.append(metric, self.table(cell)) }
    return table
  }

  private func table(_ cell: Cell) -> LuaRecord {
    var table: LuaRecord = [
      "mean": cell.moments.mean, "deviation": cell.moments.deviation, "best": cell.isBest,
      "significant": cell.isSignificant,
    ]
    guard let against = cell.against else { return table }
    table.entries += [
      ("against", against.reference), ("gain", against.gain), ("difference", against.difference), ("t", against.t),
      ("users", against.users), ("lower", against.interval?.lowerBound), ("upper", against.interval?.upperBound),
    ]
    for test in Test.allCases { table.append("p_\(test.rawValue)", against.p[test] ?? .nan) }
    return table
  }
}
