extension FunctionDescription {
  /// `perigee.models.mf { data = ..., [dim = 64] } -> model`: optional parts in brackets.
  public func signature(_ fullName: String) -> String {
    if name.hasPrefix("__") { return operatorSignature }
    var inside = parameters.map { $0.isRequired ? $0.name : "[\($0.name)]" }
    if let variadic { inside.append("\(variadic.name)...") }
    var text = fullName
    if options.isEmpty {
      text += "(" + inside.joined(separator: ", ") + ")"
    } else if inside.isEmpty {
      text += " " + optionsSketch
    } else {
      text += "(" + (inside + [optionsSketch]).joined(separator: ", ") + ")"
    }
    return text + results
  }

  private var results: String { returns.isEmpty ? "" : " -> " + returns.map(\.name).joined(separator: ", ") }

  /// `left + right -> sum`.
  private var operatorSignature: String {
    let names = parameters.map(\.name)
    let sign = operatorText(name)
    let text =
      switch (name, names.count) {
      case ("__index", 2...): "\(names[0])[\(names[1])]"
      case ("__newindex", 3...): "\(names[0])[\(names[1])] = \(names[2])"
      case ("__call", 1...): "\(names[0])(\(names.dropFirst().joined(separator: ", ")))"
      case (_, 1): "\(sign)\(names[0])"
      case (_, 2...): "\(names[0]) \(sign) \(names[1])"
      default: name
      }
    return text + results
  }

  private var optionsSketch: String {
    let shown = options.map { option in
      option.isRequired
        ? "\(option.name) = ..." : "[\(option.name)\(option.defaultValue.map { " = " + $0.text } ?? "")]"
    }
    let line = "{ " + shown.joined(separator: ", ") + " }"
    if line.count <= 90 { return line }
    let required = options.filter(\.isRequired).map { "\($0.name) = ..." }
    return "{ " + (required + ["..."]).joined(separator: ", ") + " }"
  }

  /// Parameters, options and what is in their tables, with the names that messages use: `init.std`, `groups[].rate`.
  func rows(of list: [ParameterDescription], prefix: String = "") -> [(name: String, parameter: ParameterDescription)] {
    list.flatMap { parameter in
      // The place in a table that is no name: `[1]`.
      let path =
        parameter.name.hasPrefix("[") && !prefix.isEmpty ? prefix.dropLast() + parameter.name : prefix + parameter.name
      return [(path, parameter)] + rows(ofFieldsIn: parameter.type, prefix: path)
    }
  }

  /// The fields of the tables of a type, behind the name of what has that type.
  func rows(ofFieldsIn type: LuaType, prefix: String) -> [(name: String, parameter: ParameterDescription)] {
    type.tables.flatMap { table in
      let path = prefix + table.place
      return rows(of: table.fields, prefix: path.isEmpty ? "" : path + ".")
    }
  }
}

extension [FunctionDescription] {
  /// The same functions, which readers find under a theme.
  public func about(_ theme: String) -> [FunctionDescription] {
    map { function in
      var result = function
      result.theme = theme
      return result
    }
  }
}

extension ParameterDescription {
  /// `number > 0, default 1e-4, in seconds`.
  public var brief: String {
    var parts = [type.brief]
    if let defaultValue { parts.append("default \(defaultValue.text)") } else if isOptional { parts.append("optional") }
    if let unit { parts.append("in \(unit)") }
    return parts.joined(separator: ", ")
  }
}

/// Lines of columns: each but the last padded to its widest cell, up to `most` characters.
func aligned(_ rows: [[String]], indent: String, most: Int = 34) -> [String] {
  guard let columns = rows.map(\.count).max() else { return [] }
  let widths = (0..<columns).map { column in
    min(most, rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0)
  }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      column == row.count - 1 ? cell : cell + String(repeating: " ", count: max(0, widths[column] - cell.count))
    }
    return (indent + cells.joined(separator: "  ")).withoutTrailingSpaces
  }
}

extension String {
  var withoutTrailingSpaces: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
