import Platform
import Interactions
import TestSupport
import Testing

/// Every mistake a file can have, with the whole message it gets.
@Suite struct BadInputTests {
  let folder = TemporaryFolder()

  /// The message of opening the file, with the folder's path cut out.
  func message(_ name: String, _ content: [UInt8], _ change: (inout OpenOptions) -> Void = { _ in }) -> String? {
    folder.write(name, content)
    return message(name, change)
  }

  func message(_ name: String, _ text: String, _ change: (inout OpenOptions) -> Void = { _ in }) -> String? {
    message(name, Array(text.utf8), change)
  }

  func message(_ name: String, _ change: (inout OpenOptions) -> Void = { _ in }) -> String? {
    var options = OpenOptions()
    change(&options)
    do {
      _ = try Dataset.open("\(folder.path)/\(name)", options)
      return nil
    } catch { return error.description.split(separator: folder.path + "/").joined() }
  }

  let skip = "; correct the line or pass on_bad_line = \"skip\""

  @Test func aWordInAList() {
    #expect(
      message("l.txt", (0..<20).map { "\($0) 1 2 \($0 % 3 == 0 ? "" : "3")\n" }.joined() + "20 six 7\n")
        == "l.txt:21: expected whole numbers separated by spaces, found \"six\"" + skip)
    #expect(
      message("m.txt", (0..<20).map { "\($0) 1 2 \($0 % 3 == 0 ? "" : "3")\n" }.joined() + "20 -1 7\n")
        == "m.txt:21: expected whole numbers separated by spaces, found \"-1\"" + skip)
  }

  @Test func aWrongCountInFront() {
    #expect(
      message("users.dat", String(repeating: "2 5 3\n3 7 8 9\n", count: 6) + "3 5 3\n")
        == "users.dat:13: expected 3 items after the count 3, found 2 items" + skip)
    #expect(
      message("v.dat", String(repeating: "2 5 3\n3 7 8 9\n", count: 6) + "\n2 1 2\n")
        == "v.dat:13: expected the count of the user's items, found an empty line" + skip)
  }

  @Test func aMissingColumn() {
    #expect(
      message("r.tsv", "1\t2\t5\n1\t3\t4\n2\t3\n")
        == "r.tsv:3: expected 3 columns separated by tabs, found 2 in \"2\\t3\"" + skip)
    #expect(
      message("r.csv", "user,item\n1,2\n1,3\n2,3,9\n")
        == "r.csv:4: expected 2 columns separated by \",\", found 3 in \"2,3,9\"" + skip)
    #expect(
      message("r.dat", "1::2::5::1\n1::3::4::2\n2::3\n")
        == "r.dat:3: expected 4 columns separated by \"::\", found 2 in \"2::3\"" + skip)
  }

  @Test func aWrongValue() {
    #expect(
      message("a.tsv", "1\t2\t5\n1\t3\tgood\n2\t3\t4\n")
        == "a.tsv:2: expected a number as rating in column 3, found \"good\"" + skip)
    #expect(
      message("b.tsv", "1\t2\t5\t978300760\n1\t3\t4\tyesterday\n2\t3\t4\t978300760\n")
        == "b.tsv:2: expected a time (a number, or a date as 2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00) in column 4, found \"yesterday\""
        + skip)
    #expect(message("c.csv", "1,2\n,3\n2,3\n") == "c.csv:2: expected a user in column 1, found nothing" + skip)
    #expect(message("d.csv", "1,2\n1, \n2,3\n") == "d.csv:2: expected an item in column 2, found nothing" + skip)
    #expect(
      message("e.csv", "1,2\n\"1,3\n2,3\n2,4\n") == "e.csv:2: expected every quoted field closed, found \"\\\"1,3\""
        + skip)
    for bad in ["nan", "inf", "0x10", "", "1e999", "--1", "."] {
      #expect(
        message("f.tsv", "1\t2\t5\n1\t3\t\(bad)\n2\t3\t4\n")
          == "f.tsv:2: expected a number as rating in column 3, found \"\(bad)\"" + skip)
    }
    for bad in ["2012-13-01", "2012-1-1", "2012-01-01 25:00:00", "2012-02-30", "2012-01-01T00:00:00+2"] {
      #expect(
        message("g.tsv", "1\t2\t5\t978300760\n1\t3\t4\t\(bad)\n2\t3\t4\t978300760\n")
          == "g.tsv:2: expected a time (a number, or a date as 2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00) in column 4, found \"\(bad)\""
          + skip)
    }
  }

  @Test func aBrokenObject() {
    let good = "{\"reviewerID\": \"A\", \"asin\": \"B\", \"overall\": 5.0}\n"
    #expect(
      message("a.json", good + "{\"reviewerID\": \"A\", \"asin\n")
        == "a.json:2: expected a JSON object (a key in double quotes at column 26), found the end of the line" + skip)
    #expect(
      message("b.json", good + "{'reviewerID': 'A'}\n")
        == "b.json:2: expected a JSON object (a key in double quotes at column 2), found \"'reviewerID': 'A'}\"" + skip)
    #expect(
      message("c.json", good + "{\"reviewerID\": \"A\", \"overall\": 5}\n")
        == "c.json:2: expected texts or numbers under \"reviewerID\" and \"asin\", found \"{\\\"reviewerID\\\": \\\"A\\\", \\\"overall\\\": 5}\""
        + skip)
    #expect(
      message("d.json", good + "{\"reviewerID\": \"A\", \"asin\": \"B\", \"overall\": null}\n")
        == "d.json:2: expected a number under \"overall\", found none" + skip)
    #expect(
      message("e.json", "{\"x\": 1}\n")
        == "e.json: holds JSON objects without a key for the user or the item that Perigee knows; name the keys with columns = { user = \"user's key\", item = \"item's key\" }"
    )
  }

  @Test func brokenCandidates() {
    folder.write("n/a.train.rating", "0\t1\t5\n")
    folder.write("n/a.test.rating", "0\t3\t5\n")
    folder.write("n/a.test.negative", "(0,3\t4\n")
    #expect(
      message("n") == "n/a.test.negative:1: expected \"(user,item)\" in front of the candidates, found \"(0,3\"" + skip)
    folder.write("n/a.test.negative", "(9,3)\t4\n")
    #expect(message("n") == "n/a.test.negative:1: expected a user of the data, found \"9\"" + skip)
    folder.write("u/train.tsv", "0\t1\n")
    folder.write("u/test.tsv", "0\t3\n")
    folder.write("u/candidates.txt", "0 1 2\n0 3\n")
    #expect(message("u") == "u/candidates.txt:2: expected one list a user, found a second one for user \"0\"" + skip)
  }

  @Test func skippedLinesAreCountedAndLeaveNoTrace() throws {
    var options = OpenOptions()
    options.badLines = .skip
    let path = folder.write("a.tsv", "1\t2\t5\n9\t8\tgood\n2\t3\t4\n7\n")
    let data = try Dataset.open(path, options)
    #expect(data.description == "Dataset(2 users, 2 items, 2 interactions)")
    #expect(data.provenance.badLines == 2)
    #expect(
      data.provenance.badLineExamples == [
        "\(path):2: expected a number as rating in column 3, found \"good\"",
        "\(path):4: expected 3 columns separated by tabs, found 1 in \"7\"",
      ])
    #expect(data.statistics().badLines == 2)
    #expect(
      message("b.tsv", "1\t2\ta\n1\t3\tb\n") { $0.badLines = .skip }
        == "b.tsv: holds no usable line (2 bad ones were skipped); check that it is the right file")
  }

  @Test func filesThatAreNoData() {
    #expect(message("a.txt", "") == "a.txt: is empty; fetch or copy the file again")
    #expect(message("b.txt", "\n \n\n") == "b.txt: holds only empty lines; fetch or copy the file again")
    #expect(
      message("c.csv", "user,item\n") == "c.csv: holds no interactions; check that it is the right file")
    #expect(
      message("d.bin", [0x7F, 0x45, 0x4C, 0x46, 0, 0, 0, 1])
        == "d.bin: is a binary file, not text; give a text file of interactions (plain or gzipped) or a MATLAB 5 file with a sparse matrix"
    )
    #expect(
      message("d.zip", zip([("a", [1])]))
        == "d.zip: is a zip archive; unpack it and give the file or folder inside")
    #expect(
      message("e.txt", [0xFF, 0xFE, 0x31, 0x00])
        == "e.txt: is UTF-16 text; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")
    #expect(
      message("f.txt", "Once upon a time\nthere-was-a-user\nwho_liked\nnothing\n")
        == "f.txt: is in no format that Perigee knows: line 1 is \"Once upon a time\"; give lines of user and item separated by tabs, commas, \"::\" or spaces, or pass separator"
    )
    #expect(
      message("g.csv", "color,shape\n1,2\n")
        == "g.csv: cannot tell which column is the user and which the item among color, shape; name them, for example columns = { user = \"color\", item = \"shape\" }, or pass header = false if the first line is data"
    )
    #expect(
      message("h.csv", "1,2,3,4,5\n1,2,3,4,5\n")
        == "h.csv: cannot tell which column is the user and which the item among 5 columns; name them, for example columns = { user = 1, item = 2 }"
    )
    #expect(
      message("i.txt", "0 3 1\n1 0 1\n")
        == "i.txt: may hold interactions with ratings (\"user item rating\") or lists (\"user item item\"); say which with format = \"table\" or format = \"lists\""
    )
  }

  @Test func damagedGzip() {
    let whole = gzip((0..<20_000).map { "\($0 * 7919 % 100_003),\($0)\n" }.joined())
    #expect(
      message("a.csv.gz", Array(whole.prefix(40)))?.hasSuffix(
        "unpacked bytes (a cut-off copy?); fetch or copy the file again") == true)
    #expect(
      message("b.csv.gz", Array(whole.dropLast(6)))
        == "b.csv.gz: the gzip data ends early, after 226672 unpacked bytes (a cut-off copy?); fetch or copy the file again"
    )
    var altered = whole
    altered[whole.count - 6] ^= 0x55
    #expect(
      message("c.csv.gz", altered)
        == "c.csv.gz: the gzip data is damaged after 226672 unpacked bytes; fetch or copy the file again")
    #expect(message("d.csv.gz", [0x1F, 0x8B])?.contains("the gzip data ends early, after 0 unpacked bytes") == true)
  }

  @Test func whatIsNotThere() {
    #expect(
      message("nowhere.csv")
        == "no data set \"nowhere.csv\"; there is no such file or folder: check the path")
    folder.write("empty/readme.md", "nothing")
    #expect(
      message("empty") == "empty: holds no file of interactions; give the file or folder that does")
    folder.write("many/a.csv", "1,2\n")
    folder.write("many/b.csv", "1,2\n")
    #expect(
      message("many") == "many: holds several files that may be the data: a.csv, b.csv; give the path of one of them")
  }

  @Test func optionsThatDoNotFit() {
    #expect(
      message("a.csv", "1,2,3\n2,3,4\n") { $0.columns = ["user", "thing", "_"] }
        == "columns holds \"thing\"; use \"user\", \"item\", \"rating\", \"time\", \"title\" and \"_\"")
    #expect(
      message("a.csv") { $0.columns = ["user", "item"] }
        == "a.csv: has 3 columns, and columns names 2; name every column, \"_\" for one to ignore")
    #expect(
      message("a.csv") { $0.separator = "/" }
        == "separator is \"/\"; use \",\", \";\", \"|\", \"::\", \"\\t\" or \" \" (runs of spaces and tabs)")
    folder.write("t.csv", "99,Nothing\n")
    #expect(
      message("a.csv") { $0.titles = "\(folder.path)/t.csv" }
        == "t.csv: has no titles for the items of the data; check that both use the same ids")
    #expect(
      message("b.csv", "1,99999999999\n2,3\n") { $0.catalog = .range }
        == "catalog = \"range\" needs identifiers below 2147483647, found 99999999999; use catalog = \"seen\"")
  }
}
