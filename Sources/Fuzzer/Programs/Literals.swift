/// Values of Lua as a program writes them. Everything here is an expression that cannot fail.
enum Literals {
  /// Numbers at whose borders arithmetic changes its ways.
  static let extremes = [
    "-1", "0", "-0.0", "1.5", "2^31", "2^31 - 1", "-2^31", "2^32", "2^53", "2^53 + 1", "-2^53", "2^63", "-2^63", "2^64",
    "math.maxinteger", "math.mininteger", "math.maxinteger - 1", "math.mininteger + 1", "math.maxinteger // 2",
    "1e308", "-1e308", "1e-308", "5e-324", "3.4028235e38", "1e39", "1e19", "1e10", "65536", "1000000", "16777217",
    "0/0", "1/0", "-1/0",
  ]

  /// Helpers of the prelude make the odd ones.
  static let hostile = [
    "nil", "true", "false", "{}", "\"\"", "\"\\0\"", "\"a\\0b\"", "\"\\xff\\xfe\\x80\"", "\"a\\n\\27[31m\\r\\tb\"",
    "\"-1\"", "\"1e400\"", "\"nan\"", "(\"x\"):rep(300)", "(\"é\"):rep(40000)", "\"\\u{202E}\\u{10FFFF}\"",
    "{ 1, nil, 3 }", "{ [2^53] = 1 }", "{ [0/1] = 1, [-1] = 2 }", "{ { 1, 2 }, { 3 } }", "{ \"a\", 1, true }",
    "border(40)", "border(62)", "deep(200)", "deep(100000)", "cycle()", "angry()", "lying()", "many(3000)",
    "raises", "raises_table", "yields", "recurses", "thread()", "print", "pcall", "freed()", "math.huge", "_ENV",
    "setmetatable({}, { __index = function() return 1 end, __len = function() return 2^40 end })",
    "setmetatable({}, { __gc = function() collectgarbage() end })",
  ]

  static let names = [
    "1", "u1", "3", "item", "data.csv", "out.npy", "out.model", "ml-100k", "gowalla", "recall@5", "ndcg@3", "auc",
    "users",
    "items", "negatives", "batch", "user", "x", "no such name",
  ]

  /// A string as Lua writes it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
      case 32..<127: result.unicodeScalars.append(UnicodeScalar(byte))
      default: result += "\\" + String(repeating: "0", count: byte < 10 ? 2 : byte < 100 ? 1 : 0) + "\(byte)"
      }
    }
    return result + "\""
  }
}
