import Laboratory
import LuaHost
import Platform

/// A dimension as a script makes it for a table of settings.
public final class DimensionHandle: LuaObject {
  public static var luaName: String { "Dimension" }
  let dimension: SearchDimension
  init(_ dimension: SearchDimension) { self.dimension = dimension }
}

/// What a space that is a function asks for its settings.
public final class SpaceHandle: LuaObject {
  public static var luaName: String { "Space" }
  /// `nil` when the trial's settings are complete: a script may have kept it.
  var draw: SettingDraw?
  init(_ draw: SettingDraw) { self.draw = draw }
}

/// `perigee.space`, and the methods of a space that say the same with a name.
enum SpaceModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "space",
      "What the settings of a search may be, for a `space` that is a table: `{ rate = perigee.space.log_uniform(1e-4, 1e-1) }`.",
      functions: forms.map(\.maker), types: [dimensionType, spaceType])
  }

  private static var dimensionType: TypeDescription {
    TypeDescription(
      DimensionHandle.self, "What a setting of a search may be.", describe: { "Dimension(\($0.dimension.text))" })
  }

  private static var spaceType: TypeDescription {
    TypeDescription(
      SpaceHandle.self,
      "Given to a `space` that is a function, which asks it for one setting after another; what is asked next may depend on what came.",
      methods: forms.map(\.asker), describe: { _ in "Space" })
  }

  private static var forms: [DimensionForm] {
    [
      DimensionForm(
        "choice", "One of some values.",
        parameters: [
          .init(
            "values", .list(.string.or(.number).or(.boolean)),
            "The values: strings, numbers or booleans. For more than that choose a name, and look it up in a table.")
        ], options: [], example: "{ \"bpr\", \"softmax\" }", result: .any
      ) { call in
        .init(.choice(try call.table("values").array().map { try value($0, call) }))
      },
      range("uniform", "A number of a range, each part as likely as another of its width.", "0, 1", isLog: false),
      range(
        "log_uniform", "A number of a range above 0, each order of magnitude as likely as another.", "1e-4, 1e-1",
        isLog: true),
      DimensionForm(
        "integer", "An integer of a range, both ends included.",
        parameters: [.init("low", .integer, "The smallest."), .init("high", .integer, "The largest.")],
        options: [
          .init("log", .boolean, "Whether each order of magnitude is as likely as another.", default: false),
          pointsOption,
        ], example: "8, 256, { log = true }", result: .integer
      ) { call in
        .init(
          .integer(low: try call.integer("low"), high: try call.integer("high"), isLog: try call.boolean("log")),
          call.optionalInteger("points"))
      },
    ]
  }

  private static func range(_ name: String, _ summary: String, _ example: String, isLog: Bool) -> DimensionForm {
    DimensionForm(
      name, summary,
      parameters: [.init("low", .number, "The lower end."), .init("high", .number, "The upper end.")],
      options: [pointsOption], example: example, result: .number
    ) { call in
      .init(
        .number(low: try call.number("low"), high: try call.number("high"), isLog: isLog),
        call.optionalInteger("points"))
    }
  }

  private static var pointsOption: OptionDescription {
    .init(
      "points", .integer(in: SearchDimension.pointCounts), "How many values a grid tries, both ends among them.",
      optional: true)
  }

  private static func value(_ value: LuaValue, _ call: LuaCall) throws -> SearchValue {
    guard let found = SearchValue(value) else {
      throw call.error("values", "want strings, numbers and booleans, got a \(value.typeName)")
    }
    return found
  }
}

/// A kind of dimension, described once for a table's entry and for the method of a space.
private struct DimensionForm {
  struct Made {
    let kind: SearchDimension.Kind
    let points: Int?
    init(_ kind: SearchDimension.Kind, _ points: Int? = nil) { (self.kind, self.points) = (kind, points) }
  }
  let name: String
  let summary: String
  let parameters: [ParameterDescription]
  let options: [OptionDescription]
  let example: String
  let result: LuaType
  let make: (LuaCall) throws -> Made

  init(
    _ name: String, _ summary: String, parameters: [ParameterDescription], options: [OptionDescription],
    example: String,
    result: LuaType, make: @escaping (LuaCall) throws -> Made
  ) {
    (self.name, self.summary, self.parameters, self.options) = (name, summary, parameters, options)
    (self.example, self.result, self.make) = (example, result, make)
  }

  private func dimension(_ call: LuaCall) throws -> SearchDimension {
    let made = try make(call)
    do throws(SearchError) { return try SearchDimension(made.kind, points: made.points) } catch {
      throw LuaArgumentError("\(error)")
    }
  }

  /// `perigee.space.uniform(0, 1)`
  var maker: FunctionDescription {
    FunctionDescription(
      name, summary, example: "local space = { setting = perigee.space.\(name)(\(example)) }", parameters: parameters,
      options: options, returns: [.init("dimension", .object(DimensionHandle.self), "What the setting may be.")]
    ) { call in [DimensionHandle(try dimension(call))] }
  }

  /// `s:uniform("margin", 0, 1)`
  var asker: FunctionDescription {
    FunctionDescription(
      name, summary, details: "The setting has the name in the trial's `settings`.",
      example: "space = function(s) local setting = s:\(name)(\"setting\", \(example)) end",
      parameters: [.init("name", .string, "The setting's name.")] + parameters, options: options,
      returns: [.init("value", result, "What this trial has.")]
    ) { call in
      let name = try call.string("name")
      guard let draw = call.receiver(SpaceHandle.self).draw else {
        throw LuaArgumentError("the settings of this trial are complete; ask while the space's function runs")
      }
      do { return [try draw.value(name, try dimension(call))] } catch let error as LuaArgumentError {
        throw LuaArgumentError("'\(shown(name))': \(error)")
      }
    }
  }
}

extension SearchValue: LuaConvertible {
  public func push(onto state: LuaState) throws {
    switch self {
    case .boolean(let value): value.push(onto: state)
    case .integer(let value): value.push(onto: state)
    case .number(let value): value.push(onto: state)
    case .string(let value): value.push(onto: state)
    }
  }

  /// `nil` for what is no text, finite number or boolean.
  init?(_ value: LuaValue) {
    switch value {
    case .boolean(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .number(let value) where value.isFinite: self = .number(value)
    case .string(let value):
      guard let text = String(validating: value.bytes, as: UTF8.self) else { return nil }
      self = .string(text)
    default: return nil
    }
  }
}
