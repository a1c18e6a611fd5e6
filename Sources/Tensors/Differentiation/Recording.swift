import Platform

/// Whether the calling thread records what it computes, so that it can be differentiated.
enum Recording {
  /// A value for each thread: not null while the thread does not record.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key, nil)
    precondition(status == 0, "cannot make a value for each thread: error \(status)")
    return key
  }()

  static var isPaused: Bool { pthread_getspecific(key) != nil }

  /// Runs `body` with recording on or off, and puts it back as it was.
  static func with<Result>(isOn: Bool, _ body: () throws -> Result) rethrows -> Result {
    let before = pthread_getspecific(key)
    pthread_setspecific(key, isOn ? nil : UnsafeRawPointer(bitPattern: 1))
    defer { pthread_setspecific(key, before) }
    return try body()
  }
}

/// Runs `body` without recording: its results require no gradient, whatever they are made of, and tensors may be written
/// in place. Holds for the calling thread.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  try Recording.with(isOn: false, body)
}
