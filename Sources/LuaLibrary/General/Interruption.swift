import Interactions
import LuaHost

extension LuaCall {
  /// Runs native work that asks now and then whether the script is to stop, and passes that on as Lua knows it.
  func interruptible<Result>(_ body: (_ isInterrupted: @escaping () -> Bool) throws -> Result) throws -> Result {
    let state = state
    do {
      return try body { state.isInterrupted }
    } catch DataError.interrupted {
      throw LuaError(kind: .interrupted, message: "interrupted")
    } catch is CancellationError {
      throw LuaError(kind: .interrupted, message: "interrupted")
    }
  }
}
