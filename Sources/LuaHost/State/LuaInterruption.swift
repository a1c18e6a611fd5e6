import CLuaShim

/// Asks a state to stop what it runs, from any thread. It may outlive the state; asking a closed one does nothing.
public struct LuaInterruption: Sendable {
  private let source: Source

  init(host: OpaquePointer) { source = Source(host_retain_interrupter(host)) }

  /// The script ends with a `LuaError` of kind `.interrupted` at its next instruction, a native loop at its next
  /// `checkInterrupt()`; a `pcall` in the script does not stop it. Safe in a signal handler, as long as someone else holds this
  /// value too.
  public func interrupt() { host_interrupt(source.interrupter) }

  /// From now on Ctrl-C (SIGINT) and SIGTERM interrupt this state. The third in a row that nothing answers ends the process.
  public func catchSignals() { host_catch_signals(source.interrupter) }

  /// Gives both signals back to whoever had them before `catchSignals()`.
  public static func releaseSignals() { host_release_signals() }

  /// The last signal since `catchSignals()`; `nil` where none came.
  public static var lastSignal: Int32? {
    let number = host_last_signal()
    return number == 0 ? nil : number
  }

  private final class Source: @unchecked Sendable {  // all that C does with it is atomic
    let interrupter: OpaquePointer
    init(_ interrupter: OpaquePointer) { self.interrupter = interrupter }
    deinit { host_release_interrupter(interrupter) }
  }
}
