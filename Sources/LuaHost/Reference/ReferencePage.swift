/// A page of the reference, in Markdown.
public struct ReferencePage {
  public enum Kind: Sendable { case contents, module, type, luaFiles }

  /// What can be looked for on a page.
  public struct Entry {
    public let name: String
    public let anchor: String
    public let summary: String
    /// Names of options and arguments: whoever looks for one of them finds the function.
    public let words: [String]

    public init(name: String, anchor: String, summary: String, words: [String] = []) {
      self.name = name
      self.anchor = anchor
      self.summary = summary
      self.words = words
    }
  }

  /// Below the folder of the documentation: `reference/types/Trainer.md`.
  public let path: String
  public let title: String
  public let kind: Kind
  public let summary: String
  public internal(set) var text = ""
  public internal(set) var entries: [Entry] = []
}

extension ReferencePage {
  /// The way from one page to another, as a link has it.
  static func way(from page: String, to other: String) -> String {
    let here = page.split(separator: "/").dropLast(), there = other.split(separator: "/")
    let common = zip(here, there.dropLast()).prefix { $0 == $1 }.count
    return (Array(repeating: "..", count: here.count - common) + there.dropFirst(common)).joined(separator: "/")
  }
}
