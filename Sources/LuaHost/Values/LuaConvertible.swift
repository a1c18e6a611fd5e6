import CLua
import CLuaShim

/// What can be given to Lua: arguments of calls, results of bodies, entries of tables.
public protocol LuaConvertible {
  /// Pushes exactly one value. Called by `LuaState`, which has made room for it.
  func push(onto state: LuaState) throws
}

extension LuaValue: LuaConvertible {
  public func push(onto state: LuaState) { state.push(self) as Void }
}

extension LuaReference: LuaConvertible {
  public func push(onto state: LuaState) { state.push(self) as Void }
}

extension LuaString: LuaConvertible {
  public func push(onto state: LuaState) { state.push(bytes: bytes) }
}

extension Bool: LuaConvertible {
  public func push(onto state: LuaState) { lua_pushboolean(state.lua, self ? 1 : 0) }
}

extension Int: LuaConvertible {
  public func push(onto state: LuaState) { lua_pushinteger(state.lua, lua_Integer(self)) }
}

extension Int32: LuaConvertible {
  public func push(onto state: LuaState) { lua_pushinteger(state.lua, lua_Integer(self)) }
}

extension Double: LuaConvertible {
  public func push(onto state: LuaState) { lua_pushnumber(state.lua, self) }
}

extension Float: LuaConvertible {
  public func push(onto state: LuaState) { lua_pushnumber(state.lua, Double(self)) }
}

extension String: LuaConvertible {
  public func push(onto state: LuaState) { state.push(self) as Void }
}

extension Optional: LuaConvertible where Wrapped: LuaConvertible {
  public func push(onto state: LuaState) throws {
    if let value = self { try value.push(onto: state) } else { lua_pushnil(state.lua) }
  }
}

/// An array becomes a new table with the entries 1, 2, ...
extension Array: LuaConvertible where Element: LuaConvertible {
  public func push(onto state: LuaState) throws {
    try state.pushTable(list: count)
    for (index, element) in enumerated() {
      try element.push(onto: state)
      lua_rawseti(state.lua, -2, lua_Integer(index + 1))
    }
  }
}

/// A dictionary becomes a new table with its keys.
extension Dictionary: LuaConvertible where Key == String, Value: LuaConvertible {
  public func push(onto state: LuaState) throws {
    try state.pushTable(named: count)
    for (key, value) in self {
      state.push(key)
      try value.push(onto: state)
      lua_rawset(state.lua, -3)
    }
  }
}

/// A new table with named entries of any types: `["loss": 0.5, "epoch": 3] as LuaRecord`.
public struct LuaRecord: LuaConvertible, ExpressibleByDictionaryLiteral {
  public var entries: [(String, any LuaConvertible)]
  public init(_ entries: [(String, any LuaConvertible)] = []) { self.entries = entries }
  public init(dictionaryLiteral elements: (String, any LuaConvertible)...) { entries = elements }
  public mutating func append(_ key: String, _ value: any LuaConvertible) { entries.append((key, value)) }

  public func push(onto state: LuaState) throws {
    try state.pushTable(named: entries.count)
    for (key, value) in entries {
      state.push(key)
      try value.push(onto: state)
      lua_rawset(state.lua, -3)
    }
  }
}

/// A new table with the entries 1, 2, ... of any types: `[1, "two", tensor] as LuaList`.
public struct LuaList: LuaConvertible, ExpressibleByArrayLiteral {
  public var elements: [any LuaConvertible]
  public init(_ elements: [any LuaConvertible] = []) { self.elements = elements }
  public init(arrayLiteral elements: any LuaConvertible...) { self.elements = elements }

  public func push(onto state: LuaState) throws {
    try state.pushTable(list: elements.count)
    for (index, element) in elements.enumerated() {
      try element.push(onto: state)
      lua_rawseti(state.lua, -2, lua_Integer(index + 1))
    }
  }
}

/// A new table with the entries of a list and some that have names.
public struct NamedList: LuaConvertible {
  public let list: LuaList
  public let names: LuaRecord
  public init(_ list: LuaList, _ names: LuaRecord) {
    self.list = list
    self.names = names
  }

  public func push(onto state: LuaState) throws {
    try list.push(onto: state)
    state.reserve(4)
    for (key, value) in names.entries {
      state.push(key)
      try value.push(onto: state)
      lua_rawset(state.lua, -3)
    }
  }
}

/// What a Swift function returns to Lua: any number of values, `[]` for none.
public struct LuaResults: ExpressibleByArrayLiteral {
  public var values: [any LuaConvertible]
  public init(_ values: [any LuaConvertible]) { self.values = values }
  public init(arrayLiteral elements: any LuaConvertible...) { values = elements }
}
