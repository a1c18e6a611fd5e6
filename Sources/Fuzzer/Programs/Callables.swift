import LuaHost

/// Something that a program can call, as the descriptions have it.
struct Callable {
  enum Form { case function, method, read, assignment, metamethod }
  let form: Form
  /// `perigee.zeros`, `Tensor:sum`, `Trainer.rate`, `Tensor.__add`.
  let label: String
  /// The type that it belongs to; `nil` for a function of a module.
  let owner: String?
  let description: FunctionDescription

  /// What a result can be used for: the names of its type, and the name under which it is returned (a `MarginLoss` is a `loss`).
  func tags(ofResult index: Int) -> Set<String> {
    guard index < description.returns.count else { return [] }
    let result = description.returns[index]
    let names = result.type.objectNames
    return names.isEmpty ? [] : Set((names + [result.name]).map { $0.lowercased() })
  }
}

extension LuaType {
  /// The types of handles that it admits.
  var objectNames: [String] {
    switch content {
    case .object(let name, _): [name]
    case .union(let types): types.flatMap(\.objectNames)
    default: []
    }
  }

  /// The signatures of functions that it admits.
  var signatures: [Signature] {
    switch content {
    case .function(let text): [Signature(text ?? "fun()")]
    case .union(let types): types.flatMap(\.signatures)
    case .options(let options): options.flatMap(\.type.signatures)
    default: []
    }
  }
}

/// A function's parameters and what it returns: `fun(users: BatchRows, items: BatchRows, parameters: table): any, any`.
struct Signature: Equatable {
  /// The types of the parameters, in lower case.
  private(set) var parameters: [String] = []
  private(set) var results: [String] = []

  init(_ text: String) {
    guard let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")") else { return }
    parameters = text[text.index(after: open)..<close].split(separator: ",").map(Self.type)
    let rest = text[text.index(after: close)...].drop { $0 == ":" || $0 == " " }
    results = rest.split(separator: ",").map(Self.type)
  }

  private static func type(_ text: Substring) -> String {
    let type = text.split(separator: ":").last ?? text
    return type.filter { $0 != " " && $0 != "?" }.lowercased()
  }
}
