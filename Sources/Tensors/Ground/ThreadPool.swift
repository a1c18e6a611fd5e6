import Platform
import Kernels
import Synchronization

/// A fixed set of worker threads that run the indices of a loop.
///
/// The work is cut by the caller into tasks whose number and borders do not depend on how many threads there are;
/// results are then the same bits at any thread count, whoever runs a task. One loop runs at a time: a loop started
/// from inside a task runs serially on that thread.
///
/// Workers spin for some microseconds after a loop, because a training step is a handful of loops of 50 to 500 µs each, and
/// then sleep. A loop waits for the workers that have joined it only: where the machine is busy with other things and a worker
/// wakes late, the caller has done the work meanwhile.
public final class ThreadPool: Sendable {
  /// The pool everything uses unless told otherwise: as many threads as `PERIGEE_THREADS` says, else as there are cores.
  public static var shared: ThreadPool { sharedPool.withLock { $0 } }

  private static let sharedPool = Locked<ThreadPool>(ThreadPool(threadCount: ThreadPool.defaultThreadCount))

  /// Replaces the shared pool by one of `count` threads. Must not be called from inside a task.
  public static func setSharedThreadCount(_ count: Int) {
    sharedPool.withLock { if $0.threadCount != count { $0 = ThreadPool(threadCount: count) } }
  }

  /// What a pool may be asked to have.
  public static let threadCounts = 1...256

  /// `PERIGEE_THREADS` where it is one of `threadCounts`, else the number of cores this process may use, 256 at most. A program
  /// calls `checkEnvironment()` when it starts, so that nothing else is taken in silence.
  public static var defaultThreadCount: Int {
    (try? threadCountOfEnvironment()) ?? min(Int(kernel_core_count()), threadCounts.upperBound)
  }

  /// Throws where `PERIGEE_THREADS` is set to anything but a whole number in `threadCounts`.
  public static func checkEnvironment() throws { _ = try threadCountOfEnvironment() }

  private static func threadCountOfEnvironment() throws -> Int? {
    guard let text = getenv("PERIGEE_THREADS").map({ String(cString: $0) }) else { return nil }
    guard let count = Int(text), threadCounts.contains(count) else {
      throw ThreadCountError(
        description: "PERIGEE_THREADS is \(quoted(text)); want a whole number from \(threadCounts.lowerBound) to "
          + "\(threadCounts.upperBound), or leave it unset for one thread a core")
    }
    return count
  }

  private struct ThreadCountError: Error, CustomStringConvertible { let description: String }

  /// Threads that work on a loop, the caller's included: fewer than were asked for where the system has no more.
  public let threadCount: Int

  private let shared: Shared

  public init(threadCount: Int) {
    precondition(threadCount >= 1, "a pool has at least the calling thread")
    shared = Shared()
    var started = 1
    while started < threadCount, ThreadPool.startWorker(shared) { started += 1 }
    self.threadCount = started
  }

  deinit { shared.stop() }

  /// Calls `body` once for every index in `0..<count`, in no particular order, and returns when all calls have returned.
  ///
  /// `body` must write only to memory that belongs to its index; pointers go in as `Shared`.
  public func run(count: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 0 else { return }
    if threadCount == 1 || count == 1 || !shared.tryAcquire() {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { shared.execute(count: count, $0) }
    shared.release()
  }

  /// Cuts `0..<count` into ranges of `grain` (the last may be shorter) and calls `body` once for each.
  ///
  /// The ranges depend on `count` and `grain` only, so a reduction over them in order is reproducible.
  public func run(count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let step = max(1, grain)
    run(count: (count + step - 1) / step) { task in body(task * step..<min(count, (task + 1) * step)) }
  }

  /// Whether the system had a thread to give.
  private static func startWorker(_ shared: Shared) -> Bool {
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let argument = Unmanaged.passRetained(shared)
    // A signal (Ctrl-C) belongs to the main thread: workers block all of them.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    let status = pthread_create(
      &thread, &attributes,
      { pointer in
        Unmanaged<Shared>.fromOpaque(pointer!).takeRetainedValue().work()
        return nil
      }, argument.toOpaque())
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    pthread_attr_destroy(&attributes)
    if status != 0 { argument.release() }
    return status == 0
  }

  /// What the pool and its workers share. Workers keep it alive, not the pool, so that dropping the pool ends them.
  private final class Shared: @unchecked Sendable {
    private let busy = Atomic<Bool>(false)
    private let generation = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    /// Whether the loop may be joined. A worker first counts itself as active, then looks here; the caller first closes the
    /// loop, then waits for the active ones: sequentially consistent, so that one of the two sees the other.
    private let isOpen = Atomic<Bool>(false)
    private let active = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let sleepers = Atomic<Int>(0)
    private var count = 0
    private var body: (@Sendable (Int) -> Void)?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// About 30 µs of spinning: longer than the gap between two loops of one training step.
    private static let spins = 4000

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(wake, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      pthread_cond_destroy(wake)
      mutex.deallocate()
      wake.deallocate()
    }

    func tryAcquire() -> Bool {
      busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    }

    func release() { busy.store(false, ordering: .releasing) }

    func execute(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.body = body
      next.store(0, ordering: .relaxed)
      isOpen.store(true, ordering: .sequentiallyConsistent)
      generation.add(1, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
      }
      drain(body)
      isOpen.store(false, ordering: .sequentiallyConsistent)
      var spins = 0
      while active.load(ordering: .sequentiallyConsistent) > 0 {
        spins += 1
        if spins > Self.spins { sched_yield() }
      }
      self.body = nil
    }

    private func drain(_ body: (Int) -> Void) {
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }

    func work() {
      var seen = 0
      while true {
        seen = waitForWork(after: seen)
        if stopping.load(ordering: .acquiring) { return }
        active.add(1, ordering: .sequentiallyConsistent)
        joinOpenLoop()
        active.subtract(1, ordering: .releasing)
      }
    }

    /// A function of its own, so that its hold on `body`, which lives on the caller's stack, ends before the worker is counted off.
    @inline(never)
    private func joinOpenLoop() {
      if isOpen.load(ordering: .sequentiallyConsistent), let body { drain(body) }
    }

    private func waitForWork(after seen: Int) -> Int {
      for _ in 0..<Self.spins {
        let now = generation.load(ordering: .acquiring)
        if now != seen { return now }
      }
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      var now = generation.load(ordering: .sequentiallyConsistent)
      while now == seen {
        pthread_cond_wait(wake, mutex)
        now = generation.load(ordering: .sequentiallyConsistent)
      }
      sleepers.subtract(1, ordering: .relaxed)
      pthread_mutex_unlock(mutex)
      return now
    }

    func stop() {
      stopping.store(true, ordering: .releasing)
      pthread_mutex_lock(mutex)
      generation.add(1, ordering: .sequentiallyConsistent)
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(mutex)
    }
  }
}
