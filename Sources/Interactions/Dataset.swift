/// Interactions of users with items, with the identifiers they came with.
public final class Dataset: Sendable {
  public let name: String
  public init(name: String) { self.name = name }
}
