import CLua
import CLuaShim

/// A plain table that says itself how it is shown: `print(report)` and the REPL give a person's text, `report.loss` and `pairs`
/// the values.
public struct LuaReport: LuaConvertible {
  private enum Appearance {
    case style(ReportStyle)
    case text(String)
  }
  private let table: any LuaConvertible
  private let appearance: Appearance

  /// - Parameter table: What becomes one new table, such as a `LuaRecord` or a `LuaList`.
  public init(_ table: any LuaConvertible, _ style: ReportStyle) {
    self.table = table
    appearance = .style(style)
  }

  /// A report whose text does not follow the table.
  public init(_ table: any LuaConvertible, says text: String) {
    self.table = table
    appearance = .text(text)
  }

  public func push(onto state: LuaState) throws {
    try table.push(onto: state)
    state.reserve(6)
    precondition(lua_type(state.lua, -1) == LUA_TTABLE, "a report is a table")
    switch appearance {
    case .style(let style): state.pushMetatable(of: style)
    case .text(let text): state.pushMetatable("report") { _ in text }
    }
    lua_setmetatable(state.lua, -2)
  }
}

/// How one kind of report is shown, from what the table holds then. A static constant: all tables of a style share one metatable
/// in a state, found by the style's address.
public final class ReportStyle: Sendable {
  let name: String
  let text: @Sendable (LuaTable) throws -> String

  /// - Parameters:
  ///   - name: What messages call `tostring` of such a table.
  ///   - text: Raw reads only: the script may have changed the table, to anything.
  public init(_ name: String, text: @escaping @Sendable (LuaTable) throws -> String) {
    self.name = name
    self.text = text
  }
}

extension LuaState {
  fileprivate func pushMetatable(of style: ReportStyle) {
    // A style lives for ever (a static constant), so that its address stays its own.
    let key = Unmanaged.passUnretained(style).toOpaque()
    if lua_rawgetp(lua, host_registry_index(), key) == LUA_TTABLE { return }
    host_pop(lua, 1)
    pushMetatable(style.name, style.text)
    lua_pushvalue(lua, -1)
    lua_rawsetp(lua, host_registry_index(), key)
  }

  fileprivate func pushMetatable(_ name: String, _ text: @escaping (LuaTable) throws -> String) {
    reserve(6)
    lua_createtable(lua, 0, 1)
    push("__tostring")
    push(
      makeFunction("tostring of a \(name)") { values in
        guard let table = values.first?.asTable else {
          throw LuaArgumentError("want a table, got \(values.first?.typeName ?? "nothing")")
        }
        return [try text(table)]
      })
    lua_rawset(lua, -3)
  }
}
