import Laboratory
import LuaHost
import Platform

/// The option `space` of a search, a table or a function, as the search asks it.
enum SearchSpaces {
  static var option: OptionDescription {
    .init(
      "space", .function("fun(s: Space)").or(.table),
      "The settings: a table of names with what each may be, made by `perigee.space`, a list to choose from, or one value; or a function "
        + "that asks `s:choice(name, values)`, `s:uniform(name, low, high)`, `s:log_uniform` and `s:integer`, with conditions by `if`."
    )
  }

  static func space(_ call: LuaCall) throws -> SearchSpace {
    if let function = call.optionalFunction("space") { return space(of: function) }
    let dimensions = try dimensions(try call.table("space"), call)
    return { draw in for (name, dimension) in dimensions { _ = try draw.value(name, dimension) } }
  }

  private static func space(of function: LuaFunction) -> SearchSpace {
    { draw in
      let handle = SpaceHandle(draw)
      defer { handle.draw = nil }
      do {
        if let value = try function.call([handle], for: CallPurpose.callback()).first, !value.isNil {
          throw LuaArgumentError(
            "space: the function returned a \(value.typeName); settings are those that it asks for by name, and nothing is returned"
          )
        }
      } catch let error as LuaError where error.kind == .runtime {
        throw error.adding(" (in the space of the search)")
      }
    }
  }

  /// By name: a table has no order of its own.
  private static func dimensions(_ table: LuaTable, _ call: LuaCall) throws -> [(String, SearchDimension)] {
    var found: [(String, SearchDimension)] = []
    try table.forEachEntry { key, value in
      guard let name = key.asString else {
        throw call.error("space", "settings have names, got a \(key.typeName) as a name")
      }
      found.append((name, try dimension(name, value, call)))
    }
    return found.sorted { $0.0 < $1.0 }
  }

  private static func dimension(_ name: String, _ value: LuaValue, _ call: LuaCall) throws -> SearchDimension {
    if let made = value.asObject(DimensionHandle.self) { return made.dimension }
    let place = "space.\(shown(name))"
    do throws(SearchError) {
      if let single = SearchValue(value) { return try SearchDimension(.choice([single])) }
      guard let table = value.asTable else {
        throw SearchError(
          "want a dimension of perigee.space, a list to choose from, or one value, got a \(value.typeName)")
      }
      return try SearchDimension(.choice(try choices(table)))
    } catch { throw call.error(place, "\(error)") }
  }

  private static func choices(_ table: LuaTable) throws(SearchError) -> [SearchValue] {
    guard let values = try? table.array(), (try? table.keyBeside(values.count)) == nil else {
      throw SearchError(
        "want a list to choose from; a range is made by perigee.space, such as perigee.space.uniform(0, 1)")
    }
    var choices: [SearchValue] = []
    for value in values {
      guard let choice = SearchValue(value) else {
        throw SearchError("want strings, numbers and booleans to choose from, got a \(value.typeName)")
      }
      choices.append(choice)
    }
    return choices
  }
}
