import Platform
import TestSupport
import Testing

@testable import Interactions

@Suite struct FetchTests {
  let folder = TemporaryFolder()

  /// A set of two files in the three ways it may be published, on this disk.
  func known(_ origins: [KnownDataset.Origin], interactions: Int = 5) -> KnownDataset {
    KnownDataset(
      name: "tiny", aliases: [], folders: ["tiny"], title: "", publisher: "", terms: "", users: 2, items: 3,
      interactions: interactions, origins: origins)
  }

  func origin(files base: String, checksum: String? = trainHash) -> KnownDataset.Origin {
    .files(
      base: base,
      files: [
        .init(source: "train.txt", name: "train.txt", sha256: checksum),
        .init(source: "test.txt", name: "test.txt", sha256: nil),
      ])
  }

  static let train = "0 1 2\n1 0\n"
  static let trainHash = "c86b2e1ad48fd1a9a3f1e2fd8f6bbf26f2e0e0b0e9b60b7d7ecc1a1a1e7be8ad"

  func hashOfTrain() -> String {
    var hash = SHA256()
    Array(Self.train.utf8).withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }

  func publish() -> String {
    folder.write("site/train.txt", Self.train)
    folder.write("site/test.txt", "0 0\n1 2\n")
    return "\(folder.path)/site"
  }

  /// A program that stands in for curl: copies the file named by its last argument to the one after `--output`.
  func copier() -> String {
    let script = """
      #!/bin/sh
      while [ $# -gt 1 ]; do if [ "$1" = --output ]; then to=$2; fi; shift; done
      cp "$1" "$to" 2>/dev/null || { echo "curl: (22) no $1" >&2; exit 22; }
      """
    let path = folder.write("curl", script)
    chmod(path, 0o755)
    return path
  }

  func fetcher(pip: [[String]] = [], _ report: @escaping (String) -> Void = { _ in }) throws(DataError) -> DataFetcher {
    try DataFetcher(root: folder.path + "/data", curl: copier(), pip: pip, report: report)
  }

  func message(_ known: KnownDataset, pip: [[String]] = []) -> String {
    do {
      return try fetcher(pip: pip).fetch(known).split(separator: folder.path).joined()
    } catch { return error.description.split(separator: folder.path).joined() }
  }

  func left() throws -> [String] { try FileSystem.list(folder.path + "/data", hidden: true) }

  @Test func filesAreBroughtVerifiedAndNamed() throws {
    var told: [String] = []
    let set = known([origin(files: publish(), checksum: hashOfTrain())])
    let place = try fetcher { told.append($0) }.fetch(set)
    #expect(place == folder.path + "/data/tiny")
    #expect(try FileSystem.list(place) == ["test.txt", "train.txt"])
    #expect(try left() == ["tiny"])
    #expect(told == ["fetching tiny from \(folder.path)/site", "tiny is in \(place)"])
    _ = try fetcher { told.append($0) }.fetch(set)
    #expect(told.last == "tiny is already in \(place)")
  }

  @Test func archivesAndWheelsAreUnpackedByOurselves() throws {
    _ = publish()
    let bytes = zip([
      ("x/train.txt", Array(Self.train.utf8)), ("x/test.txt", Array("0 0\n1 2\n".utf8)),
      ("x/big", [UInt8](repeating: 7, count: 500_000)),
    ])
    folder.write("site/tiny.zip", bytes)
    let files = ["train.txt", "test.txt"].map { KnownDataset.File(source: "x/\($0)", name: $0, sha256: nil) }
    #expect(
      message(known([.archive(address: "\(folder.path)/site/tiny.zip", sha256: nil, files: files)])) == "/data/tiny")
    FileSystem.remove(folder.path + "/data")
    // A pip that puts a wheel into the folder after --dest.
    let pip = folder.write(
      "pip",
      "#!/bin/sh\nwhile [ $# -gt 1 ]; do if [ \"$1\" = --dest ]; then to=$2; fi; shift; done\necho $1 > $to/asked\ncp \(folder.path)/site/tiny.zip $to/tiny-1.0-py3-none-any.whl\n"
    )
    chmod(pip, 0o755)
    let wheel = known([.package(name: "tiny", version: "1.0", files: files)])
    #expect(message(wheel, pip: [["no-such-pip"], [pip]]) == "/data/tiny")
  }

  @Test func aFailedFetchLeavesNothingAndSaysWhatToDo() throws {
    let base = publish()
    let byHand = "by hand: download train.txt, test.txt from "
    #expect(
      message(known([origin(files: base)]))
        == "fetch tiny failed (/site: train.txt has the SHA-256 \(hashOfTrain()) and should have \(Self.trainHash)); \(byHand)/site, into /data/tiny"
    )
    #expect(
      message(known([origin(files: "/nowhere", checksum: nil)]))
        == "fetch tiny failed (/nowhere: curl: (22) no /nowhere/train.txt); \(byHand)/nowhere, into /data/tiny")
    #expect(
      message(known([origin(files: base, checksum: nil)], interactions: 6))
        == "fetch tiny failed (/site: what came has 2 users, 3 items and 5 interactions, and should have 2, 3 and 6); \(byHand)/site, into /data/tiny"
    )
    let wheel = KnownDataset.Origin.package(
      name: "tiny", version: "1.0", files: [.init(source: "a/b/train.txt", name: "train.txt", sha256: nil)])
    #expect(
      message(known([wheel]), pip: [["no-such-pip"]])
        == "fetch tiny failed (the Python package tiny 1.0: no pip on this machine); by hand: run \"pip download --no-deps tiny==1.0\" where there is a network, unzip the wheel and copy train.txt from a/b/, into /data/tiny"
    )
    folder.write("site/broken.zip", Array(zip([("x/train.txt", Array(Self.train.utf8))]).dropLast(30)))
    let archive = KnownDataset.Origin.archive(
      address: "\(folder.path)/site/broken.zip", sha256: nil,
      files: [.init(source: "x/train.txt", name: "train.txt", sha256: nil)])
    #expect(message(known([archive])).contains("archive.zip is no zip archive, or a cut-off one"))
    #expect(try left() == [])
  }

  @Test func theNextOriginIsTriedWhenOneFails() throws {
    let set = known([origin(files: "/nowhere", checksum: nil), origin(files: publish(), checksum: hashOfTrain())])
    #expect(message(set) == "/data/tiny")
  }

  @Test func leftoversOfEndedFetchesGo() throws {
    folder.write("data/.fetch-tiny-999999999/set/train.txt", "half")
    _ = message(known([origin(files: publish(), checksum: nil)]))
    #expect(try left() == ["tiny"])
  }

  @Test(.timeLimit(.minutes(1))) func fetchesAtOnceAllSucceed() async throws {
    let set = known([origin(files: publish(), checksum: hashOfTrain())])
    let (root, curl) = (folder.path + "/data", copier())
    for _ in 0..<10 {
      await withTaskGroup(of: String.self) { group in
        for _ in 0..<4 {
          group.addTask {
            do {
              return try DataFetcher(root: root, curl: curl, pip: [], report: { _ in }).fetch(set)
            } catch { return "\(error)" }
          }
        }
        for await place in group { #expect(place == "\(root)/tiny") }
      }
      #expect(try left() == ["tiny"])
      FileSystem.remove(root)
    }
  }

  /// A place that is taken by something else than a set is no success.
  @Test func aPlaceThatIsTakenIsAnError() throws {
    folder.write("data/tiny", "a file")
    let told = message(known([origin(files: publish(), checksum: nil)]))
    #expect(told.hasPrefix("fetch tiny failed (/site: tiny cannot be made: Not a directory); by hand: "))
  }

  @Test func aFullDiskIsNamedWithTheFile() throws {
    let data = folder.path + "/data"
    mkdir(data, 0o755)
    // Only root may mount; a disk of 100 kB.
    guard getuid() == 0, mount("tmpfs", data, "tmpfs", 0, "size=100k") == 0 else { return }
    defer { umount(data) }
    folder.write("site/train.txt", [UInt8](repeating: 10, count: 300_000))
    folder.write("site/test.txt", "0 0\n")
    folder.write("site/tiny.zip", zip([("train.txt", [UInt8](repeating: 10, count: 300_000))]))
    let base = "\(folder.path)/site"
    let full = "train.txt cannot be written: No space left on device"
    #expect(
      message(known([origin(files: base, checksum: nil)])).hasPrefix("fetch tiny failed (/site: \(full)); by hand: "))
    let archive = KnownDataset.Origin.archive(
      address: "\(base)/tiny.zip", sha256: nil, files: [.init(source: "train.txt", name: "train.txt", sha256: nil)])
    #expect(message(known([archive])).hasPrefix("fetch tiny failed (/site/tiny.zip: \(full)); by hand: "))
    #expect(try left() == [])
  }

  @Test func damagedZipsAreFound() throws {
    let whole = zip([("a", Array(String(repeating: "text ", count: 1000).utf8))])
    #expect(try ZipArchive(path: folder.write("a.zip", whole)).file("a").count == 5000)
    var altered = whole
    altered[40] ^= 0xFF
    let path = folder.write("b.zip", altered)
    let error = #expect(throws: DataError.self) { try ZipArchive(path: path).file("a") }
    #expect(error?.description == "\(path): has a damaged a; fetch it again")
    let missing = #expect(throws: DataError.self) { try ZipArchive(path: path).file("b") }
    #expect(missing?.description == "\(path): holds no b; fetch it again")
  }
}

@Suite struct LocationTests {
  let folder = TemporaryFolder()

  func resolve(_ name: String) -> String {
    do {
      let found = try DataLocation.resolve(name, roots: ["\(folder.path)/first", "\(folder.path)/second"])
      return "\(found.name): \(found.path.dropFirst(folder.path.count))"
    } catch { return error.description.split(separator: folder.path).joined() }
  }

  @Test func namesAreLookedUpInOrder() {
    folder.write("second/gowalla/train.txt", "x")
    #expect(resolve("gowalla") == "gowalla: /second/gowalla")
    folder.write("first/gowalla-lightgcn/train.txt", "x")
    #expect(resolve("gowalla") == "gowalla: /first/gowalla-lightgcn")
    #expect(resolve("Gowalla-LightGCN") == "gowalla: /first/gowalla-lightgcn")
    folder.write("first/hetrec2011-lastfm-2k/uib-split/train.tsv", "x")
    #expect(resolve("lastfm/uib-split") == "lastfm/uib-split: /first/hetrec2011-lastfm-2k/uib-split")
    folder.write("second/mine.csv", "x")
    #expect(resolve("mine.csv") == "mine.csv: /second/mine.csv")
    #expect(resolve("\(folder.path)/second/mine.csv") == "mine.csv: /second/mine.csv")
  }

  @Test func missingSetsSayHowToGetThem() {
    #expect(
      resolve("gowalla")
        == "no data set \"gowalla\" (looked in /first/gowalla-lightgcn, /first/gowalla, /second/gowalla-lightgcn, /second/gowalla); run \"perigee data fetch gowalla\", or by hand: download train.txt, test.txt from https://raw.githubusercontent.com/gusye1234/LightGCN-PyTorch/947ca2b3b1d2d3545b114145710cb06c4e57b3d2/data/gowalla, into /second/gowalla"
    )
    #expect(
      resolve("gowala")
        == "no data set \"gowala\" (looked in gowala, /first/gowala, /second/gowala); did you mean \"gowalla\"? known sets are ml-100k, ml-1m, gowalla, yelp2018, lastfm, amazon-instant-video, amusic, citeulike-t, gowalla-pris"
    )
    #expect(resolve("no/such.csv") == "no data set \"no/such.csv\"; there is no such file or folder: check the path")
  }

  @Test func whatMayNotBeSeenIsNotMissing() throws {
    try FileSystem.makeFolders(folder.path + "/first")
    symlink("\(folder.path)/first/gowalla", "\(folder.path)/first/gowalla")
    #expect(
      resolve("gowalla")
        == "/first/gowalla: cannot be opened: Too many levels of symbolic links; check the file and its disk")
  }

  @Test func everyKnownSetIsComplete() {
    #expect(DataCatalog.find("ml-100k")?.name == "ml-100k")
    #expect(DataCatalog.find("nothing") == nil)
    var names = Set<String>()
    for known in DataCatalog.all {
      for name in [known.name] + known.aliases { #expect(names.insert(name).inserted, "\(name) is taken twice") }
      #expect(!known.publisher.isEmpty && !known.terms.isEmpty && !known.origins.isEmpty)
      for origin in known.origins {
        for file in origin.files { #expect(file.sha256.map { $0.count == 64 } ?? true) }
      }
    }
  }
}
