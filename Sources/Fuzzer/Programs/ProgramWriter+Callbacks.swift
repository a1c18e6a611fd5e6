import LuaHost

/// Functions that the library calls back, and the forms of Lua around calls.
extension ProgramWriter {
  /// A function of a signature: one that works, one that does things while the library is in the middle of something, or one that
  /// misbehaves.
  mutating func function(_ signature: Signature) -> String {
    if choices.chance(hostility / 2) {
      return choices.pick(["raises", "yields", "recurses", "raises_table", "function() end"])
    }
    let wantsBody =
      wanted.flatMap { $0.owner }.map { signature.parameters.contains($0.lowercased()) || depth < 4 } ?? false
    if !wantsBody, let known = Recipes.functions[signature.results.joined(separator: ",")], choices.chance(0.65),
      let recipe = choices.pick(known).fitting(signature)
    {
      return recipe
    }
    guard depth < 5 else { return "function() return 1 end" }
    return body(signature)
  }

  private mutating func body(_ signature: Signature) -> String {
    depth += 1
    let outside = (lines, slots)
    lines = []
    slots += announced
    let names = signature.parameters.indices.map { "a\(depth)_\($0 + 1)" }
    for (name, type) in zip(names, signature.parameters) where type != "..." {
      slots.append(Slot(expression: name, tags: [type]))
    }
    if let callable = wanted {
      wanted = nil
      write(callable, receiver: nil)
    }
    if choices.chance(0.3) { writeMemberOfCaller() }
    for _ in 0..<choices.below(3) { writeStatement() }
    if choices.chance(hostility / 4) {
      lines.append(choices.pick(["error(\"no\")", "coroutine.yield(1)", "collectgarbage()"]))
    }
    let results = signature.results.map { result($0, arguments: names) }
    let parameters = signature.parameters.contains("...") ? "..." : names.joined(separator: ", ")
    let text = block(
      "function(\(parameters))", results.isEmpty ? "end" : "return \(results.joined(separator: ", ")) end")
    (lines, slots) = outside
    depth -= 1
    return text
  }

  /// Uses what calls this very callback: a trainer's step within its loss.
  private mutating func writeMemberOfCaller() {
    for slot in announced.reversed() {
      guard let tag = slot.tags.sorted().first(where: Recipes.lively.contains), let members = catalog.members[tag]
      else {
        continue
      }
      return write(choices.pick(members), receiver: slot.expression)
    }
  }

  private mutating func result(_ type: String, arguments: [String]) -> String {
    let alternatives = type.split(separator: "|").map(String.init)
    let type = choices.pick(alternatives.isEmpty ? ["any"] : alternatives)
    let there = slots.filter { $0.tags.contains(type) }
    switch type {
    case "number", "integer": return choices.chance(0.9) ? "0.5" : choices.pick(Literals.extremes)
    case "boolean": return choices.pick(["true", "false", "nil"])
    default: return (there.last ?? slots.last)?.expression ?? "1"
    }
  }

  private func block(_ head: String, _ tail: String) -> String {
    (["\(head)"]
      + lines.map { "  " + $0.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ") }
      + [tail]).joined(separator: "\n")
  }

  /// A statement that is no call of the library: what Lua does with values behind its back.
  mutating func writeForm(_ roll: Int) {
    let place = slots.isEmpty ? hostile() : choices.pick(slots).expression
    switch roll % 14 {
    case 0: writeAside("inside_coroutine(\(number()), ", ")")
    case 1: writeAside("collected(\(number()), ", ")")
    case 2: writeAside("each(\(number()), \(place), ", ")")
    case 3: writeAside("protected(\(number()), ", ")")
    case 4: lines.append("show(\(number()), \(place))")
    case 5: lines.append("close(\(number()), \(place))")
    case 6: lines.append("method(\(number()), \"any:free\", \(place))")
    case 7: lines.append("collectgarbage()")
    case 8: lines.append("read(\(number()), \"any.\(choices.pick(["x", "rate", "shape", "loss"]))\", \(place))")
    case 9: lines.append("keys(\(number()), \(place))")
    case 10: lines.append("raw(\(number()), \(place), \(hostile()), \(hostile()))")
    case 11: keep(hostile(), tags: [])
    default: writeMemberTwice(place)
    }
  }

  /// Some statements in a function that the prelude calls in its own way.
  private mutating func writeAside(_ head: String, _ tail: String) {
    guard depth < 3 else { return writeStatement() }
    depth += 1
    let outside = (lines, slots)
    lines = []
    slots.append(Slot(expression: "a", tags: ["batch"]))
    for _ in 0...choices.below(3) { writeStatement() }
    if choices.chance(0.2) { lines.append("coroutine.yield(\(hostile()))") }
    let text = block("function(a)", "end")
    (lines, slots) = outside
    depth -= 1
    lines.append(head + text + tail)
  }

  private mutating func writeMemberTwice(_ place: String) {
    let before = lines.count
    writeStatement()
    // The same call again: of what changes with the first, the second may know too little.
    if lines.count == before + 1, !lines[before].contains("\n"), let again = renumbered(lines[before]) {
      lines.append(again)
    }
  }

  private mutating func renumbered(_ line: String) -> String? {
    guard let open = line.firstIndex(of: "("), let comma = line[open...].firstIndex(of: ","),
      Int(line[line.index(after: open)..<comma]) != nil
    else { return nil }
    return line[...open] + "\(number())" + line[comma...]
  }
}
