import Interactions
import LuaHost
import Ranking
import Tensors

/// A term that a script wrote as a function, called once a batch on the thread that trains.
public final class LuaTerm: Term, LuaObject {
  public static var luaName: String { "LuaTerm" }
  public let name: String
  public let parameters: [Parameter]
  private let split: Split?
  /// Both belong to this term's handle.
  var function: LuaOwned?
  var table: LuaOwned?

  init(name: String, parameters: [Parameter], split: Split?) {
    (self.name, self.parameters, self.split) = (name, parameters, split)
  }

  public var text: String { "\(name): a function of \(parameters.map(\.name).joined(separator: ", "))" }

  public func check(_ model: any RankingModel) throws {
    guard let split, split.userCount != model.userCount || split.itemCount != model.itemCount else { return }
    throw LuaArgumentError(
      "term '\(name)' was made for \(split.userCount) users and \(split.itemCount) items, and the model has \(model.userCount) and "
        + "\(model.itemCount); make it with the same `data`")
  }

  public func addGradients(_ batch: TermBatch, to gradients: GradientSet) throws -> Double {
    let reader = batch.reader()
    let context = TermContext(batch, split, reader, term: name)
    defer { context.close() }
    do {
      guard let function = try function?.function(), let table = try table?.value() else {
        preconditionFailure("a Lua term is made with its function")
      }
      let results = try function.call([table, context], for: CallPurpose.encoding(reader, batch.position.evaluations))
      let value = try checked(results.first ?? .nil, reader, batch)
      try reader.addGradients(of: [value], outputGradients: [Tensor.ones(value.shape)], to: gradients)
      return Double(try value.elements()[0])
    } catch let error as LuaError where error.kind == .runtime {
      throw error.adding(place(batch))
    }
  }

  private func place(_ batch: TermBatch) -> String {
    " (in term '\(name)', epoch \(batch.place.epoch), batch \(batch.place.number))"
  }

  /// What the function returned, where it is a number that depends on the parameters of the term alone.
  private func checked(_ result: LuaValue, _ reader: ParameterReader, _ batch: TermBatch) throws -> Tensor {
    func problem(_ text: String) -> LuaArgumentError { LuaArgumentError("term '\(name)': \(text)\(place(batch))") }
    let wanted = "want one number as a tensor, computed from the parameters"
    guard let value = result.asObject(Tensor.self) else {
      throw problem("it returned \(result.isNil ? "nothing" : "a \(result.typeName)"); \(wanted)")
    }
    guard value.count == 1 else {
      throw problem("it returned a tensor of shape \(value.shape); \(wanted), such as its sum() or mean()")
    }
    if let stranger = reader.parameters.first(where: { read in !parameters.contains { $0 === read } }) {
      throw problem("it read parameter '\(stranger.name)', which is not in its `parameters`: nothing would move it")
    }
    guard value.requiresGradient else {
      throw problem("what it returned depends on no parameter; \(wanted), as p.user:tensor():square():sum() is")
    }
    return value
  }

  static var type: TypeDescription {
    TypeDescription(
      LuaTerm.self, "A term written in Lua.",
      fields: [
        TermsModule.nameField(LuaTerm.self),
        FieldDescription(
          "parameters", .list(.object(Parameter.self)), "What it may read.",
          get: { (t: LuaTerm) in LuaList(t.parameters) }),
      ], describe: { "terms.custom(\($0.name))" })
  }
}
