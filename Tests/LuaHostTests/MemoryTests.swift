import Testing

@testable import LuaHost

/// Counts living blocks, which no other suite makes.
@Suite(.serialized) struct MemoryTests {
  final class Block: LuaObject {
    static var luaName: String { "Block" }
    nonisolated(unsafe) static var alive = 0
    nonisolated(unsafe) static var most = 0
    var bytes = 1 << 20
    init() {
      Block.alive += 1
      Block.most = max(Block.most, Block.alive)
    }
    deinit { Block.alive -= 1 }
  }

  func makeState() throws -> LuaState {
    let state = LuaState()
    Block.alive = 0
    Block.most = 0
    try state.install(
      ModuleDescription(
        "heap", "For tests.",
        functions: [
          FunctionDescription("block", "Makes a block.", returns: [.init("block", .object(Block.self), "A block.")]) {
            _ in [Block()]
          }
        ],
        types: [
          TypeDescription(
            Block.self, "A megabyte.",
            methods: [FunctionDescription("touch", "Does nothing.") { _ in [] }],
            size: { $0.bytes })
        ]))
    return state
  }

  @Test func aLoopOfTemporaryHandlesStaysFlat() throws {
    let state = try makeState()
    try state.run("local heap = require 'heap'; for i = 1, 5000 do heap.block():touch() end", name: "t.lua")
    #expect(Block.most < 150, "\(Block.most) of 5000 blocks of 1 MB were alive at once")
  }

  @Test func aLoopStaysFlatBesideALargeLuaHeap() throws {
    let state = try makeState()
    try state.run(
      """
      local heap = require 'heap'
      local keep = {}
      for i = 1, 200000 do keep[i] = { i } end
      for i = 1, 3000 do heap.block() end
      return #keep
      """, name: "t.lua")
    #expect(Block.most < 200, "\(Block.most) of 3000 blocks of 1 MB were alive at once")
  }

  @Test func keptHandlesLiveAndFreedOnesDoNot() throws {
    let state = try makeState()
    try state.run("heap = require 'heap'; kept = {}; for i = 1, 10 do kept[i] = heap.block() end", name: "t.lua")
    #expect(state.memory.native == 10 << 20)
    try state.run("for i = 1, 5 do kept[i]:free() end", name: "t.lua")
    #expect(Block.alive == 5)
    #expect(state.memory.native == 5 << 20)
    try state.run("kept = nil", name: "t.lua")
    state.collectGarbage()
    #expect(Block.alive == 0)
    #expect(state.memory.native == 0)
  }

  @Test func aClosedStateReleasesEverything() throws {
    var state: LuaState? = try makeState()
    try state?.run("kept = { (require 'heap').block(), (require 'heap').block() }", name: "t.lua")
    #expect(Block.alive == 2)
    state = nil
    #expect(Block.alive == 0)
  }

  @Test func aCloseVariableIsFreedAtTheEndOfItsBlock() throws {
    let state = try makeState()
    try state.run("do local b <close> = (require 'heap').block() end", name: "t.lua")
    #expect(Block.alive == 0)
  }
}
