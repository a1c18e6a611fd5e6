import Platform

/// Plain data without a Lua state: what a config holds.
///
/// The entries of a table are ordered: 1, 2, ... first, then other keys, numbers before strings, ascending.
public indirect enum LuaData: Equatable, Sendable {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(LuaString)
  case table([Entry])

  public struct Entry: Equatable, Sendable {
    public var key: LuaData
    public var value: LuaData
    public init(key: LuaData, value: LuaData) {
      self.key = key
      self.value = value
    }
  }

  /// Copies a value out of a state. Throws for functions, handles and tables that contain themselves, and names the place
  /// (`config.mml.margins[2]`) under `root`. At most `limit` entries and `bytes` bytes of strings are copied; what is referred to
  /// twice counts twice.
  public init(_ value: LuaValue, root: String, limit: Int = 1_000_000, bytes: Int = 64 << 20) throws {
    var copier = Copier(entries: limit, bytes: bytes)
    self = try copier.copy(value, path: root)
  }

  /// The value at a key of a table; `nil` where there is none.
  public subscript(key: String) -> LuaData? {
    guard case .table(let entries) = self else { return nil }
    return entries.first { $0.key == .string(LuaString(key)) }?.value
  }
}

extension LuaData: LuaConvertible {
  public func push(onto state: LuaState) throws {
    switch self {
    case .boolean(let value): value.push(onto: state)
    case .integer(let value): value.push(onto: state)
    case .number(let value): value.push(onto: state)
    case .string(let value): value.push(onto: state)
    case .table(let entries):
      let table = state.makeTable()
      for entry in entries { try table.set(entry.key, entry.value) }
      table.push(onto: state)
    }
  }
}

private struct Copier {
  /// What may still be copied.
  private var entries: Int
  private var bytes: Int
  /// The addresses of the tables that contain the present place; they live, because the value that is copied holds them.
  private var open: Set<UnsafeRawPointer> = []

  init(entries: Int, bytes: Int) {
    self.entries = entries
    self.bytes = bytes
  }

  mutating func copy(_ value: LuaValue, path: String) throws -> LuaData {
    switch value {
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .number(let value): return .number(value)
    case .string(let value): return .string(value)
    case .table(let table): return try copy(table, path: path)
    case .nil, .function, .handle, .other:
      throw LuaError(
        message: "\(path) is \(value.received); plain data is wanted: numbers, strings, booleans and tables")
    }
  }

  private mutating func copy(_ table: LuaTable, path: String) throws -> LuaData {
    guard open.count < 100 else {
      throw LuaError(kind: .limit, message: "\(path): tables are nested more than 100 deep")
    }
    guard let address = table.address, open.insert(address).inserted else {
      throw LuaError(message: "\(path): the table contains itself")
    }
    defer { open.remove(address) }
    var pairs: [(LuaValue, LuaValue)] = []
    let state = try table.state()
    try table.forEachEntry { key, value in
      try state.checkLimits()
      try count(key, value, path)
      pairs.append((key, value))
    }
    pairs.sort { precedes($0.0, $1.0) }
    return .table(
      try pairs.map { key, value in
        let place =
          if case .string(let name) = key { "\(path).\(shown(name.start))" } else { "\(path)[\(key.received)]" }
        return LuaData.Entry(key: try copy(key, path: "a key of \(path)"), value: try copy(value, path: place))
      })
  }

  private mutating func count(_ key: LuaValue, _ value: LuaValue, _ path: String) throws {
    entries -= 1
    guard entries >= 0 else { throw LuaError(kind: .limit, message: "\(path): too many table entries") }
    for case .string(let text) in [key, value] { bytes -= text.bytes.count }
    guard bytes >= 0 else {
      throw LuaError(kind: .limit, message: "\(path): too many bytes of text, counted wherever a string is referred to")
    }
  }

  private func precedes(_ a: LuaValue, _ b: LuaValue) -> Bool {
    switch (a.asNumber, b.asNumber) {
    case (let a?, let b?): a < b
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): (a.asBytes ?? []).lexicographicallyPrecedes(b.asBytes ?? [])
    }
  }
}
