import Interactions
import LuaHost

/// Users and items as scripts name them: by the data set's own identifiers, which are strings; where they are whole numbers a
/// script may write the number.
extension LuaCall {
  static func identifier(_ name: String, _ summary: String) -> ParameterDescription {
    ParameterDescription(name, .string.or(.integer), summary)
  }

  func user(_ name: String, in data: Dataset) throws -> Int {
    try index(name, "user", data.userIdentifiers, data)
  }

  func item(_ name: String, in data: Dataset) throws -> Int {
    try index(name, "item", data.itemIdentifiers, data)
  }

  private func index(_ name: String, _ kind: String, _ map: IdentifierMap, _ data: Dataset) throws -> Int {
    let value = value(name)
    let identifier = value.asString ?? value.asInteger.map(String.init) ?? ""
    if let index = map.index(of: identifier) { return index }
    let example = map.count > 0 ? "; identifiers are such as '\(map.identifier(at: 0))'" : ""
    throw error(name, "no \(kind) '\(identifier)' in \(data.name)\(example)")
  }
}

extension IdentifierMap {
  func identifiers(_ indices: some Sequence<Int>) -> [String] { indices.map { identifier(at: $0) } }
}
