import Interactions
import Platform
import Ranking
import Tensors

/// The rows of a model's users and items, or all its parameters, as files that other programs read.
///
/// - `.safetensors`: tensors `users` and `items`, `[count, dim]`, or each parameter by its name; the identifiers stand in the metadata as
///   JSON lists.
/// - `.npy`: the rows of one part; the identifiers stand line by line in a file beside it, `NAME.ids.txt`.
/// - `.txt`: word2vec's text, a line for each row of one part.
/// - `.csv`: the same with a header and titles where the data has them.
///
/// The numbers are those of the model to the bit: texts have as many digits as it takes to read them back.
public struct EmbeddingExport {
  public enum Part: String, Sendable, CaseIterable { case users, items }

  private let model: any ScoredModel
  private let data: Dataset

  public init(_ model: any ScoredModel, _ data: Dataset) { (self.model, self.data) = (model, data) }

  /// - Parameter part: Whose rows; `nil` for both, of which only `.safetensors` has room.
  /// - Throws: `ExportError` for an ending that means nothing, a model without rows and identifiers that do not fit; `FileRefusal`,
  ///   `TensorError`.
  public func writeRows(of part: Part?, to path: String) throws {
    guard let model = model as? any EmbeddingModel else {
      throw ExportError(
        "model '\(model.name)' has no rows of users and items; what = \"parameters\" writes what it has learned, to a .safetensors file"
      )
    }
    let ending = path.split(separator: ".").last.map(String.init) ?? ""
    if ending == "safetensors" {
      let parts = part.map { [$0] } ?? Part.allCases
      return try SafetensorsFile(parts.map { ($0.rawValue, try rows($0, model)) }, metadata: metadata(parts)).write(
        path)
    }
    guard ["npy", "txt", "csv"].contains(ending) else {
      throw ExportError("'\(shownPath(path))': want a name that ends in .safetensors, .npy, .txt or .csv")
    }
    guard let part else {
      throw ExportError("a .\(ending) file has the rows of one part; say part = \"users\" or part = \"items\"")
    }
    switch ending {
    case "npy": try writeNumpy(part, model, path)
    case "txt": try writeWords(part, model, path)
    default: try writeTable(part, model, path)
    }
  }

  /// All that the model has learned, by name.
  public func writeParameters(to path: String) throws {
    guard path.hasSuffix(".safetensors") else {
      throw ExportError("'\(shownPath(path))': parameters go to a .safetensors file; want a name that ends so")
    }
    let tensors = try model.trainedParameters.map { parameter in
      (parameter.name, try Tensor(parameter.currentValues, shape: [parameter.rowCount, parameter.columnCount]))
    }
    try SafetensorsFile(tensors, metadata: metadata(Part.allCases)).write(path)
  }

  private func rows(_ part: Part, _ model: any EmbeddingModel) throws -> Tensor {
    let values = try part == .users ? model.userEmbeddings() : model.itemEmbeddings()
    let count = identifiers(part).count
    return try Tensor(values, shape: [count, values.count / max(1, count)])
  }

  private func identifiers(_ part: Part) -> IdentifierMap {
    part == .users ? data.userIdentifiers : data.itemIdentifiers
  }

  private func metadata(_ parts: [Part]) -> [(name: String, text: String)] {
    [("model", model.name), ("score", model.scoreName), ("data", data.name), ("checksum", data.checksum)]
      + parts.map { part in
        let map = identifiers(part)
        let list = (0..<map.count).map { JSONText.quoted(map.identifier(at: $0)) }.joined(separator: ",")
        return ("\(part.rawValue)_identifiers", "[\(list)]")
      }
  }

  private func writeNumpy(_ part: Part, _ model: any EmbeddingModel, _ path: String) throws {
    let map = identifiers(part)
    var names = try DraftText("\(path.dropLast(4)).ids.txt")
    for index in 0..<map.count { try names.add(map.bytes(at: index) + [0x0a]) }
    try rows(part, model).writeNumpy(path)
    try names.finish()
  }

  private func writeWords(_ part: Part, _ model: any EmbeddingModel, _ path: String) throws {
    let (map, rows) = (identifiers(part), try rows(part, model))
    try map.checkWords(String(part.rawValue.dropLast()), "word2vec's text")
    var text = try DraftText(path)
    try text.add("\(rows.shape[0]) \(rows.shape[1])\n")
    try rows.withElements { values in
      for row in 0..<rows.shape[0] {
        try text.add(map.bytes(at: row))
        for column in 0..<rows.shape[1] { try text.add(" \(values[row * rows.shape[1] + column])") }
        try text.add("\n")
      }
    }
    try text.finish()
  }

  private func writeTable(_ part: Part, _ model: any EmbeddingModel, _ path: String) throws {
    let (map, rows) = (identifiers(part), try rows(part, model))
    let titles = part == .items ? data.titles : data.userTitles
    var text = try DraftText(path)
    try text.add(part == .users ? "user" : "item")
    if titles != nil { try text.add(part == .users ? ",name" : ",title") }
    for column in 0..<rows.shape[1] { try text.add(",\(column)") }
    try text.add("\n")
    try rows.withElements { values in
      for row in 0..<rows.shape[0] {
        try text.addField(map.bytes(at: row))
        if let titles {
          try text.add(",")
          try text.addField(Array((titles[row] ?? "").utf8))
        }
        for column in 0..<rows.shape[1] { try text.add(",\(values[row * rows.shape[1] + column])") }
        try text.add("\n")
      }
    }
    try text.finish()
  }
}
