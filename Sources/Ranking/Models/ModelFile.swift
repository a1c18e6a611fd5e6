import Interactions
import Platform

/// The parameters of a model in a file.
///
/// Little-endian arrays with a checksum: the parameters' names, their shapes, a hash of the data set's identifiers, and the
/// values. The file gets its name only when it is whole; a damaged one, or one of another model or data set, is refused and
/// nothing is changed.
public enum ModelFile {
  /// Sets these files apart from caches, which have the same frame.
  private static let key: UInt64 = 0x4c45_444f_4d5f_4750

  public static func write(_ model: any RankingModel, data: Dataset, to path: String) throws {
    let parameters = model.trainedParameters
    let writer = try CheckedFileWriter(path: path)
    try writer.write(parameters.map(\.name).joined(separator: "\n").utf8.map { $0 })
    try writer.write(parameters.flatMap { [Int64($0.rowCount), Int64($0.columnCount)] })
    try writer.write([data.identifierHash])
    for parameter in parameters { try writer.write(parameter.currentValues) }
    try writer.finish(key: key)
  }

  public static func read(into model: any RankingModel, data: Dataset, from file: String) throws {
    let path = shownPath(file)
    do {
      let reader = try CheckedFileReader(path: file, key: key)
      let names = String(decoding: try reader.read(UInt8.self), as: UTF8.self).split(separator: "\n").map(String.init)
      let sizes = try reader.read(Int64.self).map(Int.init)
      guard names.count * 2 == sizes.count else { throw CheckedFileReader.Failure.damaged("its parts do not fit") }
      let hash = try reader.read(UInt64.self)
      var values: [[Float]] = []
      for _ in names { values.append(try reader.read(Float.self)) }
      try reader.finish()
      try check(present(names, in: model), sizes, of: model, path)
      guard hash == [data.identifierHash] else {
        throw TrainingError.setting(
          "\(path): was saved for other users and items than those of \(data.name); open the data that it was trained on"
        )
      }
      for (index, found) in values.enumerated() where found.count != sizes[2 * index] * sizes[2 * index + 1] {
        throw CheckedFileReader.Failure.damaged("\(names[index]) has \(found.count) values")
      }
      for (parameter, values) in zip(model.trainedParameters, values) { try parameter.setValues(values) }
    } catch let failure as CheckedFileReader.Failure {
      switch failure {
      case .absent: throw TrainingError.setting("\(path): no such file")
      case .unreadable(let why): throw TrainingError.setting("\(path): \(why)")
      case .otherVersion(let version): throw TrainingError.setting("\(path): is of format \(version), not known here")
      case .damaged(let why): throw TrainingError.setting("\(path): is not a whole saved model: \(why)")
      }
    }
  }

  /// What tables of users and items were called before they had the names of the Lua models'.
  private static let earlierNames = ["users": "user", "items": "item", "history_items": "history"]

  /// The names as this model has them: files of earlier versions load.
  private static func present(_ names: [String], in model: any RankingModel) -> [String] {
    let known = Set(model.trainedParameters.map(\.name))
    return names.map { known.contains($0) ? $0 : earlierNames[$0] ?? $0 }
  }

  private static func check(_ names: [String], _ sizes: [Int], of model: any RankingModel, _ path: String) throws {
    func text(_ name: String, _ rows: Int, _ columns: Int) -> String { "\(name) [\(rows), \(columns)]" }
    let found = names.indices.map { text(shown(names[$0]), sizes[2 * $0], sizes[2 * $0 + 1]) }
    let wanted = model.trainedParameters.map { text($0.name, $0.rowCount, $0.columnCount) }
    guard found == wanted else {
      throw TrainingError.setting(
        "\(path): holds \(found.joined(separator: ", ")); this model has \(wanted.joined(separator: ", "))")
    }
  }
}
