/// The part of a given split that an interaction belongs to.
public enum Part: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  case train = 0
  case valid = 1
  case test = 2

  public var name: String {
    switch self {
    case .train: "train"
    case .valid: "valid"
    case .test: "test"
    }
  }
}

/// How a data set is read. The defaults read every published set in its published form.
public struct OpenOptions: Sendable, Hashable {
  /// What happens at a line that does not say what its format promises.
  public enum BadLines: String, Sendable, Hashable, CaseIterable {
    /// Throws `DataError.badLine`.
    case error
    /// Leaves the line out and counts it (`ReadReport.badLines`).
    case skip
  }

  /// Which of several interactions of one user with one item stays.
  public enum Duplicates: String, Sendable, Hashable, CaseIterable {
    case first, last
    /// The one with the highest rating, among equals the first.
    case max
    case error
  }

  /// What happens to a pair that stands in two parts of a given split.
  public enum Overlap: String, Sendable, Hashable, CaseIterable {
    case error
    /// It stays in the earlier part, in the order train, valid, test.
    case earlier
  }

  /// Which identifiers the set has.
  public enum Catalog: String, Sendable, Hashable, CaseIterable {
    /// Those that occur in the files: in an interaction, in a list of candidates, or as a user whose list is empty.
    case seen
    /// Whole numbers from 0 to the highest that occurs, so that some may be without interactions.
    case range
  }

  /// What the columns of a table, or the keys of JSON objects, mean.
  public enum Columns: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// Every column from left to right: `user`, `item`, `rating`, `time`, `title` or `_` (ignored). Of JSON the keys of user,
    /// item, rating and time.
    case inOrder([String])
    /// The column of each of `user`, `item`, `rating`, `time` and `title`; `timestamp` is another word for `time`. A user or item that is not named is looked for in the
    /// header; nothing else that is not named is read.
    case named([String: Column])

    public init(arrayLiteral elements: String...) { self = .inOrder(elements) }
  }

  /// A column by the name in the header, or by its place from 1.
  public enum Column: Sendable, Hashable {
    case name(String)
    case place(Int)
  }

  /// The format, or nil to tell it by the content.
  public var format: FileFormat?
  /// Which columns of a table mean what; nil to take that from the header or, where there is none, `user item rating timestamp`.
  public var columns: Columns?
  /// What separates a table's columns; nil to tell it by the content.
  public var separator: String?
  /// Whether a table's first line is a header; nil to tell it by the content.
  public var header: Bool?
  /// A file with the items' titles; nil to look for one beside the data.
  public var titles: String?
  public var badLines = BadLines.error
  public var duplicates = Duplicates.first
  public var overlap = Overlap.error
  public var catalog = Catalog.seen
  /// Whether a parsed set is kept in, and taken from, the cache.
  public var cache = true
  /// Where that is, or nil for `$PERIGEE_CACHE`, else `~/.perigee/cache`.
  public var cacheFolder: String?

  public init() {}
}
