import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Platform
import Testing

@Suite struct DataBindingTests {
  let folder = DataFolder()

  func run(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("folder", folder.path)
    return try state.run("local data = require(\"perigee\").data\n" + source, name: "t.lua")
  }

  /// The message of a script that fails, without the place of the files.
  func message(_ source: String) -> String {
    do {
      return "no error: \(try run(source))"
    } catch { return "\((error as? LuaError)?.message ?? "\(error)")".split(separator: folder.path + "/").joined() }
  }

  /// Users ann (1, 2, 3), ben (2, 4) and 7 (1), with ratings and times.
  static let table =
    "user,item,rating,time,title\nann,1,5,100,One\nann,2,3,200,Two\nben,2,4,150,Two\nann,3,1,300,\nben,4,2.5,90,\n7,1,4,400,One\n"

  @Test func aTableIsOpenedAndAsked() throws {
    folder.write("a.csv", Self.table)
    let values = try run(
      """
      local d = data.open(folder .. "/a.csv")
      return tostring(d), d.name, d.user_count, d.item_count, d.count, d.has_ratings, d.has_split,
        table.concat(d:users(), " "), table.concat(d:items(), " "), table.concat(d:items_of "ann", " "),
        table.concat(d:users_of(1), " "), d:has("ben", 4), d:has("ben", "1"), d:rating("ben", "4"), d:rating("ben", 1),
        d:time(7, 1), d:title(2), d:title(4), d:user_name(7), d:interest_of(1), #d.checksum
      """)
    #expect(
      values == [
        "Dataset(3 users, 4 items, 6 interactions)", "a.csv", 3, 4, 6, true, false, "ann ben 7", "1 2 3 4", "1 2 3",
        "ann 7",
        true, false, 2.5, .nil, 400, "Two", .nil, .nil, .nil, 16,
      ])
  }

  @Test func statisticsAndProvenanceAreTables() throws {
    folder.write("a.csv", Self.table + "ann,1,2,500,One\n,1,1,1,x\n")
    let values = try run(
      """
      local d = data.open(folder .. "/a.csv", { on_bad_line = "skip", duplicates = "last" })
      local s, p = d:statistics(), d:provenance()
      return s.users, s.density, s.per_user.max, s.per_user.median, s.per_item.gini, s.duplicates, s.bad_lines, s.ratings.min,
        s.times.max, s.parts, p.format, #p.files, p.bad_line_examples[1]:match("a.csv:.*"), p.cached
      """)
    #expect(values[0] == 3 && values[1] == 0.5 && values[2] == 3 && values[3] == 2)
    #expect(values[5] == 1 && values[6] == 1 && values[7] == 1 && values[8] == 500 && values[9].isNil)
    #expect(values[10] == "table" && values[11] == 1 && values[13] == false)
    #expect(values[12] == "a.csv:9: expected a user in column 1, found nothing")
  }

  @Test func everyKindOfSplitIsMade() throws {
    folder.write("a.csv", Self.table)
    let values = try run(
      """
      local d = data.open(folder .. "/a.csv")
      local function show(options) return tostring(d:split(options)) end
      return show { kind = "ratio", test = 0.4, seed = 3 }, show { kind = "leave_one_out", by = "latest", valid = false },
        show { kind = "temporal", test = 0.5 }, show { kind = "temporal", test_from = 300, valid_from = 200 },
        show { kind = "kfold", folds = 2, fold = 2, seed = 1 }
      """)
    #expect(
      values[0] == "Split(ratio(test = 0.4, seed = 3): 3 users, 4 items, 4 train, 2 test)"
        && values[1] == "Split(leave_one_out(by = latest, valid = false, seed = 0): 3 users, 4 items, 4 train, 2 test)"
        && values[2] == "Split(temporal(test = 0.5): 3 users, 4 items, 3 train, 3 test)"
        && values[3] == "Split(temporal(test_from = 300, valid_from = 200): 3 users, 4 items, 3 train, 1 valid, 2 test)"
    )
    #expect(values[4].asString?.hasPrefix("Split(kfold(folds = 2, fold = 2, seed = 1): 3 users, 4 items, ") == true)
  }

  @Test func aPublishedSplitKeepsItsPartsAndCandidates() throws {
    folder.write("n/A.train.rating", "0\t1\t5\n0\t2\t4\n1\t3\t1\n")
    folder.write("n/A.test.rating", "0\t3\t5\n1\t1\t4\n")
    folder.write("n/A.test.negative", "(0,3)\t2\t9\n(1,1)\t2\t2\n")
    let values = try run(
      """
      local d = data.open(folder .. "/n")
      local s = d:split { kind = "given" }
      return s.rule, s.dataset == d, s.train_count, s.valid_count, s.test_count, s.has_candidates,
        table.concat(s:items_of(0), " "), table.concat(s:items_of("0", "test"), " "), #s:items_of(0, "valid"),
        table.concat(s:users "test", " "), table.concat(s:candidates_of(1), " "), d.has_split, s.user_count, s.item_count
      """)
    #expect(values == ["given", true, 3, 0, 2, true, "1 2", "3", 0, "0 1", "2 2", true, 2, 4])
  }

  @Test func filtersMakeNewSets() throws {
    folder.write("a.csv", Self.table)
    let values = try run(
      """
      local d = data.open(folder .. "/a.csv")
      return tostring(d:filter { min_rating = 3 }), tostring(d:filter { rating_above = 3 }),
        tostring(d:filter { min_per_user = 2, min_per_item = 2, passes = "items_then_users" }), tostring(d)
      """)
    #expect(
      values == [
        "Dataset(3 users, 2 items, 4 interactions)", "Dataset(3 users, 2 items, 3 interactions)",
        "Dataset(1 users, 2 items, 2 interactions)", "Dataset(3 users, 4 items, 6 interactions)",
      ])
  }

  @Test func syntheticSetsTellTheTruth() throws {
    let values = try run(
      """
      local d = data.synthetic { users = 50, items = 60, interests = 3, interests_per_user = 1, interactions_per_user = 10, noise = 0, seed = 4 }
      local wrong = 0
      for _, user in ipairs(d:users()) do
        local own = d:interests_of(user)[1]
        for _, item in ipairs(d:items_of(user)) do if d:interest_of(item) ~= own then wrong = wrong + 1 end end
      end
      return wrong, d.user_count, tostring(d) == tostring(data.synthetic { users = 50, items = 60, interests = 3, interests_per_user = 1,
        interactions_per_user = 10, noise = 0, seed = 4 }), d:title(0)
      """)
    #expect(values == [0, 50, true, "item 0 of interest 1"])
  }

  @Test func identifiersAreTheBytesOfTheFile() throws {
    let values = try run(
      #"""
      local file = assert(io.open(folder .. "/a.csv", "wb"))
      file:write("M\xFCller,1.0\nM\xF6ller,2\n")
      file:close()
      local d = data.open(folder .. "/a.csv")
      os.remove(folder .. "/a.csv")
      local users = d:users()
      return users[1] == "M\xFCller", users[2] == "M\xF6ller", d:has("M\xFCller", 1), d:has("M\xF6ller", 1.0), d:has("M\xF6ller", 2),
        d:has("M\xFCller", "1.0"), d:items()[1], d:users_of(2)[1] == "M\xF6ller",
        select(2, pcall(d.items_of, d, "M\xE4ller")):match "no user .*"
      """#)
    #expect(
      values == [
        true, true, true, false, true, true, "1", true,
        #"no user 'M\xE4ller' in a.csv; identifiers are such as 'M\xFCller'"#,
      ])
  }

  @Test func columnsAreNamed() throws {
    folder.write("a.csv", "who,what,how\nann,x,3\nben,y,4\n")
    let values = try run(
      """
      local function open(columns) return data.open(folder .. "/a.csv", { columns = columns }) end
      local d = open { user = "who", item = 2.0, rating = "how" }
      return d:users()[1], d:items()[2], d:rating("ann", "x"), open { "item", "user", "_" }:users()[1],
        select(2, pcall(open, {})):match "has 3 columns.*", select(2, pcall(open, { user = true })):match "columns: want.*"
      """)
    #expect(values[0] == "ann" && values[1] == "y" && values[2] == 3 && values[3] == "x")
    #expect(values[4] == "has 3 columns, and columns names 0; name every column, \"_\" for one to ignore")
    #expect(values[5].asString?.hasPrefix("columns: want a list of strings or a table of ") == true)
    let told = message("data.open(folder .. '/a.csv')")
    #expect(told.contains("name them, for example columns = { user = \"who\", item = \"what\" }"))
    // What a message offers can be pasted.
    #expect(
      try run("return data.open(folder .. '/a.csv', { columns = { user = \"who\", item = \"what\" } }).count") == [2])
  }

  @Test func aSplitTakesDates() throws {
    folder.write("a.csv", "user,item,time\nann,1,2021-09-30\nann,2,2021-10-01\nben,1,2021-10-02\n")
    let open = "local d = data.open(folder .. '/a.csv')\n"
    let values = try run(
      open + """
        local s = d:split { kind = "temporal", test_from = "2021-10-02", valid_from = "2021-10-01" }
        return s.train_count, s.valid_count, s.test_count, s.rule
        """)
    #expect(values == [1, 1, 1, "temporal(test_from = 1633132800, valid_from = 1633046400)"])
    #expect(
      message(open + "d:split { kind = 'temporal', test_from = 'October' }")
        == "t.lua:3: Dataset:split: test_from: want a time in the data's unit or a date as \(Dataset.dateForms), got \"October\""
    )
  }

  /// Native work that takes minutes ends at Ctrl-C, in spite of a `pcall`.
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      ("make(options)", "interrupted in perigee.data.synthetic"), ("pcall(make, options)", "interrupted"),
    ])
  func longWorkIsInterrupted(_ call: String, _ wanted: String) throws {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    let interruption = state.interruption
    let thread = Thread {
      usleep(300_000)
      interruption.interrupt()
    }
    thread.start()
    let error = #expect(throws: LuaError.self) {
      try state.run(
        "local make = require('perigee').data.synthetic\n"
          + "local options = { users = 200000, items = 100000, interactions_per_user = 400 }\n\(call)", name: "t.lua")
    }
    #expect(error?.kind == .interrupted)
    #expect(error?.message == "t.lua:3: \(wanted)")
  }

  @Test func theCatalogIsListed() throws {
    let values = try run(
      """
      local names = {}
      for _, set in ipairs(data.list()) do names[#names + 1] = set.name end
      local info = data.info "movielens-100k"
      return table.concat(names, " "), info.name, info.users, info.files[1], info.by_hand:match "pip download %-%-no%-deps recbole==1.2.1"
      """)
    #expect(
      values == [
        "ml-100k ml-1m gowalla yelp2018 lastfm amazon-instant-video amusic citeulike-t gowalla-pris", "ml-100k", 943,
        "ml-100k.inter", "pip download --no-deps recbole==1.2.1",
      ])
  }

  @Test func mistakesAreToldWithTheirPlace() {
    folder.write("a.csv", Self.table)
    folder.write("bad.csv", "1,2,3\n1,3,x\n2,3,4\n")
    let open = "local d = data.open(folder .. '/a.csv')\n"
    #expect(
      message("data.open(folder .. '/bad.csv')")
        == "t.lua:2: perigee.data.open: bad.csv:2: expected a number as rating in column 3, found \"x\"; correct the line or pass on_bad_line = \"skip\""
    )
    #expect(
      message("data.open(folder .. '/none.csv')")
        == "t.lua:2: perigee.data.open: no data set \"none.csv\"; there is no such file or folder: check the path")
    #expect(message("data.open('a.csv', { on_bad_lines = 'skip' })").contains("did you mean 'on_bad_line'?"))
    #expect(
      message(open + "d:split { kind = 'given' }")
        == "t.lua:3: Dataset:split: split: the data set \"a.csv\" comes without a split of its own; use kind = \"ratio\", \"leave_one_out\", \"temporal\" or \"kfold\""
    )
    #expect(
      message(open + "d:split { kind = 'leave_one_out', test = 0.2 }")
        == "t.lua:3: Dataset:split: test: means nothing with kind = \"leave_one_out\", which takes by, valid, too_few, seed"
    )
    #expect(
      message(open + "d:split { kind = 'leave_one_out', valid = 0.1 }")
        == "t.lua:3: Dataset:split: valid: want true or false with kind = \"leave_one_out\": one interaction or none")
    #expect(
      message(open + "d:split { kind = 'ratio', valid = true }")
        == "t.lua:3: Dataset:split: valid: want a share such as 0.1; true and false go with kind = \"leave_one_out\"")
    #expect(
      message(open + "d:split { kind = 'temporal', test = 0.1, test_from = 3 }")
        == "t.lua:3: Dataset:split: test: a share and test_from exclude each other: give one of them")
    #expect(
      message(open + "d:split { kind = 'temporal', valid_from = 3 }")
        == "t.lua:3: Dataset:split: valid_from: needs test_from as well")
    #expect(
      message(open + "d:items_of('zoe')")
        == "t.lua:3: Dataset:items_of: user: no user 'zoe' in a.csv; identifiers are such as 'ann'")
    #expect(
      message(open + "d:title(99)")
        == "t.lua:3: Dataset:title: item: no item '99' in a.csv; identifiers are such as '1'")
    #expect(
      message(open + "d:filter { min_per_user = 9 }")
        == "t.lua:3: Dataset:filter: filter(min_per_user = 9) leaves nothing of Dataset(3 users, 4 items, 6 interactions); ask for less"
    )
    #expect(
      message("data.info 'gowala'")
        == "t.lua:2: perigee.data.info: no known data set \"gowala\"; did you mean \"gowalla\"? known sets are ml-100k, ml-1m, gowalla, yelp2018, lastfm, amazon-instant-video, amusic, citeulike-t, gowalla-pris"
    )
    #expect(
      message("data.synthetic { interests = 600 }")
        == "t.lua:2: perigee.data.synthetic: synthetic: interests is 600; give from 1 to items = 500")
  }
}

/// A folder that is gone when the test is over.
final class DataFolder {
  let path: String
  private var written: [String] = []

  init() {
    var template = Array("/tmp/perigee-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit { for path in written.reversed() + [path] { _ = remove(path) } }

  func write(_ name: String, _ text: String) {
    if let slash = name.lastIndex(of: "/"), mkdir("\(path)/\(name[..<slash])", 0o755) == 0 {
      written.append("\(path)/\(name[..<slash])")
    }
    let file = fopen("\(path)/\(name)", "wb")!
    fputs(text, file)
    fclose(file)
    written.append("\(path)/\(name)")
  }
}
