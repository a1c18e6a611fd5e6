import Synchronization

/// An error of a Lua script, or of native code that it called.
public struct LuaError: Error, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// Raised by `error`, a failed operation, or a native function.
    case runtime
    /// The source text is not Lua.
    case syntax
    /// The machine has no memory left.
    case memory
    /// Stopped by `LuaInterruption.interrupt()`.
    case interrupted
    /// Stopped by a limit on instructions or memory.
    case limit
  }

  public var kind: Kind
  /// The whole message, with its place first: `exp.lua:2: perigee.losses.bpr: ...`.
  public var message: String
  /// Where the first cause arose: `stack traceback:` and one line for each call. Empty where there is none.
  public var traceback: String
  /// Identifies the value that was raised, so that passing this error on raises that very value again.
  var id = 0

  private static let counter = Atomic<Int>(0)
  static func newID() -> Int { counter.add(1, ordering: .relaxed).newValue }

  /// True for an error that a state reported, false for one that native code made.
  var isFromLua: Bool { id != 0 }

  public init(kind: Kind = .runtime, message: String, traceback: String = "") {
    self.kind = kind
    self.message = message
    self.traceback = traceback
  }

  public var description: String { message }

  /// The same error, with more at the end of its message: where a callback was when it failed.
  public func adding(_ text: String) -> LuaError {
    var result = self
    result.message += text
    if isFromLua { result.id = LuaError.newID() }
    return result
  }

  /// The script named at the beginning of the message.
  public var script: String? { place?.script }
  /// The line named at the beginning of the message.
  public var line: Int? { place?.line }

  private var place: (script: String, line: Int)? {
    let text = message.utf8
    var start = text.startIndex
    while let colon = text[start...].firstIndex(of: UInt8(ascii: ":")) {
      let digits = text[text.index(after: colon)...].prefix { $0 >= 48 && $0 <= 57 }
      if !digits.isEmpty, digits.endIndex < text.endIndex, text[digits.endIndex] == UInt8(ascii: ":"),
        let line = Int(String(digits) ?? "")
      {
        return (String(message[..<colon]), line)
      }
      start = text.index(after: colon)
    }
    return nil
  }
}

/// Wrong use of a native function: what was wrong, what was wanted. The function's name and the script's line are added.
public struct LuaArgumentError: Error, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}
