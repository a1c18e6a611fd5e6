import Testing

@testable import LuaHost

/// Tables that are not what they say.
@Suite struct TableTests {
  let state = LuaState()

  func table(_ source: String) throws -> LuaTable {
    try #require(try state.run(source, name: "t.lua").first?.asTable)
  }

  /// Entries at 1, 2, 4, ... lead Lua's search for a border as far as they go.
  static let endless = "return { 1, " + (1...40).map { "[\(1 << $0)] = 1, " }.joined() + "}"

  @Test func aBorderDecidesNoSize() throws {
    let endless = try table(Self.endless)
    #expect(try endless.rawCount() >= 1 << 40)
    let error = #expect(throws: LuaArgumentError.self) { try endless.array() }
    #expect(error?.description.contains("entry [3] is nil: want a list without holes") == true)
    #expect(try endless.numbers() == nil)
    #expect(LuaType.list(.number).mismatch(with: .table(endless)).contains("is nil"))
    #expect(LuaType.list(.number).matching(.table(endless)) == nil)
    #expect(LuaType.list(.any).matching(.table(endless)) == nil)
    #expect(ValuePrinter().text(of: .table(endless), in: state).count < 2000)
  }

  @Test func listsWithHolesAreReadAsBefore() throws {
    #expect(try table("return { 1, nil, 3 }").array() == [1, .nil, 3])
    let long = try table("local t = {} for i = 1, 100000 do t[i] = i end return t")
    #expect(try long.array().count == 100_000)
    #expect(try long.numbers()?.count == 100_000)
    #expect(try long.keyBeside(100_000) == nil)
    #expect(try long.keyBeside(99_999) == 100_000)
    #expect(try table("return { 1, x = 2 }").keyBeside(1) == "x")
  }

  @Test func aKeyThatGoesMeanwhileIsAnError() throws {
    let table = try table("local t = {} for i = 1, 64 do t['k' .. i] = i end return t")
    let collect = try #require(try state.run("return collectgarbage", name: "t.lua").first?.asFunction)
    var seen = 0
    #expect(throws: LuaError.self) {
      try table.forEachEntry { key, _ in
        seen += 1
        try table.set(key, LuaValue.nil)
        for index in 0..<1000 { try table.set("new \(seen) \(index)", index) }
        try collect.call()
      }
    }
    #expect(try state.run("return 1", name: "t.lua") == [1])
  }

  @Test func extremeNumbersAreRefusedWithoutATrap() {
    let type = LuaType.integer(in: 1...10)
    for value: LuaValue in [.number(-0x1p63), .integer(.min), .integer(.max), .number(0x1p62), .number(-0x1p53)] {
      #expect(type.mismatch(with: value).hasPrefix("want an integer from 1 to 10, got "))
    }
    #expect(plainText(-0x1p63) == "-9.223372036854776e+18")
  }

  @Test func controlCharactersReachNoMessage() throws {
    #expect(LuaValue("\u{1B}[2J\u{7}\n").received == #""\x1B[2J\x07\n""#)
    #expect(LuaValue(String(repeating: "x", count: 1000)).received.count < 50)
    let lab = try Lab()
    let error = lab.error("lab['\\27[2J']()")
    #expect(!error.message.unicodeScalars.contains { $0.value < 32 })
    #expect(ValuePrinter().text(of: LuaValue("\u{9B}2J"), in: state) == #""\u{9B}2J""#)
  }

  @Test func printingHasAnEnd() throws {
    let deep = try table("local t = {} for i = 1, 100000 do t = { t } end return t")
    #expect(ValuePrinter().text(of: .table(deep), in: state) == "{ { { { { ... } } } } }")
    let wide = try table("local t = {} for d = 1, 4 do local n = {} for i = 1, 50 do n[i] = t end t = n end return t")
    #expect(ValuePrinter().text(of: .table(wide), in: state).count < 50_000)
  }
}
