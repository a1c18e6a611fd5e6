import Platform
import Tensors
import TestSupport
import Testing

@testable import Laboratory

@Suite struct RunReportTests {
  /// Three seeds of two losses, the second better, and one that is alone.
  private var records: [RunRecord] {
    var generator = RandomStream(seed: 1, purpose: "reports").generator()
    return (0..<7).map { index in
      let name = ["mf bpr", "mf softmax"][index / 3 % 2]
      var record = fullRecord(id: "run\(index)", name: index == 6 ? "alone" : name, seed: index)
      record.settings.append(.init("temperature", index < 3 ? "none" : "0.2"))
      let gain = index < 3 ? 0.0 : 0.2
      record.epochs = (1...4).map { .init(epoch: $0, loss: 1 / Double($0) + gain, seconds: 0.5) }
      record.metrics = (1...4).map { .init(epoch: $0, on: "valid", name: "ndcg@20", value: 0.1 * Double($0) + gain) }
      let users = (1...60).map { "u\($0)" }
      let values = users.map { _ in (Double.random(in: 0...0.4, using: &generator) + gain) }
      record.perUser = [.init(on: "test", name: "ndcg@20", users: users, values: values)]
      record.results = [
        .init(on: "test", name: "ndcg@20", value: values.reduce(0, +) / 60),
        .init(on: "test", name: "ndcg@20/few items", value: 0.111 + gain),
        .init(on: "test", name: "ndcg@20/items/4", value: 0.222 + gain),
      ]
      return record
    }
  }

  private func html(_ records: [RunRecord], _ change: (inout RunReport.Options) -> Void = { _ in }) throws -> String {
    var options = RunReport.Options()
    change(&options)
    return try RunReport(records, options, now: 1_700_000_000).html()
  }

  /// The page is XML, its names are its own, every link leads to one of them, and nothing is fetched.
  private func check(_ page: String, _ location: SourceLocation = #_sourceLocation) {
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html") && isWellFormed(page), sourceLocation: location)
    func values(_ attribute: String) -> [String] {
      page.components(separatedBy: " \(attribute)=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }
    let names = values("id")
    #expect(Set(names).count == names.count, "\(names)", sourceLocation: location)
    #expect(
      values("href").allSatisfy { $0.hasPrefix("#") && names.contains(String($0.dropFirst())) }, "\(values("href"))",
      sourceLocation: location)
    for part in ["http:", "https:", "src=", "url(", "@import", "<script", "<link", "<img", "<iframe", "onload="] {
      #expect(!page.contains(part), "\(part)", sourceLocation: location)
    }
  }

  @Test func thePageHasWhatItShould() throws {
    let records = records
    let page = try html(records)
    check(page)
    for record in records { #expect(page.contains(record.id)) }
    for id in ["results", "curves", "users", "groups", "runs", "settings", "origins"] {
      #expect(page.contains("<section id=\"\(id)\">") && page.contains("href=\"#\(id)\""), "\(id)")
    }
    var options = RunComparison.Options()
    options.metrics = ["ndcg@20"]
    let comparison = try RunComparison(records, options)
    for group in comparison.groups {
      let cell = group.cells[0]
      let spread = group.ids.count > 1 ? " ± \(decimal(cell.moments.deviation, 4))" : ""
      #expect(page.contains("\(decimal(cell.moments.mean, 4))\(spread)\(cell.isSignificant ? " *" : "")</span>"))
      if cell.isBest { #expect(page.contains("Best on test by ndcg@20: <b>\(group.name)</b>")) }
      if let against = cell.against { #expect(page.contains(">\(decimal(against.difference, 5))</td>")) }
    }
    #expect(page.contains("<h1>mf bpr, mf softmax, alone</h1>") && page.contains("7 runs of 3 experiments on gowalla"))
    #expect(
      page.contains("a &#39;note&#39;\nof two lines") && page.contains("print(1)\n</pre>") && page.contains("a b, ü"))
    #expect(page.contains("few items") && page.contains(">0.1110<") && page.contains(">0.4220<"))
    #expect(page.contains(">abc<") && page.contains(">00ff<") && page.contains("gowalla"))
  }

  @Test func whatDiffersStandsFirst() throws {
    let page = try html(Array(records[2...3]))
    let settings = page.components(separatedBy: "<section id=\"settings\">")[1]
    let (first, rest) = (
      settings.components(separatedBy: "<details>")[0], settings.components(separatedBy: "<details>")[1]
    )
    #expect(
      first.contains("temperature") && first.contains(">none<") && first.contains(">0.2<") && first.contains("seed"))
    #expect(!first.contains("batch") && rest.contains("batch") && rest.contains(">256<"))
    // Runs that are set alike share a column.
    var same = Array(records[0...1])
    same[1].seed = same[0].seed
    #expect(try html(same).contains("The runs have all their settings in common."))
  }

  @Test func textsFromRunsAreNoMarkup() throws {
    let bad = "</title></pre><script>alert('x')</script><img src=x onerror=\"y\">&\u{1}\u{1b}[31m"
    var record = fullRecord(name: bad)
    record.notes = bad
    record.tags = [bad]
    record.message = bad
    record.state = .failed
    record.model = bad
    record.script = .init(path: bad, text: bad)
    record.data = .init(name: bad, checksum: bad, split: bad, train: bad)
    record.settings = [.init(bad, bad)]
    record.commit = bad
    record.launch = .init(id: "1", folder: bad, arguments: [bad])
    record.artifacts = [.init(bad, bad)]
    record.checkpoint = bad
    record.machine.host = bad
    record.epochs = [.init(epoch: 1, loss: 1, seconds: 1), .init(epoch: 2, loss: 0.5, seconds: 1)]
    record.metrics = (1...2).map { .init(epoch: $0, on: bad, name: bad, value: 1) }
    record.results = [.init(on: bad, name: bad, value: 1), .init(on: bad, name: bad + "/" + bad, value: 1)]
    record.perUser = [.init(on: bad, name: bad, users: ["a", "b"], values: [0, 1])]
    var other = record
    other.id = "other"
    other.name += "2"
    for records in [[record], [record, other]] {
      let page = try html(records) { $0.title = bad }
      #expect(isWellFormed(page))
      #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("\u{1b}"))
      #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)"))
    }
  }

  @Test func runsWithoutAnything() throws {
    var empty = RunRecord(id: "empty", kind: .trainer, started: 0)
    check(try html([empty]))
    #expect(try html([empty]).contains("Nothing was measured."))
    empty.state = .failed
    empty.message = "the loss is not a number"
    let page = try html([empty] + records)
    check(page)
    #expect(page.contains("(empty) failed: the loss is not a number") && page.contains("1 running.") == false)
    #expect(page.contains("6 finished") == false && page.contains("7 finished. 1 failed."))
    #expect(message { _ = try html([]) } == "no runs to report")
    #expect(message { _ = try html(records) { $0.baseline = "mf bp" } }.contains("did you mean 'mf bpr'?"))
    #expect(message { _ = try html(records) { $0.metrics = ["ndcg@2"] } }.contains("did you mean 'ndcg@20'?"))
  }

  @Test func runsThatShareNoMetric() throws {
    var (one, other) = (records[0], records[5])
    one.results = [.init(on: "test", name: "auc", value: 0.75)]
    other.results = [.init(on: "test", name: "recall@5", value: 0.125)]
    let page = try html([one, other])
    check(page)
    #expect(!page.contains("Best on"))
    let untested = try html(
      [0.1, 0.2].map { value in
        var record = RunRecord(id: "run\(value)", kind: .script, started: value)
        record.name = record.id
        record.results = [.init(on: "test", name: "auc", value: value)]
        return record
      })
    #expect(untested.contains("<b>run0.2</b> with 0.2000; no values of users tell whether that is more than chance."))
    #expect(page.contains("share no metric") && page.contains(">0.7500<") && page.contains(">0.1250<"))
  }

  @Test func lossesThatAreNotFinite() throws {
    var record = records[0]
    record.epochs = [
      .init(epoch: 1, loss: 1, seconds: 1), .init(epoch: 2, loss: 0.5, seconds: 1),
      .init(epoch: 3, loss: .nan, seconds: 1),
    ]
    record.results.append(.init(on: "test", name: "auc", value: .nan))
    let page = try html([record])
    check(page)
    #expect(page.contains("1 value is not finite"))
  }

  @Test func tenThousandEpochsAndThirtyRuns() throws {
    var generator = RandomStream(seed: 2, purpose: "reports").generator()
    let many = (0..<30).map { index -> RunRecord in
      var record = fullRecord(id: "many\(index)", name: "setting \(index)", seed: index)
      // The first metric would be the same of all.
      record.results.removeFirst()
      record.epochs = (1...(index == 0 ? 10_000 : 20)).map {
        .init(epoch: $0, loss: Double.random(in: 0...1, using: &generator), seconds: 0.1)
      }
      return record
    }
    let page = try html(many)
    check(page)
    for record in many { #expect(page.contains(record.id)) }
    #expect(page.utf8.count < 250_000, "\(page.utf8.count) bytes")
    // The best have colors, the others do not; the long run does not press the others into a line that stands.
    #expect(page.contains("the 7 best experiments have colors, 23 others are gray"))
    #expect(
      page.contains("epoch, logarithmic")
        && !page.contains("class=\"s7\" stroke=\"#5f6670\" fill=\"none\" stroke-width=\"1.8\""))
    let table = page.components(separatedBy: "<section id=\"results\">")[1].components(separatedBy: "</table>")[0]
    let order = table.components(separatedBy: "scope=\"row\">setting ").dropFirst().map {
      Int($0.prefix { $0.isNumber })!
    }
    #expect(order == Array((0..<30).reversed()))
  }

  @Test func valuesOverUsers() throws {
    var record = records[0]
    record.perUser = [
      .init(on: "test", name: "ndcg@20", users: ["a", "b", "c", "d", "e"], values: [0, 0.25, 1, 0.5, .nan])
    ]
    let page = try html([record])
    // Four users: mean 0.4375, quartiles 0.1875, 0.375, 0.625, one of four has 0.
    for number in ["4", "0.4375", "0.1875", "0.3750", "0.6250", "25.0 %"] {
      #expect(page.contains("<td class=\"number\">\(number)</td>"), "\(number)")
    }
  }

  @Test func namesOfGroups() {
    let names: Set = ["ndcg@20", "a/b", "ndcg@20 among candidates"]
    #expect(GroupName("ndcg@20", among: names) == nil && GroupName("a/b", among: names) == nil)
    func parts(_ name: String) -> [String] {
      GroupName(name, among: names).map { [$0.metric, $0.isOfItems ? "items" : "users", $0.group] } ?? []
    }
    #expect(parts("ndcg@20/few/many") == ["ndcg@20", "users", "few/many"])
    #expect(parts("ndcg@20/items/1") == ["ndcg@20", "items", "1"])
    #expect(parts("ndcg@20/1 among candidates") == ["ndcg@20 among candidates", "users", "1"])
    #expect(parts("ndcg@20/") == ["ndcg@20", "users", ""])
  }

  @Test func aPageThatCannotBeWritten() throws {
    let folder = TemporaryFolder()
    let report = try RunReport(records)
    #expect(message { try report.write(to: "\(folder.path)/none/x.html") }.contains("none/x.html cannot be written"))
    try report.write(to: "\(folder.path)/x.html")
    #expect(try RegularFile.bytes(of: "\(folder.path)/x.html").count > 10_000)
  }
}
