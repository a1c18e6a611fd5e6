import Dispatch
import Testing

@testable import LuaHost

@Suite struct ReferenceReleaseTests {
  /// References are released on any thread while their state makes more of them.
  @Test func referencesGoOnOtherThreads() throws {
    struct Bag: @unchecked Sendable { var values: [LuaTable] }
    let state = LuaState()
    let group = DispatchGroup()
    for round in 0..<200 {
      let bag = Bag(values: (0..<20).map { _ in state.makeTable() })
      DispatchQueue.global().async(group: group) { _ = bag.values.count }
      if round % 10 == 0 { state.collectGarbage() }
    }
    group.wait()
    _ = state.makeTable()
    state.collectGarbage()
    #expect(state.memory.lua < 1 << 20)
  }

  @Test func referencesOfAClosedStateSayIt() throws {
    var state: LuaState? = LuaState()
    let table = try #require(state?.makeTable())
    state = nil
    #expect(throws: LuaError.self) { try table.rawCount() }
  }
}
