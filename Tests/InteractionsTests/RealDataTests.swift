import TestSupport
import Testing

@testable import Interactions

/// Published sets agree with what their publishers and papers count. Needs them in `$PERIGEE_DATA`; a set that is not there
/// is reported as skipped.
@Suite(
  .serialized,
  .enabled(if: environment("PERIGEE_DATA") != nil, "PERIGEE_DATA is not set: published sets are not tested"))
struct RealDataTests {
  struct Expected: Sendable, CustomTestStringConvertible {
    let path: String
    let users: Int
    let items: Int
    let interactions: Int
    var parts: [Int]?
    var testDescription: String { path }
  }

  static let sets = [
    Expected(
      path: "gowalla-lightgcn", users: 29_858, items: 40_981, interactions: 1_027_370, parts: [810_128, 0, 217_242]),
    Expected(
      path: "yelp2018-lightgcn", users: 31_668, items: 38_048, interactions: 1_561_406, parts: [1_237_259, 0, 324_147]),
    Expected(path: "gowalla-pris", users: 29_858, items: 40_988, interactions: 1_027_464),
    Expected(
      path: "gowalla-pris/derived", users: 29_858, items: 40_988, interactions: 1_027_464, parts: [822_358, 0, 205_106]),
    Expected(path: "citeulike-t", users: 7947, items: 25_584, interactions: 134_860),
    Expected(path: "hetrec2011-lastfm-2k", users: 1892, items: 17_632, interactions: 92_834),
    Expected(
      path: "hetrec2011-lastfm-2k/uib-split", users: 1877, items: 17_617, interactions: 92_801,
      parts: [89_047, 1877, 1877]),
    Expected(path: "amazon-instant-video", users: 5130, items: 1685, interactions: 37_126),
    Expected(
      path: "amazon-instant-video/uib-split", users: 5130, items: 1685, interactions: 37_126,
      parts: [26_866, 5130, 5130]),
    Expected(path: "ml-1m", users: 6040, items: 3706, interactions: 1_000_209, parts: [802_553, 0, 197_656]),
    Expected(path: "ml-1m/ratings.first100k.dat", users: 669, items: 3264, interactions: 100_000),
    Expected(path: "ml-100k", users: 943, items: 1682, interactions: 100_000),
    Expected(path: "ml-100k/u.data", users: 943, items: 1682, interactions: 100_000),
    Expected(path: "amusic-ncf", users: 1776, items: 12_929, interactions: 46_087, parts: [44_311, 0, 1776]),
  ]

  func open(_ path: String, _ change: (inout OpenOptions) -> Void = { _ in }) throws -> Dataset {
    let path = "\(environment("PERIGEE_DATA")!)/\(path)"
    if FileSystem.kind(path) == nil { try Test.cancel("\(path) is not there") }
    var options = OpenOptions()
    options.cache = false
    change(&options)
    return try Dataset.open(path, options)
  }

  @Test(arguments: sets) func countsAreThePublishers(_ expected: Expected) throws {
    let data = try open(expected.path)
    let statistics = data.statistics()
    #expect(statistics.users == expected.users && statistics.items == expected.items)
    #expect(statistics.interactions == expected.interactions)
    #expect(statistics.parts.map { [$0.train, $0.valid, $0.test] } == expected.parts)
    #expect(statistics.duplicates == 0 && statistics.badLines == 0)
  }

  @Test func leastCountsAreThoseOfThePapers() throws {
    let gowalla = try open("gowalla-lightgcn").statistics()
    #expect(gowalla.perUser.minimum == 9 && gowalla.perItem.minimum == 10)
    let video = try open("amazon-instant-video").statistics()
    #expect(video.perUser.minimum == 5 && video.perItem.minimum == 5 && video.ratings == 1...5)
    #expect(try open("citeulike-t").statistics().perUser.minimum == 3)
    let pris = try open("gowalla-pris").statistics()
    #expect(pris.perUser.minimum == 10 && pris.perItem.minimum == 10)
  }

  @Test func everyUserOfLightGCNIsInBothParts() throws {
    for name in ["gowalla-lightgcn", "yelp2018-lightgcn"] {
      let split = try open(name).split(.given())
      for user in 0..<split.userCount {
        #expect(!split.train.items(of: user).isEmpty && !split.test.items(of: user).isEmpty)
      }
    }
  }

  @Test func citeULikesCatalogIsPRISWithAllNumbers() throws {
    let data = try open("citeulike-t") { $0.catalog = .range }
    #expect(data.userCount == 7947 && data.itemCount == 25_975)
    #expect(data.statistics().perItem.zeros == 391)
  }

  @Test func uibsFilterOfLastFMIsUsersWithFiveArtists() throws {
    var filter = DatasetFilter()
    filter.minimumPerUser = 5
    let data = try open("hetrec2011-lastfm-2k").filter(filter)
    #expect(data.description == "Dataset(1877 users, 17617 items, 92801 interactions)")
    let split = try data.split(.leaveOneOut(seed: 15))
    #expect(split.train.count == 89_047 && split.valid?.count == 1877 && split.test.count == 1877)
    // The authors' split is of the very same pairs.
    let published = try open("hetrec2011-lastfm-2k/uib-split")
    #expect(published.interactions == data.interactions)
    #expect(identifiers(published.itemIdentifiers) == identifiers(data.itemIdentifiers))
    #expect(published.candidates?.items.count == 187_700)
  }

  @Test func prisCountsOfTheRatioSplitAreOurs() throws {
    let matrix = try open("gowalla-pris")
    let split = try matrix.split(.ratio(test: 0.2, seed: 10))
    #expect(split.train.count == 822_358 && split.test.count == 205_106)
    let derived = try open("gowalla-pris/derived")
    #expect(derived.interactions == matrix.interactions)
    let authors = try derived.split(.given())
    for user in stride(from: 0, to: split.userCount, by: 97) {
      #expect(split.test.items(of: user).count == authors.test.items(of: user).count)
    }
  }

  @Test func bothFormsOfMovieLens100KAreTheSame() throws {
    let atomic = try open("ml-100k")
    let plain = try open("ml-100k/u.data")
    #expect(atomic.interactions == plain.interactions)
    #expect(atomic.ratings == plain.ratings && atomic.timestamps == plain.timestamps)
    let item = try #require(atomic.itemIdentifiers.index(of: "1"))
    #expect(atomic.titles?[item] == "Toy Story" && atomic.titles?.count == 1682)
  }

  @Test func titlesComeWithTheirItems() throws {
    let movies = try open("ml-1m")
    // MovieID 2858 is American Beauty; the lists count from 0.
    #expect(movies.titles?[try #require(movies.itemIdentifiers.index(of: "2857"))] == "American Beauty (1999)")
    let ratings = try open("ml-1m/ratings.first100k.dat") {
      $0.titles = "\(environment("PERIGEE_DATA")!)/ml-1m/movies.dat"
    }
    #expect(ratings.titles?[try #require(ratings.itemIdentifiers.index(of: "2858"))] == "American Beauty (1999)")
    let artists = try open("hetrec2011-lastfm-2k")
    #expect(artists.titles?.count == 17_632)
    #expect(artists.titles?[try #require(artists.itemIdentifiers.index(of: "51"))] == "Duran Duran")
  }

  @Test func aMusicsCandidatesAreTakenAsTheyAre() throws {
    let split = try open("amusic-ncf").split(.given())
    let candidates = try #require(split.candidates)
    #expect(candidates.items.count == 175_824)
    var trained = 0
    var heldOut = 0
    for user in 0..<split.userCount {
      for item in candidates.items(of: user) {
        if split.train.contains(user: user, item: item) { trained += 1 }
        if split.test.contains(user: user, item: item) { heldOut += 1 }
      }
    }
    #expect(trained == 348 && heldOut == 18)
  }

  @Test func publishersFilesHaveTheCatalogsChecksums() throws {
    let root = environment("PERIGEE_DATA")!
    for known in DataCatalog.all {
      guard let folder = DataCatalog.path(of: known, in: [root]) else { continue }
      for file in known.origins.flatMap(\.files) where FileSystem.kind("\(folder)/\(file.name)") == .file {
        guard let sha256 = file.sha256 else { continue }
        #expect(try SHA256.hash(ofFile: "\(folder)/\(file.name)") == sha256, "\(folder)/\(file.name)")
      }
    }
  }

  @Test func gowallaLoadsBelowItsLimits() throws {
    let folder = TemporaryFolder()
    let clock = ContinuousClock()
    var options = OpenOptions()
    options.cacheFolder = folder.path
    let path = "\(environment("PERIGEE_DATA")!)/gowalla-lightgcn"
    if FileSystem.kind(path) == nil { try Test.cancel("\(path) is not there") }
    let fromText = try clock.measure { _ = try Dataset.open(path, options) }
    var isCached = false
    let fromCache = try clock.measure { isCached = try Dataset.open(path, options).provenance.cached }
    #expect(isCached)
    #expect(fromText < .milliseconds(500) && fromCache < .milliseconds(50))
  }
}
