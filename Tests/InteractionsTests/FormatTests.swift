import Interactions
import TestSupport
import Testing

@Suite struct FormatTests {
  let folder = TemporaryFolder()

  /// The three interactions that most of the files below hold: (1, 10), (2, 10), (2, 30).
  func check(_ data: Dataset, format: String, line: SourceLocation = #_sourceLocation) {
    #expect(data.provenance.format == format, sourceLocation: line)
    #expect(identifiers(data.userIdentifiers) == ["1", "2"], sourceLocation: line)
    #expect(identifiers(data.itemIdentifiers) == ["10", "30"], sourceLocation: line)
    #expect(data.interactions.rowOffsets == [0, 1, 3], sourceLocation: line)
    #expect(data.interactions.items == [0, 0, 1], sourceLocation: line)
  }

  @Test(arguments: [
    "1,10\n2,30\n2,10\n", "1\t10\n2\t30\n2\t10\n", "1::10\n2::30\n2::10\n", "1 10\n2 30\n2 10",
    "1;10\r\n2;30\r\n2;10\r\n",
    "user,item\n1,10\n2,30\n2,10\n", "userID\tartistID\r\n1\t10\r\n2\t30\r\n2\t10\r\n", "\u{FEFF}1|10\n\n2|30\n2|10\n",
    "\"user_id\",\"movie id\"\n\"1\",\"10\"\n\"2\",\"30\"\n\"2\",\"10\"\n", "item user\n10 1\n30 2\n10 2\n",
  ])
  func pairsAreReadWithAnySeparatorHeaderAndLineEnd(_ text: String) throws {
    check(try Dataset.open(folder.write("data.txt", text)), format: "table")
  }

  @Test func ratingsAndTimesStayWithTheirInteractions() throws {
    let data = try Dataset.open(
      folder.write("data.dat", "2::30::4.5::978300760\n2::10::-1::978302109\n1::10::3::978301968\n"))
    check(data, format: "table")
    #expect(data.ratings == [3, -1, 4.5])
    #expect(data.timestamps == [978_301_968, 978_302_109, 978_300_760])
  }

  @Test func aThirdColumnOfTimesIsTime() throws {
    let seconds = try Dataset.open(folder.write("a.csv", "1,10,978300760\n2,30,978300761\n2,10,978300762\n"))
    #expect(seconds.ratings == nil)
    #expect(seconds.timestamps == [978_300_760, 978_300_762, 978_300_761])
    let dates = try Dataset.open(
      folder.write("b.csv", "1,10,1970-01-02\n2,30,2000-03-01 00:00:01\n2,10,2010-10-19T23:55:27Z\n"))
    #expect(dates.timestamps == [86_400, 1_287_532_527, 951_868_801])
  }

  @Test func columnsCanBeNamedAndIgnored() throws {
    var options = OpenOptions()
    options.columns = ["user", "timestamp", "_", "_", "item"]
    let checkIns =
      "1\t2010-10-19T23:55:27Z\t30.2\t-97.7\t10\n2\t2010-10-18T22:17:43Z\t30.2\t-97.7\t30\n2\t2010-10-17T23:42:03Z\t30\t-97\t10\n"
    check(try Dataset.open(folder.write("Gowalla_totalCheckins.txt", checkIns), options), format: "table")
  }

  @Test func lastFM360KHasTitlesBeforePlays() throws {
    let data = try Dataset.open(
      folder.write("plays.tsv", "00000c289a\t3bd73256\tbetty blowtorch\t2137\n00000c289a\tf2fb0ff0\tdie Ärzte\t1099\n"))
    #expect(data.ratings == [2137, 1099] && data.titles?[1] == "die Ärzte")
  }

  @Test func threeRecBoleFilesAreASplit() throws {
    for (part, item) in [("train", 1), ("valid", 2), ("test", 3)] {
      folder.write("r/set.\(part).inter", "user_id:token\titem_id:token\n5\t\(item)\n")
    }
    #expect(
      try Dataset.open("\(folder.path)/r").split(.given()).description
        == "Split(given: 1 users, 3 items, 1 train, 1 valid, 1 test)")
  }

  @Test func textIdentifiersKeepTheOrderOfAppearance() throws {
    let data = try Dataset.open(folder.write("data.csv", "zoe,B00X\nadam,007\nzoe,007\nadam,7\nadam,B00X\n"))
    #expect(identifiers(data.userIdentifiers) == ["zoe", "adam"])
    #expect(identifiers(data.itemIdentifiers) == ["B00X", "007", "7"])
    #expect(data.userIdentifiers.index(of: "adam") == 1)
    #expect(data.itemIdentifiers.index(of: "007") == 1)
    #expect(data.itemIdentifiers.index(of: 7) == 2)
    #expect(data.itemIdentifiers.index(of: "B00") == nil)
    #expect(data.interactions.items == [0, 1, 0, 1, 2])
  }

  @Test func largeNumbersAreIdentifiersToo() throws {
    let data = try Dataset.open(
      folder.write("data.csv", "76561197970982479,440\n5,999999999999999999\n76561197970982479,5000000000\n"))
    #expect(identifiers(data.userIdentifiers) == ["5", "76561197970982479"])
    #expect(identifiers(data.itemIdentifiers) == ["440", "5000000000", "999999999999999999"])
    #expect(data.userIdentifiers.index(of: "76561197970982479") == 1)
  }

  @Test func manyTextIdentifiersAreAllFound() throws {
    var text = ""
    for row in 0..<5000 { text += "u\(row * 7919 % 5000),item-\(row % 1700)-of-a-longer-kind\n" }
    let data = try Dataset.open(folder.write("data.csv", text))
    #expect(data.userCount == 5000 && data.itemCount == 1700 && data.interactions.count == 5000)
    for index in stride(from: 0, to: 1700, by: 13) {
      let name = data.itemIdentifiers.identifier(at: index)
      #expect(name == "item-\(index)-of-a-longer-kind")
      #expect(data.itemIdentifiers.index(of: name) == index)
    }
  }

  @Test func recBoleFilesComeWithTitles() throws {
    folder.write(
      "x/x.inter",
      "item_id:token\tuser_id:token\trating:float\ttimestamp:float\n30\t2\t3\t881250949.0\n10\t2\t1.5\t8.8e8\n10\t1\t2\t1\n"
    )
    folder.write(
      "x/x.item",
      "item_id:token\tmovie_title:token_seq\trelease_year:token\n10\tToy Story\t1995\n99\tUnseen\t1\n30\tCafé\t2\n")
    folder.write("x/x.user", "user_id:token\tname:token\n1\tAda\n2\tBob\n")
    let data = try Dataset.open("\(folder.path)/x")
    check(data, format: "recbole")
    #expect(data.ratings == [2, 1.5, 3])
    #expect(data.timestamps == [1, 880_000_000, 881_250_949])
    #expect(data.titles?[0] == "Toy Story" && data.titles?[1] == "Café")
    #expect(data.userTitles?[1] == "Bob")
  }

  @Test func movieLensTitlesAreISO88591() throws {
    folder.write("m/ratings.dat", "1::10::5::978300760\n2::30::3::978302109\n2::10::3::978301968\n")
    folder.write(
      "m/movies.dat",
      Array("10::Mis".utf8) + [0xE9] + Array("rables, Les (1995)::Drama\n30::Heat (1995)::Action\n".utf8))
    let data = try Dataset.open("\(folder.path)/m")
    #expect(data.titles?[0] == "Misérables, Les (1995)")
    #expect(data.titles?[1] == "Heat (1995)")
  }

  @Test func listsThatCountFromZeroFindTitlesThatCountFromOne() throws {
    folder.write("m/train.txt", "0 0 1\n1 2\n")
    folder.write("m/test.txt", "0 2\n1 0\n")
    folder.write("m/movies.dat", "1::One::A\n2::Two::A\n3::Three::A\n")
    let data = try Dataset.open("\(folder.path)/m")
    #expect(data.titles?[0] == "One" && data.titles?[2] == "Three")
    #expect(data.provenance.notes == ["titles of movies.dat belong to the data's item number + 1"])
    // A file that knows only some of the numbers is about other items.
    folder.write("n/train.txt", "0 0 1\n1 2\n")
    folder.write("n/test.txt", "0 2\n1 0\n")
    folder.write("n/movies.dat", "1::One::A\n2::Two::A\n")
    #expect(try Dataset.open("\(folder.path)/n").titles == nil)
  }

  @Test func hetRecArtistsAreTitles() throws {
    folder.write("h/user_artists.dat", "userID\tartistID\tweight\r\n1\t10\t13883\r\n2\t30\t2\r\n2\t10\t1\r\n")
    folder.write(
      "h/artists.dat", "id\tname\turl\tpictureURL\r\n10\tMALICE MIZER\thttp://a\thttp://b\r\n30\tÄrzte\t\t\r\n")
    folder.write("h/readme.txt", "hetrec")
    let data = try Dataset.open("\(folder.path)/h")
    check(data, format: "table")
    #expect(data.ratings == [13_883, 1, 2])
    #expect(data.titles?[1] == "Ärzte")
  }

  @Test func countsInFrontAreCiteULike() throws {
    let data = try Dataset.open(folder.write("users.dat", "2 5 3\n0\n3 0 3 5\n"))
    #expect(data.provenance.format == "counted_lists")
    #expect(data.interactions.rowOffsets == [0, 2, 2, 5], "a user without items is one")
    #expect(identifiers(data.itemIdentifiers) == ["0", "3", "5"])
    var options = OpenOptions()
    options.catalog = .range
    let whole = try Dataset.open(folder.path + "/users.dat", options)
    #expect(whole.userCount == 3 && whole.itemCount == 6)
    #expect(whole.interactions.rowOffsets == [0, 2, 2, 5])
    #expect(whole.interactions.items == [3, 5, 0, 3, 5])
  }

  @Test func amazonReviewsAreJSONLines() throws {
    let old = try Dataset.open(
      folder.write(
        "reviews_5.json",
        """
        {"reviewerID": "A2", "asin": "B30", "helpful": [0, {"x": "}"}], "reviewText": "say \\"hi\\", {ok}", "overall": 5.0, "unixReviewTime": 1252800000, "reviewTime": "09 13, 2009"}
        {"reviewerID": "A1", "asin": "B10", "overall": 2.0, "unixReviewTime": 1252800001}

        """))
    #expect(old.provenance.format == "json_lines")
    #expect(identifiers(old.userIdentifiers) == ["A2", "A1"])
    #expect(old.ratings == [5, 2] && old.timestamps == [1_252_800_000, 1_252_800_001])
    let new = try Dataset.open(
      folder.write(
        "new.jsonl",
        "{\"rating\":4,\"title\":\"T\",\"asin\":\"V1\",\"parent_asin\":\"P\\u00e9\",\"user_id\":\"U\",\"timestamp\":1588687728923,\"ok\":true}\n"
      ))
    #expect(identifiers(new.itemIdentifiers) == ["Pé"])
    #expect(new.timestamps == [1_588_687_728_923])
    #expect(new.titles == nil, "a review's title is not the item's")
    var options = OpenOptions()
    options.columns = ["who", "what"]
    let own = try Dataset.open(folder.write("own.json", "{\"who\": 7, \"what\": \"x\", \"rating\": 1}\n"), options)
    #expect(identifiers(own.userIdentifiers) == ["7"] && own.ratings == nil)
  }

  @Test func metaFilesGiveAmazonTitles() throws {
    folder.write("a/reviews.json", "{\"reviewerID\": \"A\", \"asin\": \"B1\", \"overall\": 5.0}\n")
    folder.write(
      "a/meta_Video.json", "{\"asin\": \"B1\", \"title\": \"The \\\"Wire\\\"\"}\n{\"asin\": \"B2\", \"title\": \"x\"}\n"
    )
    #expect(try Dataset.open("\(folder.path)/a").titles?[0] == "The \"Wire\"")
  }

  @Test func ncfFilesAreASplitWithCandidates() throws {
    folder.write("n/A.train.rating", "0\t1\t5\n0\t2\t4\n1\t3\t1\n")
    folder.write("n/A.test.rating", "0\t3\t5\n1\t1\t4\n")
    // As AMusic's: the held-out item, an item of the train part, a repetition, and an item seen nowhere else.
    folder.write("n/A.test.negative", "(1,1)\t4\t4\t1\n(0,3)\t2\t0\t4\n")
    let data = try Dataset.open("\(folder.path)/n")
    #expect(data.description == "Dataset(2 users, 5 items, 5 interactions)")
    let split = try data.split(.given())
    #expect(split.train.items == [1, 2, 3] && split.test.items == [3, 1])
    let candidates = try #require(split.candidates)
    #expect(Array(candidates.items(of: 0)) == [2, 0, 4])
    #expect(Array(candidates.items(of: 1)) == [4, 4, 1])
    #expect(data.provenance.notes == [])
  }

  @Test func candidatesForAnotherPairAreNoted() throws {
    folder.write("n/A.train.rating", "0\t1\t5\n")
    folder.write("n/A.test.rating", "0\t3\t5\n")
    folder.write("n/A.test.negative", "(0,1)\t4\n")
    #expect(
      try Dataset.open("\(folder.path)/n").provenance.notes == [
        "1 lists of candidates are for a pair that is not in the test part"
      ])
  }

  @Test func aFolderOfThreePartsAndCandidatesIsASplit() throws {
    folder.write("u/train.tsv", "u1\ti1\nu1\ti2\nu2\ti3\n")
    folder.write("u/valid.tsv", "u1\ti3\n")
    folder.write("u/test.tsv", "u1\ti4\nu2\ti1\n")
    folder.write("u/candidates.txt", "u2 i2 i4 i2\n")
    let split = try Dataset.open("\(folder.path)/u").split(.given())
    #expect(split.description == "Split(given: 2 users, 4 items, 3 train, 1 valid, 2 test)")
    #expect(split.valid?.items == [2])
    #expect(Array(split.candidates!.items(of: 0)) == [])
    #expect(Array(split.candidates!.items(of: 1)) == [1, 3, 1])
  }

  @Test func gzippedFilesAreRead() throws {
    folder.write("g/train.txt.gz", gzip("0 3 1\n1 0\n"))
    // Two members, as `cat a.gz b.gz` makes them.
    folder.write("g/test.txt.gz", gzip("0 2\n") + gzip("1 1\n"))
    let data = try Dataset.open("\(folder.path)/g")
    #expect(data.interactions.items == [1, 2, 3, 0, 1])
    #expect(data.parts == [.train, .test, .train, .train, .test])
  }

  @Test func linesLongerThanTheBufferAreRead() throws {
    let items = (0..<120_000).map(String.init).joined(separator: " ")
    let data = try Dataset.open(folder.write("a.txt", "0 \(items)\n1 5\n2 7 9 8\n"))
    #expect(data.interactions.rowOffsets == [0, 120_000, 120_001, 120_004])
  }

  @Test func largeCommaFilesCrossBufferBordersUnharmed() throws {
    var text = "user_id,item_id,rating,title\n"
    for row in 0..<40_000 {
      text += "\(row % 997),\(row / 997),\(row % 5 + 1),\"a, \"\"quoted\"\" title \(row / 997)\"\n"
    }
    let data = try Dataset.open(folder.write("big.csv", text))
    #expect(data.interactions.count == 40_000 && data.userCount == 997)
    #expect(data.titles?[3] == "a, \"quoted\" title 3")
    let position = try #require(data.interactions.position(user: 5, item: 7))
    #expect(data.ratings?[position] == Float((7 * 997 + 5) % 5 + 1))
  }
}

func identifiers(_ map: IdentifierMap) -> [String] { (0..<map.count).map { map.identifier(at: $0) } }
