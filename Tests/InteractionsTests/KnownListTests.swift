import Interactions
import TestSupport
import Testing

/// Lists for the users of a data set that is there already.
@Suite struct KnownListTests {
  private let folder = TemporaryFolder()
  private let data: Dataset

  init() throws {
    let path = folder.write("data.csv", "user,item\nann,apple\nbob,pear\nann,fig\ncy,plum\n")
    var options = OpenOptions()
    options.cache = false
    data = try Dataset.open(path, options)
  }

  private func item(_ names: [String]) -> [Int32] { names.map { Int32(data.itemIdentifiers.index(of: $0)!) } }
  private func user(_ name: String) -> Int { data.userIdentifiers.index(of: name)! }

  private func lists(_ text: String, _ format: ItemLists.Format? = nil) throws -> ItemLists {
    try ItemLists(path: folder.write("lists", text), format: format, for: data)
  }

  private func candidates(_ text: String) throws -> CandidateLists {
    try CandidateLists(path: folder.write("candidates", text), for: data)
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)".split(separator: folder.path + "/").joined() }
    return "no error"
  }

  private func expect(
    _ lists: ItemLists, _ name: String, _ items: [String], tiers: [Int32],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let range = lists.range(of: user(name))
    #expect(Array(lists.items[range]) == item(items), sourceLocation: sourceLocation)
    #expect(Array(lists.tiers[range]) == tiers, sourceLocation: sourceLocation)
  }

  @Test func listsKeepTheirOrder() throws {
    let lists = try lists("cy pear apple fig plum\n\nann\tfig\r\nbob\n")
    expect(lists, "cy", ["pear", "apple", "fig", "plum"], tiers: [0, 1, 2, 3])
    expect(lists, "ann", ["fig"], tiers: [0])
    expect(lists, "bob", [], tiers: [])
  }

  @Test func runsOfTRECAreSortedByScoreAndToldByTheirContent() throws {
    let lists = try lists(
      """
      ann Q0 fig 1 0.5 other
      bob Q0 pear 1 -3 other
      ann Q0 plum 2 1e3 other
      ann q0 apple 3 0.5 other

      """)
    expect(lists, "ann", ["plum", "fig", "apple"], tiers: [0, 1, 1])
    expect(lists, "bob", ["pear"], tiers: [0])
    expect(lists, "cy", [], tiers: [])
  }

  @Test func scoresThatDifferInTheLastPlacesOfFloat64Differ() throws {
    let lists = try lists(
      "ann fig 0.1234567890123456\nann plum 0.1234567890123457\nann pear 0.1234567890123456", .scores)
    expect(lists, "ann", ["plum", "fig", "pear"], tiers: [0, 1, 1])
  }

  @Test func threeFieldsAreAmbiguous() throws {
    let text = "ann fig plum\nbob fig pear\n"
    #expect(
      message { _ = try lists(text) }
        == "lists: has three fields in every line: lists of two items, or a user, an item and a score; say which, format = \"lists\" or \"scores\""
    )
    expect(try lists(text, .lists), "ann", ["fig", "plum"], tiers: [0, 1])
    #expect(message { _ = try lists(text, .scores) }.hasPrefix("lists:1: expected a finite score, found \"plum\""))
  }

  @Test(arguments: [
    ("ann fig\nbob nut\n", ItemLists.Format.lists, "lists:2: expected an item of \"data.csv\", found \"nut\""),
    ("ann fig\ndan fig\n", .lists, "lists:2: expected a user of \"data.csv\", found \"dan\""),
    ("ann fig\nann plum\n", .lists, "lists:2: expected one list a user, found a second one for user \"ann\""),
    ("ann fig plum fig\n", .lists, "lists: the list of user \"ann\" has item \"fig\" twice; give each item once"),
    ("ann fig\n", .scores, "lists:1: expected user, item and score, found 2 fields"),
    ("ann fig nan\n", .scores, "lists:1: expected a finite score, found \"nan\""),
    ("ann Q0 fig 1 2\n", .trec, "lists:1: expected user, Q0, item, rank, score and tag, found 5 fields"),
    ("ann Q0 fig 1 x tag\n", .trec, "lists:1: expected a finite score, found \"x\""),
    (
      "ann Q0 fig 1 2 t\nbob Q0 fig 1 2 t\nann Q0 fig 2 1 t\n", .trec,
      "lists: the list of user \"ann\" has item \"fig\" twice"
    ),
    ("(ann,fig) plum\n", .lists, "lists:1: expected a user of \"data.csv\", found \"(ann,fig)\""),
    ("\n\n", .lists, "no error"),
    ("", .lists, "lists: is empty"),
  ])
  func whatIsWrongIsNamed(text: String, format: ItemLists.Format, wanted: String) {
    #expect(message { _ = try lists(text, format) }.hasPrefix(wanted))
  }

  @Test func candidatesKeepRepeatsAndOrder() throws {
    let plain = try candidates("ann plum fig plum\ncy apple")
    #expect(Array(plain.items(of: user("ann"))) == item(["plum", "fig", "plum"]))
    #expect(Array(plain.items(of: user("bob"))) == [] && Array(plain.items(of: user("cy"))) == item(["apple"]))
    let pairs = try candidates("(ann,fig)\tplum\tpear\n(cy,plum)\tapple\n(ann,apple)\tpear\n")
    #expect(Array(pairs.items(of: user("ann"))) == item(["plum", "pear", "pear"]))
    #expect(message { _ = try candidates("(ann)\tplum\n") }.hasPrefix("candidates:1: expected a user of"))
    #expect(message { _ = try candidates("ann fig\nann fig\n") }.contains("expected one list a user"))
    #expect(message { _ = try CandidateLists(path: folder.path + "/nowhere", for: data) }.contains("No such file"))
  }
}
