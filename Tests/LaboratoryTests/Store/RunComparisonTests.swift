import Evaluation
import TestSupport
import Testing

@testable import Laboratory

/// Groups of runs side by side.
@Suite struct RunComparisonTests {
  private let users = (0..<40).map { "u\($0)" }

  /// Two runs each of `low` and `high`, one of `mid`, with values of users around those.
  private func records() -> [RunRecord] {
    [("low", 0.2, 1), ("low", 0.22, 2), ("high", 0.5, 1), ("high", 0.56, 2), ("mid", 0.5, 1)].enumerated().map {
      place, entry in
      var record = fullRecord(id: "run\(place)", name: entry.0, seed: entry.2)
      record.started = Double(place)
      // Users of one group differ by more than the groups high and mid.
      let values = users.indices.map { entry.1 + 0.1 * Double(($0 * 7 + entry.2) % 5 - 2) }
      record.perUser = [.init(on: "test", name: "ndcg@20", users: users, values: values)]
      record.results = [.init(on: "test", name: "ndcg@20", value: SampleMoments(values).mean)]
      return record
    }
  }

  @Test func groupsHaveMeansMarksAndTests() throws {
    let comparison = try RunComparison(records())
    #expect(comparison.groups.map(\.name) == ["low", "high", "mid"] && comparison.metrics == ["ndcg@20"])
    #expect(comparison.groups[0].ids == ["run0", "run1"] && comparison.warnings == [])
    let (low, high, mid) = (comparison.groups[0].cells[0], comparison.groups[1].cells[0], comparison.groups[2].cells[0])
    #expect(abs(high.moments.mean - 0.53) < 1e-12 && abs(high.moments.deviation - 0.06 / 2.0.squareRoot()) < 1e-12)
    #expect(high.isBest && mid.isSecond && !low.isBest && high.against == nil)
    let against = try #require(low.against)
    #expect(against.reference == "high" && against.users == 40 && abs(against.gain - (0.21 / 0.53 - 1)) < 1e-12)
    #expect(abs(against.difference + 0.32) < 1e-12)
    let interval = try #require(against.interval)
    #expect(abs(interval.lowerBound + 0.32) < 1e-9 && abs(interval.upperBound + 0.32) < 1e-9)
    #expect(against.p[.student]! < 1e-6)
  }

  @Test func groupsOfUsersAreComparedWhereTheyAreAskedFor() throws {
    var records = records()
    for index in records.indices {
      records[index].results += [
        .init(on: "test", name: "ndcg@20/few", value: 0.1), .init(on: "test", name: "ndcg@20/items/1", value: 0.2),
        .init(on: "test", name: "own/metric", value: Double(index)),
      ]
    }
    #expect(try RunComparison(records).metrics == ["ndcg@20", "own/metric"])
    #expect(RunListing.cells(records).titles.suffix(3) == ["test.ndcg@20", "test.own/metric", "tags"])
    var options = RunComparison.Options()
    options.metrics = ["ndcg@20/few"]
    #expect(try RunComparison(records, options).metrics == ["ndcg@20/few"])
  }

  @Test func pairsAreUsersMeansOverRuns() throws {
    let records = records()
    let comparison = try RunComparison(records)
    // By hand: of each user the mean of both runs of high, minus mid's value.
    let differences = users.indices.map { user in
      records[4].perUser[0].values[user] - (records[2].perUser[0].values[user] + records[3].perUser[0].values[user]) / 2
    }
    let student = try #require(PairedTests.student(differences))
    let low = users.indices.map { user in
      (records[0].perUser[0].values[user] + records[1].perUser[0].values[user]) / 2
        - (records[2].perUser[0].values[user] + records[3].perUser[0].values[user]) / 2
    }
    let wanted = PairedTests.holm([PairedTests.student(low)!.p, student.p])
    let found = try #require(comparison.groups[2].cells[0].against)
    #expect(abs(found.t - student.t) < 1e-9 && abs(found.p[.student]! - wanted[1]) < 1e-12)
  }

  @Test func starsNeedABaselineToBeBeatenOrAllOthers() throws {
    var options = RunComparison.Options()
    options.baseline = "low"
    let beaten = try RunComparison(records(), options)
    #expect(beaten.groups.map { $0.cells[0].isSignificant } == [false, true, true])
    options.baseline = "high"
    #expect(try RunComparison(records(), options).groups.map { $0.cells[0].isSignificant } == [false, false, false])
    options.baseline = nil
    // The same values twice: the best is no better than its twin.
    var twins = records()
    twins[4].perUser = twins[2].perUser
    twins[4].results = twins[2].results
    twins.remove(at: 3)
    let even = try RunComparison(twins, options)
    #expect(even.groups.map { $0.cells[0].isSignificant } == [false, false, false])
    #expect(even.groups[2].cells[0].against?.p == [.student: 1, .wilcoxon: 1, .permutation: 1])
  }

  @Test func usersThatOneLacksAreLeftOut() throws {
    var records = records()
    records[4].perUser[0].users.reverse()
    records[4].perUser[0].values.reverse()
    let (here, there) = (try RunComparison(self.records()), try RunComparison(records))
    let (plain, reversed) = (here.groups[2].cells[0].against, there.groups[2].cells[0].against)
    #expect(reversed?.users == 40 && abs(reversed!.t - plain!.t) < 1e-9)
    records[4].perUser[0].users[0] = "somebody else"
    records[4].perUser[0].values[1] = .nan
    #expect(try RunComparison(records).groups[2].cells[0].against?.users == 38)
  }

  @Test func withoutValuesOfUsersThereAreNoTests() throws {
    var records = records()
    records[4].perUser = []
    let comparison = try RunComparison(records)
    let cell = comparison.groups[2].cells[0]
    #expect(cell.against?.users == 0 && cell.against?.p[.student]?.isNaN == true && cell.isSecond)
    #expect(comparison.groups.allSatisfy { !$0.cells[0].isSignificant })
    #expect(comparison.warnings == ["without values of users, so left out of the tests: run4"])
    #expect(comparison.written(.text).contains("mid") && comparison.written(.text).hasSuffix("run4"))
  }

  @Test func whatShouldBeKnownIsTold() throws {
    var records = records()
    records[0].data?.checksum = "ff"
    records[1].state = .interrupted
    let warnings = try RunComparison(records).warnings
    #expect(
      warnings.count == 2 && warnings[0].hasPrefix("the runs are on different data: gowalla (ff), gowalla (00ff)"))
    #expect(warnings[1] == "not finished: run1")
    var parts = self.records()
    parts[4].data?.train = "22"
    #expect(try RunComparison(parts).warnings[0].hasPrefix("the groups were trained on different splits"))
  }

  @Test func requestsThatMeanNothingAreRefused() throws {
    #expect(message { _ = try RunComparison([]) } == "no runs to compare")
    var options = RunComparison.Options()
    options.baseline = "hihg"
    #expect(
      message { _ = try RunComparison(records(), options) }
        == "no group is called 'hihg', did you mean 'high'? (low, high, mid)")
    options.baseline = nil
    options.metrics = ["ndcg@21"]
    #expect(
      message { _ = try RunComparison(records(), options) }
        == "no run of 'low' has 'ndcg@21' on test; did you mean 'ndcg@20'?")
    options.metrics = []
    options.part = "valid"
    #expect(message { _ = try RunComparison(records(), options) }.hasPrefix("the runs share no metric on valid"))
  }

  @Test func groupsAreMadeByFieldsAndSettings() throws {
    var options = RunComparison.Options()
    options.key = "seed"
    #expect(try RunComparison(records(), options).groups.map(\.name) == ["1", "2"])
    options.key = "dim"
    #expect(try RunComparison(records(), options).groups.map(\.name) == ["64"])
    options.key = "id"
    #expect(try RunComparison(records(), options).groups.count == 5)
  }

  @Test func tablesAreMarked() throws {
    var records = records()
    for index in records.indices where records[index].name == "mid" { records[index].name = "a_b & |c|" }
    var options = RunComparison.Options()
    options.baseline = "low"
    let comparison = try RunComparison(records, options)
    let lines = comparison.written(.text).split(separator: "\n")
    #expect(lines[2].hasPrefix("low") && lines[3].hasSuffix("0.5300 ± 0.0424¹*") && lines[4].hasSuffix("0.5000²*"))
    #expect(
      lines[5] == "¹ best, ² second; * better than low, p < 0.05 by the paired t-test over users, Holm's correction")
    // Every user of "high" is above its "low" by the same.
    #expect(lines.contains { $0.contains("<1e-300") } && !lines.contains { $0.contains(" 0.0000 ") })
    let markdown = comparison.written(.markdown).split(separator: "\n")
    #expect(markdown[0] == "| name | runs | ndcg@20 |" && markdown[1] == "| --- | ---: | ---: |")
    #expect(
      markdown[3] == "| high | 2 | **0.5300 ± 0.0424**\\* |"
        && markdown[4] == "| a_b & \\|c\\| | 1 | <u>0.5000</u>\\* |")
    let latex = comparison.written(.latex)
    #expect(latex.contains("high & 2 & \\textbf{\\boldmath$0.5300 \\pm 0.0424$}$^*$ \\\\"))
    #expect(
      latex.contains("a\\_b \\& |c| & 1 & \\underline{$0.5000$}$^*$ \\\\") && latex.contains("\\begin{tabular}{lrr}"))
    let csv = comparison.written(.csv).split(separator: "\n")
    #expect(
      csv.count == 4 && csv[0].hasPrefix("name,metric,runs,mean,deviation") && csv[2].hasPrefix("high,ndcg@20,2,0.53"))
  }

  @Test func whatDescribesTheCatalogHasNoBestAndNoTests() throws {
    var records = records()
    for index in records.indices {
      records[index].results.append(.init(on: "test", name: "gini@20", value: 0.1 * Double(index)))
    }
    let comparison = try RunComparison(records)
    #expect(comparison.metrics == ["ndcg@20", "gini@20"] && comparison.warnings == [])
    #expect(comparison.groups.allSatisfy { !$0.cells[1].isBest && !$0.cells[1].isSecond && !$0.cells[1].isSignificant })
    #expect(comparison.groups.compactMap { $0.cells[1].against?.users } == [0, 0])
    #expect(comparison.groups.contains { $0.cells[0].isBest })
  }

  @Test func oneGroupIsATableWithoutTests() throws {
    let text = try RunComparison(Array(records()[..<2])).written(.text)
    #expect(text.hasSuffix("low      2  0.2100 ± 0.0141¹"))
  }
}
