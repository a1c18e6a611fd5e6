/// Which files of a folder hold what, told by their names; what is in them is told by their content.
struct FolderLayout {
  /// Files of interactions; the part is nil where the set is not cut.
  var data: [(path: String, part: Part?)] = []
  var candidates: String?
  var titles: [String] = []
  /// The catalogs of a saved split: all users, all items, in their order.
  var users: String?
  var items: String?

  /// Names of whole sets as their publishers call them, best first.
  private static let wholeSets = [
    "ratings.dat", "ratings.csv", "u.data", "user_artists.dat", "users.dat", "interactions.csv",
  ]
  private static let titleFiles = ["movies.dat", "movies.csv", "u.item", "artists.dat", "items.csv", "titles.tsv"]
  private static let endings = [
    "txt", "csv", "tsv", "dat", "data", "json", "jsonl", "mat", "inter", "rating", "ratings",
  ]

  init(folder: String) throws(DataError) {
    let names = try FileSystem.list(folder).filter { FileSystem.kind("\(folder)/\($0)") == .file }
    func path(_ name: String) -> String { "\(folder)/\(name)" }
    titles = names.filter { Self.isTitleFile($0) }.map(path)
    if let parts = Self.parts(names) {
      data = parts.map { (path($0.name), $0.part) }
      candidates = names.first(where: Self.isCandidateFile).map(path)
      if names.contains(SavedSplit.users) { users = path(SavedSplit.users) }
      if names.contains(SavedSplit.items) { items = path(SavedSplit.items) }
      return
    }
    let inter = names.filter { Self.plain($0).hasSuffix(".inter") }
    if inter.count == 1 {
      data = [(path(inter[0]), nil)]
      return
    }
    for known in Self.wholeSets {
      if let found = names.first(where: { Self.plain($0) == known }) {
        data = [(path(found), nil)]
        return
      }
    }
    let others = names.filter(Self.mayHoldData)
    guard !others.isEmpty else {
      throw .badFile(
        file: folder, problem: "holds no file of interactions", remedy: "give the file or folder that does")
    }
    guard others.count == 1 else {
      throw .badFile(
        file: folder, problem: "holds several files that may be the data: \(others.joined(separator: ", "))",
        remedy: "give the path of one of them")
    }
    data = [(path(others[0]), nil)]
  }

  /// The files of a published split: exactly one train file and one test file, at most one for validation.
  private static func parts(_ names: [String]) -> [(name: String, part: Part)]? {
    func only(_ words: Set<String>) -> [String] {
      names.filter { mayHoldData($0) && !words.isDisjoint(with: tokens($0)) }
    }
    let train = only(["train", "training"])
    let test = only(["test", "testing"])
    let valid = only(["valid", "validation", "val", "dev"])
    guard train.count == 1, test.count == 1, valid.count <= 1 else { return nil }
    return [(train[0], .train)] + valid.map { ($0, .valid) } + [(test[0], .test)]
  }

  private static func mayHoldData(_ name: String) -> Bool {
    let words = tokens(name)
    guard words.count > 1, let ending = words.last, endings.contains(ending) else { return false }
    if isTitleFile(name) || isCandidateFile(name) || words.contains("readme") || words.contains("license") {
      return false
    }
    // LightGCN's tables of original identifiers.
    return !["item_list.txt", "user_list.txt", "item_id_map.csv", "user_id_map.csv"].contains(plain(name))
  }

  private static func isCandidateFile(_ name: String) -> Bool {
    plain(name) == "candidates.txt" || plain(name).hasSuffix(".negative") || plain(name) == "test_negative.txt"
  }

  private static func isTitleFile(_ name: String) -> Bool {
    let name = plain(name)
    return titleFiles.contains(name) || name.hasSuffix(".item") || name.hasSuffix(".user") || name.hasPrefix("meta_")
      || name.hasPrefix("meta-")
  }

  /// The name without `.gz`, in lower case.
  private static func plain(_ name: String) -> String {
    let name = name.lowercased()
    return name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  }

  private static func tokens(_ name: String) -> [String] {
    plain(name).split { $0 == "." || $0 == "_" || $0 == "-" }.map(String.init)
  }
}
