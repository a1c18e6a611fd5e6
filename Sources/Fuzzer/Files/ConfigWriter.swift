/// Configs from a stranger: data, programs, and attempts to take all there is.
struct ConfigWriter {
  var choices: Choices
  private var depth = 0

  init(choices: Choices) { self.choices = choices }

  mutating func write() -> [UInt8] {
    if choices.chance(0.3) {
      var damage = Damage(choices: choices)
      let bytes = damage.text(Array(("return " + table()).utf8))
      choices = damage.choices
      return bytes
    }
    var lines = (0..<choices.below(4)).map { _ in statement() }
    lines.append("return " + (choices.chance(0.8) ? table() : expression()))
    return Array(lines.joined(separator: "\n").utf8)
  }

  private mutating func table() -> String {
    depth += 1
    defer { depth -= 1 }
    let entries = (0..<choices.below(5)).map { _ -> String in
      let key = choices.pick(["", "a = ", "[1] = ", "[2^53] = ", "[\"\\0\"] = ", "[1.5] = ", "[{}] = ", "[0/0] = "])
      return key + expression()
    }
    return "{ " + entries.joined(separator: ", ") + " }"
  }

  private mutating func expression() -> String {
    if depth < 6, choices.chance(0.3) { return table() }
    if choices.chance(0.15) { return choices.pick(Self.calls) }
    if choices.chance(0.02) { return large() }
    return choices.pick(
      Literals.extremes + ["\"text\"", "\"\\0\\xff\"", "true", "nil", "t", "#t", "t.x", "function() end", "x"])
  }

  private static let calls = [
    "(\"x\"):rep(1000)", "(\"x\"):rep(1e9)", "(\"x\"):rep(0, (\"y\"):rep(100))", "string.format(\"%99.99f\", 1e308)",
    "string.format(\"%d\", 2^53)", "string.format(\"%s\", t)", "(\"a\"):rep(3000):find((\"a*\"):rep(20) .. \"b\")",
    "(\"a\"):rep(300):gsub(\"\", \"b\")", "table.concat(t, (\"x\"):rep(1000))", "table.unpack({}, 1, 1e7)",
    "table.unpack({}, math.mininteger, math.maxinteger)", "select(-1, 1)", "select(\"#\", table.unpack(t))", "next(t)",
    "tostring(t)", "tonumber(\"1e\", 36)", "tonumber((\"9\"):rep(400))", "math.tointeger(2^53)", "math.floor(0/0)",
    "string.byte((\"x\"):rep(10000), 1, -1)", "string.char(table.unpack(t))", "os.time()", "io.open \"x\"",
    "require \"x\"",
    "load \"return 1\"", "setmetatable({}, {})", "getmetatable(\"\").__index", "coroutine.wrap(print)()",
    "string.dump(print)",
    "utf8.char(2^31 - 1)", "_G._G", "_ENV", "error({})", "error()", "assert(nil)", "pcall(error)",
    "string.pack(\"i16\", 1)",
  ]

  private mutating func statement() -> String {
    switch choices.below(14) {
    case 0: "local t = {} t[1] = t"
    case 1: "local t = {} for i = 1, \(choices.pick(["10", "1e4", "1e7", "math.huge", "2^63"])) do t[i] = i end"
    case 2: "while true do end"
    case 3: "local function f(x) return f(x + 1) + 1 end f(1)"
    case 4:
      "local t = {} for i = 1, 100 do t[i] = i % 7 end table.sort(t, function(a, b) return \(choices.pick(["true", "a <= b", "a > b", "error()"])) end)"
    case 5:
      "local t = {} for i = 0, \(choices.pick(["40", "62"])) do t[2^i] = 1 end table.\(choices.pick(["insert(t, 1, 0)", "remove(t, 1)", "concat(t)", "unpack(t)", "sort(t)", "move(t, 1, 1e8, 2)"]))"
    case 6: "local s = \"x\" for i = 1, \(choices.pick(["10", "20", "40"])) do s = s .. s end"
    case 7: "local t = \(large())"
    case 8: "goto done do local x end ::done::"
    case 9: "local t <close> = nil; local c <const> = 1"
    case 10: "for k, v in pairs \(table()) do \(choices.pick(["k", "x"])) = v end"
    case 11: "local s, t = (\"y\"):rep(1000), {} for i = 1, \(choices.pick(["10", "5000"])) do t[i] = s end"
    case 12: "x.y.z = 1"
    default: "local t = \(table())"
    }
  }

  /// Long and deeply nested text.
  private mutating func large() -> String {
    let count = choices.pick([10, 150, 300, 3000, 40_000])
    switch choices.below(5) {
    case 0: return String(repeating: "{", count: count) + String(repeating: "}", count: count)
    case 1: return String(repeating: "(", count: count) + "1" + String(repeating: ")", count: count)
    case 2: return "{" + String(repeating: "1,", count: count) + "}"
    case 3: return "(function() if x then" + String(repeating: " elseif x then", count: count) + " end end)"
    default: return "1" + String(repeating: " .. 1", count: count)
    }
  }
}
