import Interactions
import LuaHost
import LuaLibrary
import Testing

/// What the collector is told of the memory behind models, parameters, losses and trainers.
@Suite struct TrainingMemoryTests {
  private let state = LuaState()

  init() throws {
    try state.install(PerigeeLibrary.module())
    try state.globals.set("split", smallSplit())
    try state.run(
      """
      perigee = require "perigee"
      function trainer(model, loss)
        return perigee.trainer { model = model, loss = loss or perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 5 },
          optimizer = perigee.optimizers.adam {}, batch = 32 }
      end
      function lua_model()
        p = perigee.parameter { name = "p", per = "user", data = split, dim = 1024 }
        q = perigee.parameter { name = "q", per = "item", data = split, dim = 1024 }
        return perigee.model { data = split, parameters = { p = p, q = q }, encode = function(_, _, x) return x.p, x.q end }
      end
      """, name: "prelude.lua")
  }

  /// Bytes that running `source` adds, what it leaves behind collected.
  private func added(_ source: String) throws -> Int {
    try collect()
    let before = state.memory.native
    try state.run(source, name: "t.lua")
    try collect()
    return state.memory.native - before
  }

  /// A handle that owns others is collected before them, and what Swift let go of is noticed at the next reference.
  private func collect() throws {
    for _ in 0..<4 {
      try state.run("return {}", name: "t.lua")
      state.collectGarbage()
    }
  }

  /// 40 users and 30 items, 1024 numbers each.
  private let table = 70 * 1024 * 4

  @Test func parametersAreToldOnce() throws {
    #expect(try (table..<table + 4096).contains(added("m = perigee.models.mf { data = split, dim = 1024 }")))
    #expect(try added("kept = m.parameters") < 64)
    #expect(try (table..<table + 4096).contains(added("n = lua_model()")))
    #expect(try added("again = n.parameters") < 64)
  }

  @Test func momentsAreToldWhenTheTrainerIsMade() throws {
    for make in ["perigee.models.mf { data = split, dim = 1024 }", "lua_model()"] {
      _ = try added("t = nil m = \(make)")
      #expect(try (2 * table..<2 * table + 65536).contains(added("t = trainer(m)")), "\(make)")
    }
  }

  @Test func aTrainerIsToldWithItsBatch() throws {
    _ = try added("m = perigee.models.mf { data = split, dim = 1024 } t = trainer(m)")
    // Rows that score, their masks and their gradients.
    #expect(try added("t:step()") > 3 * 32 * 1024 * 4)
    #expect(try added("t:step()") < 4096)
    #expect(try added("t = nil") < -3 * 32 * 1024 * 4)
  }

  @Test func aLossIsToldWithItsParametersAndItsProgram() throws {
    _ = try added(
      "m = perigee.models.mf { data = split, dim = 4, score = 'euclidean' } l = perigee.losses.sml {} t = trainer(m, l)"
    )
    #expect(
      try added(
        "s = perigee.losses.traced(function(s) return s.negative:rank():softmax():mean() + s.negative:mean() end)") < 64
    )
    _ = try added("u = trainer(perigee.models.mf { data = split, dim = 4 }, s)")
    #expect(try added("u:step()") > 0)
  }

  @Test func whatIsDroppedIsGivenBack() throws {
    for make in ["perigee.models.mf { data = split, dim = 1024 }", "lua_model()"] {
      let left = try added(
        """
        for i = 1, 20 do local t = trainer(\(make)) t:step() end
        p, q = nil, nil
        """)
      #expect(left < 4096, "\(make): \(left)")
    }
  }

  /// Lua itself sees a few hundred bytes for each; only what it is told makes it collect in time.
  @Test func manyTrainersStayWithinABound() throws {
    let state = self.state
    var most = 0
    try state.globals.set(
      "note",
      state.makeFunction("note") { _ in
        most = max(most, state.memory.native)
        return []
      })
    try state.run(
      "for i = 1, 150 do local t = trainer(perigee.models.mf { data = split, dim = 4096, seed = i }) note() end",
      name: "t.lua")
    // One with its moments is 3.4 MB; all would be 500 MB.
    #expect(most < 100 << 20, "\(most)")
  }
}
