import LuaHost
import Platform
import Tensors

/// Tensors from nested Lua tables and back.
enum TensorTables {
  /// A number, a nested table of numbers, or a copy of a tensor. Messages name the entry: `data[2][1]`.
  static func tensor(from value: LuaValue, name: String) throws -> Tensor {
    if let number = value.asNumber { return try Tensor(Float(number)) }
    if let tensor = value.asObject(Tensor.self) { return try tensor.copy() }
    guard let table = value.asTable else {
      throw LuaArgumentError("\(name): want a number, a Tensor or a nested table of numbers, got a \(value.typeName)")
    }
    var reader = Reader()
    try reader.read(table, name: name, depth: 0)
    return try Tensor(reader.elements, shape: reader.shape)
  }

  private struct Reader {
    var elements: [Float] = []
    /// Lengths of the axes that were met so far, and the table that set each.
    var shape: [Int] = []
    private var firstNames: [String] = []
    /// Depth of the numbers, once one was met.
    private var leafDepth: Int?

    mutating func read(_ table: LuaTable, name: String, depth: Int) throws {
      guard depth < 64 else { throw LuaArgumentError("\(name): want at most 64 tables within each other") }
      let length = try checkedLength(table, name)
      if depth == shape.count {
        shape.append(length)
        firstNames.append(name)
      } else if shape[depth] != length {
        throw LuaArgumentError(
          "\(name): has \(length) entries, \(firstNames[depth]) has \(shape[depth]); want equal lengths")
      }
      if leafDepth == nil, length > 0, try table.rawGet(1).asNumber != nil {
        leafDepth = depth
        try checkSize(firstNames[0])
      }
      if leafDepth == depth, let numbers = try table.numbers() {
        return elements.append(contentsOf: numbers.lazy.map(Float.init))
      }
      for (index, entry) in try table.array().enumerated() {
        let place = "\(name)[\(index + 1)]"
        if leafDepth == depth, entry.asNumber != nil { continue }
        guard leafDepth != depth, let inner = entry.asTable else {
          throw LuaArgumentError("\(place): want \(wanted(entry, depth)), got a \(entry.typeName)")
        }
        try read(inner, name: place, depth: depth + 1)
      }
    }

    /// A table may hold the same table many times: forty tables within each other can be 2^40 numbers.
    private func checkSize(_ name: String) throws {
      var count = 1
      for length in shape { count = count.multipliedReportingOverflow(by: length).overflow ? .max : count * length }
      try Memory.require(count, of: Float.self, for: "\(name) of shape \(shape)")
    }

    private func wanted(_ entry: LuaValue, _ depth: Int) -> String {
      if entry.asObject(Tensor.self) != nil { return "plain numbers (perigee.stack puts tensors together)" }
      if leafDepth == depth { return "a number like the entries beside it" }
      return entry.asNumber == nil ? "a number or a table of numbers" : "a table like the entries beside it"
    }

    private func checkedLength(_ table: LuaTable, _ name: String) throws -> Int {
      let length = try table.rawCount()
      if let key = try table.keyBeside(length) {
        throw LuaArgumentError(
          "\(name): want entries 1, 2, ... without gaps, it has the key \(key.asString ?? "\(key.asNumber ?? .nan)")")
      }
      return length
    }
  }

  /// Nested tables of numbers; of rank 0 the number.
  static func value(of tensor: Tensor) throws -> any LuaConvertible {
    let rows = tensor.shape.dropLast().reduce(1, *)
    // What a table takes here and in Lua, and what a number does.
    try Memory.require(rows * 128 + tensor.count * 20, of: UInt8.self, for: "a table of the shape \(tensor.shape)")
    let elements = try tensor.elements()
    if tensor.rank == 0 { return elements[0] }
    var position = 0
    func table(_ axis: Int) -> any LuaConvertible {
      let length = tensor.shape[axis]
      if axis == tensor.rank - 1 {
        defer { position += length }
        return Array(elements[position..<position + length])
      }
      return LuaList((0..<length).map { _ in table(axis + 1) })
    }
    return table(0)
  }
}
