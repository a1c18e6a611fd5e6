import Interactions
import LuaHost
import Platform

/// Users and items as scripts name them: by the data set's own identifiers, which are strings of bytes; where they are whole numbers
/// a script may write the number.
extension LuaCall {
  static func identifier(_ name: String, _ summary: String) -> ParameterDescription {
    ParameterDescription(name, .string.or(.integer), summary)
  }

  func user(_ name: String, in data: Dataset) throws -> Int {
    try index(of: value(name), name, "user", data.userIdentifiers, data)
  }

  func item(_ name: String, in data: Dataset) throws -> Int {
    try index(of: value(name), name, "item", data.itemIdentifiers, data)
  }

  /// The dense number of a user that an argument names, or an entry of it.
  func user(_ value: LuaValue, of name: String, in data: Dataset) throws -> Int {
    try index(of: value, name, "user", data.userIdentifiers, data)
  }

  /// The dense number of an item that an argument names, or an entry of it.
  func item(_ value: LuaValue, of name: String, in data: Dataset) throws -> Int {
    try index(of: value, name, "item", data.itemIdentifiers, data)
  }

  private func index(
    of value: LuaValue, _ name: String, _ kind: String, _ map: IdentifierMap, _ data: Dataset
  ) throws -> Int {
    guard let identifier = value.asBytes ?? value.asInteger.map({ Array(String($0).utf8) }) else {
      throw error(name, "want the identifier of \(kind == "item" ? "an item" : "a user"), got a \(value.typeName)")
    }
    if let index = map.index(of: identifier) { return index }
    let example = map.count > 0 ? "; identifiers are such as '\(map.shownIdentifier(at: 0))'" : ""
    throw error(name, "no \(kind) '\(shown(identifier))' in \(shown(data.name))\(example)")
  }
}

extension IdentifierMap {
  /// The identifier of a dense number, byte for byte.
  func luaString(at index: Int) -> LuaString { LuaString(bytes: bytes(at: index)) }

  func identifiers(_ indices: some Sequence<Int>) -> [LuaString] { indices.map { luaString(at: $0) } }
}
