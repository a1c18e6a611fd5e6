/// What the end of an unfinished piece of Lua text is: inside which call, table and string, after which path.
struct CompletionContext {
  struct Step: Equatable {
    var name: String
    var isMethod: Bool
    /// What a call of the path so far returns, and no name.
    var isCall = false
  }
  /// A string that is not closed.
  struct OpenString {
    var start: Int
    var quote: String
    /// The function that it is an argument of.
    var callee: [Step]
    /// Which one, from 0.
    var argument = 0
  }
  /// The described function whose options are being written, and the keys of nested tables on the way.
  struct OptionsCall {
    var callee: [Step]
    var nesting: [String]
  }

  private struct Bracket {
    var byte: UInt8
    /// What stands before: the function called, or for an inner table the callee of the parentheses.
    var callee: [Step]
    /// `init` for the table of `init = {`.
    var key: String?
    var keysGiven: Set<String> = []
    /// The key whose value is being written.
    var pendingKey: String?
    /// After `{`, `,` or `;`: a key may begin here.
    var atKey = true
    /// Commas and semicolons so far.
    var commas = 0
  }

  private var brackets: [Bracket] = []
  private(set) var openString: OpenString?
  private(set) var lastWord: (path: [Step], last: String, isMethod: Bool) = ([], "", false)

  var isAtKey: Bool { brackets.last.map { $0.byte == UInt8(ascii: "{") && $0.atKey } ?? false }
  var keysGiven: Set<String> { brackets.last?.keysGiven ?? [] }
  var keyBeforeValue: String? {
    // Also inside the list of a key: metrics = { "re
    for bracket in brackets.reversed() {
      if let key = bracket.pendingKey { return key }
      if bracket.byte != UInt8(ascii: "{") { return nil }
    }
    return nil
  }

  var optionsCall: OptionsCall? {
    var nesting: [String] = []
    for bracket in brackets.reversed() {
      guard bracket.byte == UInt8(ascii: "{") else { return nil }
      if !bracket.callee.isEmpty { return OptionsCall(callee: bracket.callee, nesting: nesting.reversed()) }
      // A list as a value ({ "re) has options of the table around it.
      if let key = bracket.key, !(bracket.pendingKey == nil && openString != nil) { nesting.append(key) }
    }
    return nil
  }

  init(_ bytes: [UInt8]) {
    var scanner = Scanner(bytes: bytes)
    while let token = scanner.next() { read(token) }
    finish(scanner)
  }

  // MARK: Reading

  /// The path that ends here: names joined by dots and colons.
  private var path: [Step] = []
  private var separator: UInt8?

  private mutating func read(_ token: Scanner.Token) {
    switch token {
    case .name(let name):
      if separator != nil, !path.isEmpty {
        path.append(Step(name: name, isMethod: separator == UInt8(ascii: ":")))
      } else {
        path = [Step(name: name, isMethod: false)]
      }
      separator = nil
    case .symbol(let byte): read(symbol: byte)
    case .value(let isString):
      // `f "text"` is a call.
      let callee = path
      let isCalled = separator == nil && isString && !callee.isEmpty
      endPath()
      if isCalled { path = callee + [Step(name: "", isMethod: false, isCall: true)] }
      if !brackets.isEmpty { brackets[brackets.count - 1].atKey = false }
    }
  }

  private mutating func read(symbol byte: UInt8) {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: ":"):
      separator = byte
      return
    case UInt8(ascii: "("), UInt8(ascii: "["): brackets.append(Bracket(byte: byte, callee: path))
    case UInt8(ascii: "{"): openTable()
    case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"):
      let closed = brackets.popLast()
      if !brackets.isEmpty { brackets[brackets.count - 1].atKey = false }
      endPath()
      if let callee = closed?.callee, !callee.isEmpty, byte != UInt8(ascii: "]") {
        path = callee + [Step(name: "", isMethod: false, isCall: true)]
      }
      return
    case UInt8(ascii: "="):
      if !brackets.isEmpty, brackets[brackets.count - 1].byte == UInt8(ascii: "{"), path.count == 1 {
        brackets[brackets.count - 1].pendingKey = path[0].name
        brackets[brackets.count - 1].keysGiven.insert(path[0].name)
      }
      if !brackets.isEmpty { brackets[brackets.count - 1].atKey = false }
    case UInt8(ascii: ","), UInt8(ascii: ";"):
      if !brackets.isEmpty {
        brackets[brackets.count - 1].pendingKey = nil
        brackets[brackets.count - 1].commas += 1
        brackets[brackets.count - 1].atKey = true
      }
    default:
      if !brackets.isEmpty { brackets[brackets.count - 1].atKey = false }
    }
    endPath()
  }

  private mutating func openTable() {
    var callee = path
    var key: String?
    if let around = brackets.last, path.isEmpty {
      if around.byte == UInt8(ascii: "(") { callee = around.callee }
      if around.byte == UInt8(ascii: "{") { key = around.pendingKey }
    }
    brackets.append(Bracket(byte: UInt8(ascii: "{"), callee: callee, key: key))
  }

  private mutating func endPath() {
    path = []
    separator = nil
  }

  private mutating func finish(_ scanner: Scanner) {
    if let string = scanner.openString {
      openString = OpenString(start: string.start, quote: string.quote, callee: path)
      if path.isEmpty, let around = brackets.last, around.byte == UInt8(ascii: "(") {
        openString = OpenString(
          start: string.start, quote: string.quote, callee: around.callee, argument: around.commas)
      }
      return
    }
    if separator != nil {
      lastWord = (path, "", separator == UInt8(ascii: ":"))
    } else if scanner.endsInName, let last = path.last {
      lastWord = (Array(path.dropLast()), last.name, last.isMethod)
    }
  }
}

/// The tokens of Lua as far as completion needs them.
private struct Scanner {
  enum Token {
    case name(String)
    case symbol(UInt8)
    /// A number, a string, a keyword or `==`.
    case value(isString: Bool)
  }
  let bytes: [UInt8]
  var position = 0
  var openString: (start: Int, quote: String)?
  var endsInName = false

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Token? {
    while position < bytes.count, bytes[position] <= 32 {
      position += 1
      endsInName = false
    }
    guard position < bytes.count, openString == nil else { return nil }
    let byte = bytes[position]
    endsInName = false
    if (48...57).contains(byte) {
      while position < bytes.count, isNameByte(bytes[position]) || bytes[position] == UInt8(ascii: ".") {
        position += 1
      }
      return .value(isString: false)
    }
    if isNameByte(byte) { return name() }
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return string(byte) }
    if byte == UInt8(ascii: "-"), position + 1 < bytes.count, bytes[position + 1] == byte {
      while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      return next()
    }
    position += 1
    if byte == UInt8(ascii: "="), position < bytes.count, bytes[position] == byte {
      position += 1
      return .value(isString: false)
    }
    return .symbol(byte)
  }

  private mutating func name() -> Token {
    let start = position
    while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
    endsInName = position == bytes.count
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    return keywords.contains(text) && !endsInName ? .value(isString: false) : .name(text)
  }

  private mutating func string(_ quote: UInt8) -> Token? {
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != quote {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else {
      position = bytes.count
      openString = (min(start, bytes.count), String(UnicodeScalar(quote)))
      return nil
    }
    position += 1
    return .value(isString: true)
  }
}
