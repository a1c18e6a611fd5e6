import Testing

@testable import LuaHost

/// A state with the module `lab`, as the local `lab` of what it runs.
struct Lab {
  let state = LuaState()

  init() throws { try state.install(Counter.module) }

  func run(_ source: String) throws -> [LuaValue] {
    try state.run("local lab = require 'lab'; " + source, name: "t.lua")
  }

  /// The error of `source`; a failed expectation when there is none.
  func error(_ source: String, location: SourceLocation = #_sourceLocation) -> LuaError {
    do {
      let values = try run(source)
      Issue.record("no error, but \(values)", sourceLocation: location)
    } catch let error as LuaError {
      return error
    } catch {
      Issue.record("not a LuaError: \(error)", sourceLocation: location)
    }
    return LuaError(message: "")
  }

  func expect(_ source: String, says message: String, location: SourceLocation = #_sourceLocation) {
    #expect(error(source, location: location).message == message, sourceLocation: location)
  }
}
