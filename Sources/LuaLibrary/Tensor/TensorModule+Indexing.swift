import LuaHost
import Tensors

// Reading and writing elements: `t[i]`, `t[{ i, j }]`, `#t`, tables, files.

extension TensorModule {
  private static var position: ParameterDescription {
    .init(
      "position", .integer.or(.list(.integer.or(.list(.integer)))),
      "A position of the first axis, or a list with one entry for each axis as in `slice`.")
  }

  static var indexing: [FunctionDescription] { [index, assignIndex, length] }

  private static var index: FunctionDescription {
    FunctionDescription(
      "__index", "The number at a position of a vector; a view of the row where more axes are left.",
      details:
        "Positions count from 1, or from -1 backwards from the end. With one position for each axis the result is a number.",
      example: "x[1]   x[{ 2, 3 }]   x[-1]   x[{ {}, { 1, 2 } }]",
      parameters: [.init("self", .tensor, "The tensor."), position],
      returns: [.init("value", .number.or(.tensor), "A number, or a view.")]
    ) { call in
      let tensor = try call.object("self", as: Tensor.self)
      let part = try tensor.slice(call.slices("position", of: tensor))
      return part.rank == 0 ? [try part.item()] : [part]
    }
  }

  private static var assignIndex: FunctionDescription {
    FunctionDescription(
      "__newindex", "Writes a number, a tensor or a nested table of numbers at a position; it broadcasts.",
      example: "x[1] = 0   x[{ 2, 3 }] = 7   x[2] = { 1, 2, 3 }",
      parameters: [
        .init("self", .tensor, "The tensor."), position,
        .init("value", .real.or(.anyTensor).or(.table), "What is written."),
      ]
    ) { call in
      let tensor = try call.object("self", as: Tensor.self)
      try tensor.assign(source(call, "value"), at: call.slices("position", of: tensor))
      return []
    }
  }

  private static func source(_ call: LuaCall, _ name: String) throws -> Tensor {
    if let tensor = try call.optionalTensor(name) { return tensor }
    return try TensorTables.tensor(from: call.value(name), name: name)
  }

  private static var length: FunctionDescription {
    FunctionDescription(
      "__len", "The length of the first axis.", parameters: [.init("self", .tensor, "The tensor.")],
      returns: [.init("length", .integer, "Its length.")]
    ) { call in
      guard let length = try call.object("self", as: Tensor.self).shape.first else {
        throw call.error("self", "a tensor of rank 0 has no length")
      }
      return [length]
    }
  }

  // MARK: Whole tensors

  static var conversions: [FunctionDescription] { [item, totable, copy, writeNumpy] }

  private static var item: FunctionDescription {
    FunctionDescription(
      "item", "The only element, as a number of Lua.", returns: [.init("value", .number, "The element.")]
    ) { call in [try call.tensor.item()] }
  }

  private static var totable: FunctionDescription {
    FunctionDescription(
      "totable", "The elements in nested tables; of rank 0 the number.",
      returns: [.init("table", .table.or(.number), "Plain numbers.")]
    ) { call in [try TensorTables.value(of: call.tensor)] }
  }

  private static var copy: FunctionDescription {
    FunctionDescription(
      "copy", "The same elements in memory of their own.", returns: [.init("tensor", .tensor, "A new tensor.")]
    ) { call in [try call.tensor.copy()] }
  }

  static var assign: FunctionDescription {
    FunctionDescription(
      "assign", "Writes into this tensor and all views of it.",
      parameters: [.init("value", .real.or(.anyTensor).or(.table), "A number, tensor or nested table; it broadcasts.")],
      returns: [.init("self", .tensor, "This tensor.")]
    ) { call in
      try call.tensor.assign(source(call, "value"))
      return [call.receiverValue]
    }
  }

  private static var writeNumpy: FunctionDescription {
    FunctionDescription(
      "write_npy", "Writes a NumPy `.npy` file (float32), which appears under its name when it is complete.",
      parameters: [.init("path", .string, "The file.")], returns: [.init("self", .tensor, "This tensor.")]
    ) { call in
      try call.tensor.writeNumpy(call.string("path"))
      return [call.receiverValue]
    }
  }

  static var readNumpy: FunctionDescription {
    FunctionDescription(
      "read_npy", "Reads a NumPy `.npy` file: floats, integers or booleans, rounded to float32.",
      parameters: [.init("path", .string, "The file.")], returns: [.init("tensor", .tensor, "A new tensor.")]
    ) { call in
      let path = try call.string("path")
      return [try call.interruptible { try Tensor.readNumpy(path, isInterrupted: $0) }]
    }
  }

  static var readSafetensors: FunctionDescription {
    FunctionDescription(
      "read_safetensors", "Reads the tensors of a safetensors file: floats, integers or booleans, rounded to float32.",
      example: "local items = perigee.read_safetensors(\"gowalla.safetensors\").items",
      parameters: [.init("path", .string, "The file.")],
      returns: [
        .init("tensors", .map(.tensor), "New tensors by name."),
        .init("metadata", .map(.string), "Texts by name."),
      ]
    ) { call in
      let file = try SafetensorsFile.read(call.string("path"))
      return [
        LuaRecord(file.tensors.map { ($0.name, $0.tensor) }), LuaRecord(file.metadata.map { ($0.name, $0.text) }),
      ]
    }
  }

  static var writeSafetensors: FunctionDescription {
    FunctionDescription(
      "write_safetensors",
      "Writes tensors by name to a safetensors file (float32), which gets its name when it is whole.",
      example:
        "perigee.write_safetensors(\"centers.safetensors\", { centers = centers }, { metadata = { made = \"by k-means\" } })",
      parameters: [
        .init("path", .string, "The file; one that is there is replaced."),
        .init("tensors", .map(.tensor), "Tensors by name; they are written in the order of the names."),
      ],
      options: [.init("metadata", .map(.string), "Texts by name.", optional: true)], returns: []
    ) { call in
      func sorted<Value>(_ table: LuaTable?, _ value: (LuaValue) -> Value?) throws -> [(String, Value)] {
        var entries: [(String, Value)] = []
        try table?.forEachEntry { key, entry in
          if let name = key.asString, let value = value(entry) { entries.append((name, value)) }
        }
        return entries.sorted { $0.0 < $1.0 }
      }
      let tensors = try sorted(call.value("tensors").asTable) { $0.asObject(Tensor.self) }
      let texts = try sorted(call.value("metadata").asTable) { $0.asString }
      try SafetensorsFile(tensors.map { ($0.0, $0.1) }, metadata: texts.map { ($0.0, $0.1) }).write(call.string("path"))
      return []
    }
  }
}
