import Platform

// Columns that a script names, and what is said where it has to.

extension FileSample {
  /// What each column means where options name some of them, by the header's names or by place.
  func namedRoles(
    _ columns: [String: OpenOptions.Column], header: [String]?, columnCount: Int
  ) throws(DataError) -> [String] {
    try checkRoles(columns.keys.sorted(), TableLayout.roles.dropLast())
    var roles = [String](repeating: "_", count: columnCount)
    for (role, column) in columns.sorted(by: { $0.key < $1.key }) {
      let index = try index(of: column, role, header, columnCount)
      guard roles[index] == "_" else {
        throw .impossible(
          what: "columns takes column \(index + 1) for \(roles[index]) and for \(role)", remedy: "name two columns")
      }
      roles[index] = role
    }
    let told: [String] = header.map { headerRoles($0) } ?? []
    for (index, role) in told.enumerated()
    where ["user", "item"].contains(role) && columns[role] == nil && roles[index] == "_" {
      roles[index] = role
    }
    return roles
  }

  private func index(
    of column: OpenOptions.Column, _ role: String, _ header: [String]?, _ columnCount: Int
  ) throws(DataError) -> Int {
    switch column {
    case .place(let place):
      if (1...max(1, columnCount)).contains(place) { return place - 1 }
      throw .badFile(
        file: file, problem: "has \(columnCount) columns, and columns takes column \(place) for \(role)",
        remedy: "count columns from 1")
    case .name(let name):
      guard let header else {
        throw .badFile(
          file: file, problem: "has no header, and columns takes a column \(quoted(name)) for \(role)",
          remedy: "give the number of the column, or header = true")
      }
      let names = header.map { String(unquoted(trimmed($0)).prefix { $0 != ":" }) }
      if let index = header.firstIndex(of: name) ?? names.firstIndex(of: name) { return index }
      let likely = nearestName(to: name, in: names).map { ", did you mean \(quoted($0))?" }
      throw .badFile(
        file: file, problem: "has no column \(quoted(name))\(likely ?? "")",
        remedy: "its columns are \(listed(header))")
    }
  }

  private func trimmed(_ name: String) -> Substring {
    var name = name.drop { $0 == " " }
    while name.last == " " { name.removeLast() }
    return name
  }

  /// The name without the quotation marks that some programs write around names between tabs or spaces too.
  private func unquoted(_ name: Substring) -> Substring {
    name.count >= 2 && name.first == "\"" && name.last == "\"" ? name.dropFirst().dropLast() : name
  }

  /// The columns' names as a message shows them.
  private func listed(_ header: [String]) -> String {
    let names = header.prefix(16).map { shown($0, limit: 30) }.joined(separator: ", ")
    return header.count > 16 ? "\(names) and \(header.count - 16) more" : names
  }

  /// Says what is known, what is not, and how to tell it, in a form that can be pasted.
  func unknownColumns(
    _ roles: [String], header: [String]?, columnCount: Int, _ options: OpenOptions
  ) -> DataError {
    let missing = ["user", "item"].filter { !roles.contains($0) }
    let question =
      missing.count == 2 ? "which column is the user and which the item" : "which column is the \(missing[0])"
    var free = (0..<columnCount).filter { !roles.indices.contains($0) || roles[$0] == "_" }[...]
    let examples = ["user", "item"].map { role in
      let index = roles.firstIndex(of: role) ?? free.popFirst() ?? 0
      // A first line of one quotation mark has no names at all.
      let name = header.flatMap { $0.indices.contains(index) ? quoted($0[index], limit: 100) : nil }
      return "\(role) = \(name ?? "\(index + 1)")"
    }
    return .badFile(
      file: file, problem: "cannot tell \(question) among \(header.map(listed) ?? "\(columnCount) columns")",
      remedy: "name them, for example columns = { \(examples.joined(separator: ", ")) }"
        + (header != nil && options.header == nil ? ", or pass header = false if the first line is data" : ""))
  }
}
