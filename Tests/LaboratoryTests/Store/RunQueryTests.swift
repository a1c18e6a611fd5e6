import TestSupport
import Testing

@testable import Laboratory

/// Filters and orders, against going through the runs one by one.
@Suite struct RunQueryTests {
  private let folder = TemporaryFolder()
  private let store: RunStore
  private var records: [RunRecord] = []

  init() throws {
    store = try RunStore("\(folder.path)/runs.sqlite")
    for seed in 0..<12 {
      var record = fullRecord(id: "run\(seed)", name: seed % 2 == 0 ? "even" : "odd", seed: seed)
      record.model = seed % 3 == 0 ? "mf" : "simplex"
      record.tags = seed < 4 ? ["early", "t\(seed)"] : []
      record.settings = [.init("batch", "\(1 << seed)"), .init("model's gate", seed % 2 == 0 ? "0.5" : "none")]
      if seed == 5 { record.results = [] }
      if seed == 6 { record.results = [.init(on: "valid", name: "ndcg@20", value: 0.33)] }
      if seed == 7 { record.state = .failed }
      try store.insert(&record)
      records.append(record)
    }
  }

  private func seeds(_ change: (inout RunQuery) -> Void) throws -> [Int] {
    var query = RunQuery()
    change(&query)
    return try store.runs(query).map { $0.seed! }
  }

  private func slowly(_ holds: (RunRecord) -> Bool) -> [Int] { records.filter(holds).map { $0.seed! }.reversed() }

  @Test func fieldsFilter() throws {
    #expect(try seeds { _ in } == slowly { _ in true })
    #expect(try seeds { $0.tags = ["early"] } == [3, 2, 1, 0])
    #expect(try seeds { $0.tags = ["early", "t2"] } == [2])
    #expect(try seeds { $0.name = "odd" } == slowly { $0.name == "odd" })
    #expect(try seeds { $0.model = "mf" } == slowly { $0.model == "mf" })
    #expect(try seeds { $0.state = .failed } == [7])
    #expect(try seeds { $0.data = "other" } == [])
    #expect(try seeds { $0.since = records[9].started } == [11, 10, 9])
    #expect(try seeds { ($0.name, $0.limit) = ("odd", 2) } == [11, 9])
  }

  @Test(arguments: [
    ("seed >= 9", [11, 10, 9]), ("seed = 4 ", [4]), ("seed==4", [4]), ("name = 'even' and seed<5", [4, 2, 0]),
    ("batch > 500", [11, 10, 9]), ("batch = 256", [8]), ("gate = 0.5 and seed > 7", [10, 8]),
    ("model's gate = none AND seed > 8", [11, 9]), ("gate != none and seed < 3", [2, 0]),
    ("model ~ SIMP and seed < 3", [2, 1]), ("name ~ %", []), ("state != finished", [7]),
    ("ndcg@20 > 0.85", [11, 10, 9]), ("valid.ndcg@20 > 0.3", [6]), ("ndcg@20 = 0.33", [6]),
    ("test.ndcg@20 < 0.15", [1, 0]), ("nothing > 0", []), ("name = it's", []),
  ])
  func conditionsFilter(text: String, wanted: [Int]) throws {
    #expect(try seeds { $0.conditions = [text] } == wanted)
  }

  @Test func severalConditionsHoldAtOnce() throws {
    #expect(try seeds { $0.conditions = ["seed > 3", "seed < 6"] } == [5, 4])
  }

  @Test(arguments: ["", "and", "seed", "seed >", "> 3", "seed > 3 and", "seed >> 3", "seed > 3 or", "seed = > 3"])
  func whatIsNoConditionIsRefused(text: String) {
    if text == "seed > 3 or" {
      // "3 or" is a text: legal, and holds of nothing that is a number.
      #expect(throws: Never.self) { try seeds { $0.conditions = [text] } }
    } else if text == "seed > 3 and" {
      #expect(throws: Never.self) { try seeds { $0.conditions = [text] } }
    } else {
      #expect(message { _ = try seeds { $0.conditions = [text] } }.contains("is no condition; want a name, one of"))
    }
  }

  @Test func numbersSortDownAndTextsUp() throws {
    #expect(try seeds { $0.sort = "ndcg@20" } == [11, 10, 9, 8, 7, 4, 6, 3, 2, 1, 0, 5])
    #expect(try seeds { ($0.sort, $0.isReversed) = ("ndcg@20", true) } == [0, 1, 2, 3, 6, 4, 7, 8, 9, 10, 11, 5])
    #expect(try seeds { $0.sort = "name" } == [10, 8, 6, 4, 2, 0, 11, 9, 7, 5, 3, 1])
    #expect(try seeds { ($0.sort, $0.limit) = ("batch", 3) } == [11, 10, 9])
    #expect(try seeds { ($0.sort, $0.limit, $0.conditions) = ("gate", 2, ["seed < 4"]) } == [2, 0])
    #expect(try seeds { $0.sort = "no such thing" } == slowly { _ in true })
  }

  @Test func listingsShowWhatMostRunsHave() throws {
    let cells = RunListing.cells(try store.runs())
    #expect(cells.titles.suffix(4) == ["valid.ndcg@20", "test.recall@20", "test.ndcg@20", "tags"])
    #expect(cells.rows.count == 12 && cells.rows[11][0] == "run0" && cells.rows[6][8...] == ["", "", "", ""])
    let sheet = RunListing.spreadsheet(try store.runs())
    #expect(sheet.titles.suffix(2) == ["setting.batch", "setting.model's gate"])
    #expect(sheet.csv.split(separator: "\n").count > 12 && sheet.csv.contains("\"a 'note'\nof two lines\""))
  }

  @Test func cellsAreTextAndCsv() {
    let cells = TextCells(titles: ["name", "n"], rows: [["a", "1.5"], ["bcdef", ""], ["\"q\", x", "10"]])
    #expect(cells.text == "name      n\n------  ---\na       1.5\nbcdef     -\n\"q\", x   10")
    #expect(cells.csv == "name,n\na,1.5\nbcdef,\n\"\"\"q\"\", x\",10")
  }
}
