import Platform
import Synchronization

/// A few numbers that workers and the supervisor share through a mapped file: which case a worker is at, since when, and how cases
/// ended. What a dead worker wrote last is still there.
final class Board {
  /// Numbers of all, then numbers of each worker.
  enum Shared: Int { case nextBlock, stopsAt, isOver, acceptedCalls, refusedCalls }
  enum Own: Int {
    case current, began, beganProcessor, statement, resumes
    static let counts = 8
  }

  /// Cases whose state of Lua is the same one: a worker takes a block of them at once.
  static let blockSize = 64
  private static let slots = 128
  private static let workers = 16
  private static let bytes = slots * (workers + 1) * MemoryLayout<Int>.stride

  private let base: UnsafeMutableRawPointer

  /// Maps the file at `path`, which is made where it is not there.
  init(path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, ftruncate(descriptor, off_t(Self.bytes)) == 0,
      let address = mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else { throw FuzzerError("cannot share memory at \(shownPath(path)): \(systemReason())") }
    base = address
  }

  deinit { munmap(base, Self.bytes) }

  private func place(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    (base + index * MemoryLayout<Int>.stride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  subscript(shared: Shared) -> Int {
    get { place(shared.rawValue).pointee.load(ordering: .sequentiallyConsistent) }
    set { place(shared.rawValue).pointee.store(newValue, ordering: .sequentiallyConsistent) }
  }

  subscript(worker: Int, own: Own) -> Int {
    get { place(Self.slots * (worker + 1) + own.rawValue).pointee.load(ordering: .sequentiallyConsistent) }
    set { place(Self.slots * (worker + 1) + own.rawValue).pointee.store(newValue, ordering: .sequentiallyConsistent) }
  }

  /// The first case of a block that nobody else has.
  func takeBlock() -> Int {
    place(Shared.nextBlock.rawValue).pointee.add(1, ordering: .sequentiallyConsistent).oldValue * Self.blockSize
  }

  /// Notes that a case begins now, in this process.
  func begin(_ number: Int, worker: Int) {
    self[worker, .statement] = 0
    self[worker, .began] = now()
    self[worker, .beganProcessor] = processorTime(of: getpid())
    self[worker, .current] = number + 1
  }

  func count(_ kind: Kind, _ outcome: Outcome, worker: Int) {
    place(slot(kind, outcome, worker)).pointee.add(1, ordering: .relaxed)
  }

  func countCalls(accepted: Int, refused: Int) {
    place(Shared.acceptedCalls.rawValue).pointee.add(accepted, ordering: .relaxed)
    place(Shared.refusedCalls.rawValue).pointee.add(refused, ordering: .relaxed)
  }

  func total(_ kind: Kind, _ outcome: Outcome) -> Int {
    (0..<Self.workers).reduce(0) { $0 + place(slot(kind, outcome, $1)).pointee.load(ordering: .relaxed) }
  }

  private func slot(_ kind: Kind, _ outcome: Outcome, _ worker: Int) -> Int {
    let index = Kind.allCases.firstIndex(of: kind)! * Outcome.allCases.count + outcome.rawValue
    return Self.slots * (worker + 1) + Own.counts + index
  }
}

struct FuzzerError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Nanoseconds of a clock that only goes forward.
func now() -> Int { nanoseconds(of: CLOCK_MONOTONIC) }

/// Nanoseconds of a processor that a process has had; 0 where it is no more.
func processorTime(of process: pid_t) -> Int {
  var clock = clockid_t()
  return clock_getcpuclockid(process, &clock) == 0 ? nanoseconds(of: clock) : 0
}

private func nanoseconds(of clock: clockid_t) -> Int {
  var time = timespec()
  clock_gettime(clock, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
