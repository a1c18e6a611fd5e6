/// Calls a function every so many seconds, on a thread of its own, until it is stopped or dropped.
public final class Ticker {
  private let shared: Shared
  private var thread: pthread_t?

  /// The first call is one pause away. Where the system has no thread to give there is none, and nothing is called.
  public init(every seconds: Double, _ body: @escaping @Sendable () -> Void) {
    shared = Shared(seconds: seconds, body: body)
    thread = Self.start(shared)
  }

  deinit { stop() }

  /// Waits for a call that is under way; none comes after it.
  public func stop() {
    guard let thread else { return }
    self.thread = nil
    shared.end()
    pthread_join(thread, nil)
  }

  private static func start(_ shared: Shared) -> pthread_t? {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(shared)
    // A signal (Ctrl-C) belongs to the main thread.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    let status = pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<Shared>.fromOpaque(pointer!).takeRetainedValue().work()
        return nil
      }, argument.toOpaque())
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    if status == 0 { return thread }
    argument.release()
    return nil
  }

  private final class Shared: @unchecked Sendable {  // `ended` is read and written with the mutex
    private let seconds: Double
    private let body: @Sendable () -> Void
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var ended = false

    init(seconds: Double, body: @escaping @Sendable () -> Void) {
      self.seconds = seconds
      self.body = body
      pthread_mutex_init(mutex, nil)
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(wake, &attributes)
      pthread_condattr_destroy(&attributes)
    }

    deinit {
      pthread_cond_destroy(wake)
      pthread_mutex_destroy(mutex)
      wake.deallocate()
      mutex.deallocate()
    }

    func end() {
      pthread_mutex_lock(mutex)
      ended = true
      pthread_cond_signal(wake)
      pthread_mutex_unlock(mutex)
    }

    func work() {
      while isDue() { body() }
    }

    /// Waits for one pause; false where it was ended meanwhile.
    private func isDue() -> Bool {
      let due = monotonicSeconds() + seconds
      var time = timespec(tv_sec: time_t(due), tv_nsec: Int((due - due.rounded(.down)) * 1e9))
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      while !ended, monotonicSeconds() < due { pthread_cond_timedwait(wake, mutex, &time) }
      return !ended
    }
  }
}
