import Interactions
import TestSupport
import Testing

/// Which column is the user, which the item, and what is said where nobody knows.
@Suite struct ColumnTests {
  let folder = TemporaryFolder()

  func open(_ text: String, _ change: (inout OpenOptions) -> Void = { _ in }) -> String {
    var options = OpenOptions()
    change(&options)
    do {
      let data = try Dataset.open(folder.write("a.csv", text), options)
      let pairs = (0..<data.userCount).map { user in
        let items = data.interactions.items(of: user).map { data.itemIdentifiers.identifier(at: Int($0)) }
        return "\(data.userIdentifiers.identifier(at: user)): \(items.joined(separator: " "))"
      }
      return pairs.joined(separator: "; ") + (data.ratings == nil ? "" : " rated")
        + (data.timestamps == nil ? "" : " timed")
    } catch { return error.description.split(separator: folder.path + "/").joined() }
  }

  static let retail = """
    InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
    536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
    536366,71053,LANTERN,1,12/1/2010 8:28,3.39,17850.0,United Kingdom

    """

  @Test func aShopsExportIsReadAsItIs() { #expect(open(Self.retail) == "17850: 85123A 71053") }

  @Test func columnsAreNamedByTheHeaderOrByPlace() {
    let text = "who,what,stars,when\nann,x,3,100\nben,y,4,200\n"
    #expect(open(text) { $0.columns = .named(["user": .name("who"), "item": .name("what")]) } == "ann: x; ben: y")
    #expect(open(text) { $0.columns = .named(["item": .place(2), "user": .name("who")]) } == "ann: x; ben: y")
    #expect(
      open(text) {
        $0.columns = .named(["user": .place(2), "item": .place(1), "rating": .place(3), "timestamp": .name("when")])
      } == "x: ann; y: ben rated timed")
    #expect(
      open("ann,x,3\nben,y,4\n") { $0.columns = .named(["user": .place(2), "item": .place(1)]) } == "x: ann; y: ben")
    // What the header tells by itself need not be named; nothing but user and item is taken without being named.
    #expect(open("user,what,stars\nann,x,3\n") { $0.columns = .named(["item": .name("what")]) } == "ann: x")
    #expect(
      open("{\"who\": \"ann\", \"what\": 7}\n") {
        $0.columns = .named(["user": .name("who"), "item": .name("what")])
      } == "ann: 7")
  }

  @Test func mistakesInNamesAreTold() {
    let text = "who,what,stars\nann,x,3\n"
    func message(_ columns: [String: OpenOptions.Column]) -> String { open(text) { $0.columns = .named(columns) } }
    #expect(
      message(["user": .name("Who"), "item": .name("what")])
        == "a.csv: has no column \"Who\", did you mean \"who\"?; its columns are who, what, stars")
    #expect(
      message(["user": .place(4), "item": .place(1)])
        == "a.csv: has 3 columns, and columns takes column 4 for user; count columns from 1")
    #expect(
      message(["user": .place(1), "item": .name("who")])
        == "columns takes column 1 for item and for user; name two columns")
    #expect(
      message(["users": .place(1)])
        == "columns holds \"users\"; use \"user\", \"item\", \"rating\", \"time\" and \"title\"")
    #expect(
      message(["user": .name("who")])
        == "a.csv: cannot tell which column is the item among who, what, stars; name them, for example columns = { user = \"who\", item = \"what\" }, or pass header = false if the first line is data"
    )
    #expect(
      open("1,2\n3,4\n") {
        $0.header = false
        $0.columns = .named(["user": .name("who"), "item": .place(2)])
      }
        == "a.csv: has no header, and columns takes a column \"who\" for user; give the number of the column, or header = true"
    )
  }

  @Test func aMessageIsShortHoweverLongTheHeader() {
    let long = (0..<20_000).map { "color\($0)" }.joined(separator: ",") + "\n"
    let message = open(long + long) { $0.header = true }
    #expect(
      message.hasPrefix("a.csv: cannot tell which column is the user and which the item among color0, color1, "))
    #expect(message.contains("color15 and 19984 more; name them") && message.utf8.count < 1000)
    let wide = String(repeating: "x", count: 500_000)
    #expect(open("\(wide),\(wide)\n1,2\n") { $0.header = true }.utf8.count < 1000)
  }

  @Test func aHeaderWithoutNamesIsRefused() {
    #expect(open("\"\n,\"\"\n,x\n") { $0.header = true }.hasPrefix("a.csv: cannot tell which column is the user"))
    #expect(open("\"\n") { $0.header = true }.hasPrefix("a.csv: "))
  }

  @Test func aFileWithOtherLineEndsSaysSo() {
    #expect(
      open("user,item\r1,2\r1,3\r")
        == "a.csv: ends its lines with CR alone (old Macintosh text); end them with LF (tr '\\r' '\\n' < OLD > NEW)")
    #expect(open("1,2\r\n1,3\r\n") == "1: 2 3")
    #expect(open("1,2\r") == "1: 2")
  }

  @Test func theKeyOfTheCacheKnowsTheColumns() throws {
    let rows = (0..<40_000).map { "\($0 % 50),\($0 / 50),\($0 % 7)\n" }.joined()
    let path = folder.write("big.csv", rows)
    func users(_ columns: OpenOptions.Columns) throws -> Int {
      var options = OpenOptions()
      options.cacheFolder = folder.path + "/cache"
      options.columns = columns
      return try Dataset.open(path, options).userCount
    }
    #expect(try users(.named(["user": .place(1), "item": .place(2)])) == 50)
    #expect(try users(.named(["user": .place(3), "item": .place(2)])) == 7)
    #expect(try users(["user", "item", "_"]) == 50)
  }
}
