import LuaHost

/// Writes a program as a sequence of statements that keep what they get and hand it on to later ones.
///
/// A statement reads `v[3] = call(7, "perigee.zeros", { 2, 0 })`: its number, what it calls, the arguments. `call` catches the
/// error, so that a refusal does not end the program. The bodies of callbacks are statements too.
struct ProgramWriter {
  /// Where a value is kept, and what it can be used for.
  struct Slot {
    let expression: String
    let tags: Set<String>
  }

  let catalog: Catalog
  var choices: Choices
  /// How often a value is one that nobody asked for.
  let hostility: Double
  var slots: [Slot] = []
  /// The statements of the block being written; blocks of callbacks are written aside.
  var lines: [String] = []
  private(set) var count = 0
  private var kept = 0
  /// Where the results of the calls whose arguments are being written will be: callbacks may use what calls them.
  var announced: [Slot] = []
  /// How deep in callbacks and in the making of arguments the writer is.
  var depth = 0
  /// A member of a type that only callbacks see: the next callback with such a value calls it.
  var wanted: Callable?

  init(_ catalog: Catalog, _ choices: Choices) {
    self.catalog = catalog
    self.choices = choices
    hostility = self.choices.pick([0.01, 0.05, 0.15, 0.4])
  }

  mutating func number() -> Int {
    count += 1
    return count
  }

  /// Something that much can be done with.
  mutating func writeBeginning() {
    let label = choices.pick(Recipes.beginnings)
    if let callable = catalog.callables.first(where: { $0.label == label }) { write(callable) }
  }

  mutating func writeStatements(_ wanted: Int) {
    for _ in 0..<wanted { writeStatement() }
  }

  mutating func writeStatement() {
    let roll = choices.below(100)
    switch roll {
    case ..<50: writeMemberOfAny()
    case ..<86: write(choices.pick(choices.pick(catalog.groups)))
    default: writeForm(roll)
    }
  }

  /// Calls a member of something that the program has already.
  private mutating func writeMemberOfAny() {
    let owners = slots.suffix(12).filter { slot in slot.tags.contains { catalog.members[$0] != nil } }
    guard !owners.isEmpty else { return write(choices.pick(choices.pick(catalog.groups))) }
    let lively = owners.filter { !$0.tags.isDisjoint(with: Recipes.lively) }
    let slot = choices.pick(!lively.isEmpty && choices.chance(0.5) ? lively : owners)
    let tag = choices.pick(slot.tags.sorted().filter { catalog.members[$0] != nil })
    write(choices.pick(catalog.members[tag]!), receiver: use(slot, as: tag))
  }

  // MARK: Calls

  mutating func write(_ callable: Callable) {
    if let owner = callable.owner?.lowercased(), !has(owner), depth < 3, let contexts = catalog.contexts[owner],
      choices.chance(0.8)
    {
      wanted = callable
      write(choices.pick(contexts), receiver: nil)
      wanted = nil
    } else {
      write(callable, receiver: nil)
    }
  }

  mutating func write(_ callable: Callable, receiver: String?) {
    depth += 1
    let results = callable.description.returns.indices.map {
      Slot(expression: nextSlot(), tags: callable.tags(ofResult: $0))
    }
    announced += results
    defer {
      depth -= 1
      announced.removeLast(results.count)
    }
    var arguments: [String] = []
    if let owner = callable.owner, callable.form != .metamethod {
      arguments.append(receiver ?? object(owner.lowercased()))
    }
    let description = callable.description
    arguments += description.parameters.map { argument($0, of: callable) }
    while description.options.isEmpty, arguments.last == "nil" { arguments.removeLast() }
    if let variadic = description.variadic {
      for _ in 0..<choices.below(4) { arguments.append(value(variadic.type, variadic)) }
    }
    if !description.options.isEmpty, description.options.contains(where: \.isRequired) || choices.chance(0.6) {
      arguments.append(options(description.options, of: callable))
    }
    if choices.chance(hostility / 8) { arguments.append(hostile()) }
    keep(callable, arguments, results)
  }

  private mutating func argument(_ parameter: ParameterDescription, of callable: Callable) -> String {
    if !parameter.isRequired, choices.chance(0.5) { return "nil" }
    return recipe(parameter, of: callable) ?? value(parameter.type, parameter)
  }

  mutating func options(_ options: [ParameterDescription], of callable: Callable?) -> String {
    var entries: [String] = []
    for option in options where isGiven(option) {
      let text = callable.flatMap { recipe(option, of: $0) } ?? value(option.type, option)
      entries.append("\(option.name) = \(text)")
    }
    if choices.chance(hostility / 10) {
      entries.append("[\(choices.pick(Literals.extremes.filter { $0 != "0/0" }))] = 1")
    }
    if choices.chance(hostility / 10) { entries.append("unknown = \(hostile())") }
    return entries.isEmpty ? "{}" : "{ " + entries.joined(separator: ", ") + " }"
  }

  private mutating func isGiven(_ option: ParameterDescription) -> Bool {
    if option.isRequired { return !choices.chance(hostility / 8) }
    // Defaults are for people: a thousand users, two hundred repeats. Programs are to be quick.
    if case .integer(let value)? = option.defaultValue, value > 50 { return true }
    return choices.chance(0.35)
  }

  private mutating func keep(_ callable: Callable, _ arguments: [String], _ results: [Slot]) {
    let verb =
      switch callable.form {
      case .function: "call"
      case .method: "method"
      case .read: "read"
      case .assignment: "assign"
      case .metamethod: "operate"
      }
    let call = "\(verb)(\(number()), \(Literals.quoted(callable.label))\(arguments.map { ", " + $0 }.joined()))"
    lines.append(results.isEmpty ? call : results.map(\.expression).joined(separator: ", ") + " = " + call)
    slots += results
  }

  private mutating func nextSlot() -> String {
    kept += 1
    return "v[\(kept)]"
  }

  /// Keeps a value of Lua under a new name.
  mutating func keep(_ expression: String, tags: Set<String>) {
    let slot = nextSlot()
    lines.append("\(slot) = \(expression)")
    slots.append(Slot(expression: slot, tags: tags))
  }

  func has(_ tag: String) -> Bool { slots.contains { $0.tags.contains(tag) } }

  /// What a slot holds, or where that was refused something else of its type.
  private mutating func use(_ slot: Slot, as tag: String) -> String {
    guard slot.expression.hasPrefix("v["), !choices.chance(hostility / 4) else { return slot.expression }
    if let sample = sample(tag) { return "(\(slot.expression) or \(sample))" }
    if let (whole, names) = Recipes.parts[tag], let given = slots.last(where: { $0.tags.contains(whole) }) {
      return "(\(slot.expression) or \(given.expression)\(names[0]))"
    }
    return slot.expression
  }

  private mutating func sample(_ tag: String) -> String? {
    Recipes.samples[tag].map { "sample(\"\(tag)\", \(1 + choices.below($0)))" }
  }

  /// An expression for a handle of a type: one that there is already, or one that is made first.
  mutating func object(_ tag: String) -> String {
    let there = slots.suffix(20).filter { $0.tags.contains(tag) }
    if let (whole, names) = Recipes.parts[tag], choices.chance(there.isEmpty ? 0.9 : 0.3),
      let slot = slots.last(where: { $0.tags.contains(whole) })
    {
      return slot.expression + choices.pick(names)
    }
    if !there.isEmpty, choices.chance(0.9) { return use(choices.pick(there), as: tag) }
    if let sample = sample(tag), depth > 3 || choices.chance(0.5) { return sample }
    guard depth < 5, let producers = catalog.producers[tag] else {
      return there.last.map { use($0, as: tag) } ?? hostile()
    }
    // Of what makes one, that whose own receiver is at hand.
    let near = producers.filter { $0.owner == nil || has($0.owner!.lowercased()) }
    write(choices.pick(near.isEmpty ? producers : near), receiver: nil)
    return slots.last { $0.tags.contains(tag) }.map { use($0, as: tag) } ?? "nil"
  }
}
