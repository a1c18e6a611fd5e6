import Interactions
import Platform

/// The parameters of a model in a file.
///
/// Little-endian arrays with a checksum: the parameters' names, their shapes, a hash of the data set's identifiers, what else is known
/// of the model (`Facts`: what it is and was made with among it), and the values. The file gets its name only when it is whole; a damaged one, or one of another model or
/// data set, is refused and nothing is changed.
public enum ModelFile {
  /// Sets these files apart from caches, which have the same frame.
  private static let key: UInt64 = 0x4c45_444f_4d5f_4750

  /// - Parameter others: Parameters that belong to no model, such as a loss's margins, to be kept with it.
  public static func write(_ model: any ScoredModel, with others: [Parameter] = [], data: Dataset, to path: String)
    throws
  {
    let parameters = model.trainedParameters + others
    try checkNames(parameters)
    let facts = Facts(model, data)
    let writer = try CheckedFileWriter(path: path)
    try writer.write(parameters.map(\.name).joined(separator: "\n").utf8.map { $0 })
    try writer.write(parameters.flatMap { [Int64($0.rowCount), Int64($0.columnCount)] })
    try writer.write([data.identifierHash, UInt64(model.trainedParameters.count)] + facts.fingerprints)
    try writer.write(facts.text)
    for parameter in parameters { try writer.write(parameter.currentValues) }
    try writer.finish(key: key)
  }

  /// - Parameter others: Parameters that were kept with the model, found by their names; others that were kept stay in the file.
  public static func read(
    into model: any ScoredModel, with others: [Parameter] = [], data: Dataset, from file: String
  ) throws {
    let content = try content(of: file)
    try fill(model, with: others, data: data, content, shownPath(file))
  }

  /// Makes the model that a file holds.
  ///
  /// - Parameter train: Of a split of the data; `nil` where there is only the data set, which does for models that do not read it.
  /// - Throws: `TrainingError` also for files that do not say what they hold, and for models that scripts wrote.
  public static func make(
    from file: String, with others: [Parameter] = [], data: Dataset, train: InteractionMatrix?
  ) throws -> any ScoredModel {
    let path = shownPath(file)
    let content = try content(of: file)
    guard let facts = content.facts, let kindName = facts.kind else {
      throw TrainingError.setting(
        "\(path): does not say how its model was made: a script wrote the model, or an earlier version of Perigee the file. Make the "
          + "model as it was made, and use model:load")
    }
    guard let kind = ModelKinds.kind(named: kindName) else {
      throw TrainingError.setting(
        "\(path): holds a model of kind \(quoted(kindName)), which this version of Perigee does not know")
    }
    try content.check(data, path)
    guard train != nil || !kind.readsTrainPart else {
      throw TrainingError.setting(
        "\(path): holds a model of kind '\(kindName)', which reads the train part itself; give data = the split that it was trained on"
      )
    }
    let matrix = train ?? InteractionMatrix(userCount: data.userCount, itemCount: data.itemCount, users: [], items: [])
    let model = try namingFile(file) { try kind.make(facts.settings, train: matrix) }
    facts.setDropout(of: model)
    try fill(model, with: others, data: data, content, path)
    return model
  }

  private static func fill(
    _ model: any ScoredModel, with others: [Parameter], data: Dataset, _ content: Content, _ path: String
  ) throws {
    try checkNames(model.trainedParameters + others)
    try content.check(model, path)
    let places = try others.map { try content.place(of: $0, path) }
    try content.check(data, path)
    for (parameter, values) in zip(model.trainedParameters, content.values) { try parameter.setValues(values) }
    for (parameter, place) in zip(others, places) { try parameter.setValues(content.values[place]) }
    model.trainedParts = content.facts?.trainedParts ?? []
  }

  private static func content(of file: String) throws -> Content {
    let path = shownPath(file)
    do { return try Content(CheckedFileReader(path: file, key: key)) } catch {
      switch error {
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
  fileprivate static func present(_ names: [String], in model: any ScoredModel) -> [String] {
    let known = Set(model.trainedParameters.map(\.name))
    return names.map { known.contains($0) ? $0 : earlierNames[$0] ?? $0 }
  }

  private static func checkNames(_ parameters: [Parameter]) throws {
    var known: Set<String> = []
    for parameter in parameters where !known.insert(parameter.name).inserted {
      throw TrainingError.setting(
        "two parameters to be kept together are named '\(parameter.name)'; give each a name of its own")
    }
  }

  /// What is known of a model besides its parameters.
  private struct Facts {
    var score: String
    var trainedParts: [TrainedPart]
    /// The kind of a model that can be made from its settings.
    var kind: String?
    var settings = ModelSettings()
    /// The data set's name.
    var data: String?
    var dropout: Double?
    var dropoutPlace: DropoutPlace?

    init(_ model: any ScoredModel, _ data: Dataset) {
      score = model.scoreName
      trainedParts = model.trainedParts
      self.data = data.name
      if let described = model as? any DescribedModel { (kind, settings) = (described.kind, described.settings) }
      guard let trained = model as? any RankingModel, let rate = trained.dropout.constant, rate != 0 else { return }
      (dropout, dropoutPlace) = (rate, trained.dropoutPlace)
    }

    var fingerprints: [UInt64] { trainedParts.map(\.fingerprint) }

    /// The score, and the rule of each train part: one line each. Then what the model is and was made with.
    var text: [UInt8] {
      var described = ModelSettings()
      if let data { described.set("data", data) }
      if let kind { described.set("kind", kind) }
      if let dropout, let dropoutPlace {
        described.set("dropout", dropout)
        described.set("dropout_on", dropoutPlace)
      }
      let rules = trainedParts.map { $0.rule.replacing("\n", with: " ") }
      return Array(([score] + rules + described.lines + settings.lines).joined(separator: "\n").utf8)
    }

    init(fingerprints: [UInt64], text: [UInt8]) throws(CheckedFileReader.Failure) {
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count > fingerprints.count,
        let settings = ModelSettings(lines: lines.dropFirst(fingerprints.count + 1))
      else { throw .damaged("its parts do not fit") }
      score = String(lines[0])
      trainedParts = zip(fingerprints, lines.dropFirst()).map { TrainedPart(fingerprint: $0, rule: String($1)) }
      self.settings = settings
      data = self.settings.take("data")
      kind = self.settings.take("kind")
      dropout = self.settings.take("dropout").flatMap(Double.init)
      dropoutPlace = self.settings.take("dropout_on").flatMap(DropoutPlace.init)
    }

    func setDropout(of model: any ScoredModel) {
      guard let model = model as? any RankingModel else { return }
      if let dropout { model.dropout = Schedule(dropout) }
      if let dropoutPlace { model.dropoutPlace = dropoutPlace }
    }
  }

  /// A file, read.
  private struct Content {
    let names: [String]
    let sizes: [Int]
    let identifierHash: UInt64
    /// How many of the parameters are the model's own; the rest were kept with it.
    let ownCount: Int
    /// `nil` in files that were written before there were any.
    let facts: Facts?
    let values: [[Float]]

    init(_ reader: CheckedFileReader) throws(CheckedFileReader.Failure) {
      names = String(decoding: try reader.read(UInt8.self), as: UTF8.self).split(separator: "\n").map(String.init)
      sizes = try reader.read(Int64.self).map(Int.init)
      let numbers = try reader.read(UInt64.self)
      guard names.count * 2 == sizes.count, !numbers.isEmpty else { throw .damaged("its parts do not fit") }
      identifierHash = numbers[0]
      ownCount = numbers.count > 1 ? Int(truncatingIfNeeded: numbers[1]) : names.count
      facts =
        numbers.count > 1
        ? try Facts(fingerprints: Array(numbers.dropFirst(2)), text: try reader.read(UInt8.self)) : nil
      var values: [[Float]] = []
      for _ in names { values.append(try reader.read(Float.self)) }
      try reader.finish()
      guard (0...names.count).contains(ownCount) else { throw .damaged("its parts do not fit") }
      for (index, found) in values.enumerated() {
        let (wanted, overflows) = sizes[2 * index].multipliedReportingOverflow(by: sizes[2 * index + 1])
        guard !overflows, found.count == wanted else {
          throw .damaged("\(shown(names[index])) has \(found.count) values")
        }
      }
      self.values = values
    }

    private func text(_ name: String, _ rows: Int, _ columns: Int) -> String { "\(name) [\(rows), \(columns)]" }

    private var found: [String] { names.indices.map { text(shown(names[$0]), sizes[2 * $0], sizes[2 * $0 + 1]) } }

    func check(_ data: Dataset, _ path: String) throws {
      guard identifierHash != data.identifierHash else { return }
      let of = facts?.data.map { ", those of \(quoted($0))," } ?? ""
      throw TrainingError.setting(
        "\(path): was saved for other users and items\(of) than those of \(data.name); open the data that it was trained on"
      )
    }

    func check(_ model: any ScoredModel, _ path: String) throws {
      if let kind = facts?.kind, let described = model as? any DescribedModel, described.kind != kind {
        throw TrainingError.setting(
          "\(path): holds a model of kind '\(shown(kind))', and this one is '\(described.kind)'; use perigee.load")
      }
      let found = zip(ModelFile.present(names, in: model), names.indices).map {
        text(shown($0), sizes[2 * $1], sizes[2 * $1 + 1])
      }
      let wanted = model.trainedParameters.map { text($0.name, $0.rowCount, $0.columnCount) }
      guard Array(found[..<ownCount]) == wanted else {
        throw TrainingError.setting(
          "\(path): holds \(found[..<ownCount].joined(separator: ", ")); this model has \(wanted.joined(separator: ", "))"
        )
      }
      if let saved = facts?.score, saved != model.scoreName {
        throw TrainingError.setting(
          "\(path): was saved by a model with score '\(shown(saved))', and this one has '\(model.scoreName)'; make it with the same"
        )
      }
      guard let facts, facts.kind != nil, let described = model as? any DescribedModel else { return }
      let differences = described.settings.differences(from: facts.settings)
      guard differences.isEmpty else {
        throw TrainingError.setting(
          "\(path): was saved by a model with other settings: \(differences.joined(separator: "; ")); make it with the same, or use "
            + "perigee.load")
      }
    }

    /// Where a parameter that was kept with the model stands.
    func place(of parameter: Parameter, _ path: String) throws -> Int {
      let wanted = text(parameter.name, parameter.rowCount, parameter.columnCount)
      if let place = found[ownCount...].firstIndex(of: wanted) { return place }
      let kept = found[ownCount...].joined(separator: ", ")
      throw TrainingError.setting(
        "\(path): \(kept.isEmpty ? "nothing was" : "\(kept) was") kept with the model, and \(wanted) is wanted")
    }
  }
}
