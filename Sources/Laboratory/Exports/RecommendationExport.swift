import Evaluation
import Interactions
import Platform

/// Lists of recommended items as a file: a table (`.csv`), a JSON object a line (`.jsonl`), or a TREC run (`.run`, `.trec`).
public struct RecommendationExport {
  private let lists: RankedLists
  private let data: Dataset

  public init(_ lists: RankedLists, _ data: Dataset) { (self.lists, self.data) = (lists, data) }

  /// - Parameter tag: The name of a TREC run.
  /// - Throws: `ExportError` for an ending that means nothing, and identifiers that do not fit; `FileRefusal`.
  public func write(_ path: String, tag: String) throws {
    switch path.split(separator: ".").last {
    case "csv": try writeTable(path)
    case "jsonl": try writeLines(path)
    case "run", "trec": try writeRun(path, tag)
    default: throw ExportError("'\(shownPath(path))': want a name that ends in .csv, .jsonl, .run or .trec")
    }
  }

  private func forEachItem(
    _ position: Int, _ body: (_ rank: Int, _ item: Int, _ score: Float) throws -> Void
  ) throws {
    for (rank, (item, score)) in zip(lists.items(at: position), lists.scores(at: position)).enumerated() {
      try body(rank + 1, Int(item), score)
    }
  }

  private func writeTable(_ path: String) throws {
    var text = try DraftText(path)
    try text.add("user,rank,item,score\(data.titles == nil ? "" : ",title")\n")
    for (position, user) in lists.users.enumerated() {
      try forEachItem(position) { rank, item, score in
        try text.addField(data.userIdentifiers.bytes(at: Int(user)))
        try text.add(",\(rank),")
        try text.addField(data.itemIdentifiers.bytes(at: item))
        try text.add(",\(score)")
        if let titles = data.titles {
          try text.add(",")
          try text.addField(Array((titles[item] ?? "").utf8))
        }
        try text.add("\n")
      }
    }
    try text.finish()
  }

  private func writeLines(_ path: String) throws {
    var text = try DraftText(path)
    for (position, user) in lists.users.enumerated() {
      var items: [String] = []
      try forEachItem(position) { _, item, score in
        let title = data.titles?[item].map { ",\"title\":\(JSONText.quoted($0))" } ?? ""
        items.append(
          "{\"item\":\(JSONText.quoted(data.itemIdentifiers.identifier(at: item))),\"score\":\(score)\(title)}")
      }
      let name = JSONText.quoted(data.userIdentifiers.identifier(at: Int(user)))
      try text.add("{\"user\":\(name),\"items\":[\(items.joined(separator: ","))]}\n")
    }
    try text.finish()
  }

  private func writeRun(_ path: String, _ tag: String) throws {
    try data.userIdentifiers.checkWords("user", "a TREC run")
    try data.itemIdentifiers.checkWords("item", "a TREC run")
    guard !tag.isEmpty, tag.utf8.allSatisfy({ $0 > 0x20 }) else {
      throw ExportError("the tag '\(shown(tag))' of a TREC run must be one word")
    }
    var text = try DraftText(path)
    for (position, user) in lists.users.enumerated() {
      let name = data.userIdentifiers.bytes(at: Int(user))
      try forEachItem(position) { rank, item, score in
        try text.add(name)
        try text.add(" Q0 ")
        try text.add(data.itemIdentifiers.bytes(at: item))
        try text.add(" \(rank) \(score) \(tag)\n")
      }
    }
    try text.finish()
  }
}
