import Platform

extension LuaState {
  /// The longest script that is read: whatever is longer is no script (`/dev/zero`).
  private static let longestScript = 64 << 20

  /// The bytes of a script. Unlike data it may come through a pipe, `perigee run <(generate)`: then an interruption ends the
  /// waiting.
  func scriptBytes(_ path: String) throws -> [UInt8] {
    guard !path.utf8.contains(0) else {
      throw LuaError(message: "cannot open \(shownPath(path)): a path holds no NUL character")
    }
    // Without O_NONBLOCK, opening a pipe waits for someone to write to it, and nothing would end that.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw LuaError(message: "cannot open \(shownPath(path)): \(systemReason())")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      try waitForBytes(descriptor)
      let count = read(descriptor, &block, block.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { continue }
        throw LuaError(message: "cannot read \(shownPath(path)): \(systemReason())")
      }
      bytes.append(contentsOf: block[..<count])
      if bytes.count > Self.longestScript {
        throw LuaError(
          kind: .limit, message: "\(shownPath(path)): want a script of at most \(Self.longestScript) bytes, it has more"
        )
      }
    }
  }

  private func waitForBytes(_ descriptor: Int32) throws {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    repeat { try checkInterrupt() } while poll(&watched, 1, 100) <= 0
  }
}
