import Platform
import TestSupport
import Testing

/// Programs that are started, waited for and ended, and what happens now and then.
@Suite struct ChildProcessTests {
  private let folder = TemporaryFolder()

  private func shell(_ script: String, environment: [String: String] = [:], leadsGroup: Bool = false) throws
    -> ChildProcess
  {
    try ChildProcess(
      ["/bin/sh", "-c", script], environment: environment, output: "\(folder.path)/output", leadsGroup: leadsGroup)
  }

  private func output() throws -> String {
    String(decoding: try RegularFile.bytes(of: "\(folder.path)/output"), as: UTF8.self)
  }

  @Test func itsEndIsKnown() throws {
    #expect(try shell("exit 0").wait() == .exit(0))
    #expect(try shell("exit 7").wait() == .exit(7))
    #expect(try shell("kill -9 $$").wait() == .signal(9))
    let process = try shell("exit 3")
    #expect(process.wait() == .exit(3) && process.poll() == .exit(3) && process.wait(seconds: 0) == .exit(3))
  }

  @Test func itHasWhatItWasGiven() throws {
    setenv("PERIGEE_TEST_KEPT", "kept", 1)
    setenv("PERIGEE_TEST_CHANGED", "before", 1)
    let process = try shell(
      "echo $PERIGEE_TEST_KEPT $PERIGEE_TEST_CHANGED $PERIGEE_TEST_NEW; cat; echo told >&2",
      environment: ["PERIGEE_TEST_CHANGED": "after", "PERIGEE_TEST_NEW": "a b"])
    #expect(process.wait() == .exit(0))
    #expect(try output() == "kept after a b\ntold\n")
  }

  @Test func aGroupIsReachedAsAWhole() throws {
    let process = try shell("sleep 100 & echo $!; wait", leadsGroup: true)
    while try output().isEmpty { usleep(1000) }
    let inner = Int32(try output().dropLast())!
    #expect(process.poll() == nil && process.wait(seconds: 0.01) == nil && getpgid(inner) == process.identifier)
    process.kill(SIGKILL)
    #expect(process.wait() == .signal(SIGKILL))
    for _ in 0..<5000 where hasNotEnded(inner) { usleep(1000) }
    #expect(!hasNotEnded(inner))
  }

  /// A zombie has ended: whoever inherits it may never ask for it.
  private func hasNotEnded(_ process: Int32) -> Bool {
    guard let line = try? RegularFile.bytes(of: "/proc/\(process)/stat") else { return false }
    return !String(decoding: line, as: UTF8.self).contains(") Z ")
  }

  @Test func oneThatIsDroppedIsKilled() throws {
    var process: ChildProcess? = try shell("sleep 100")
    let identifier = process!.identifier
    process = nil
    #expect(!isRunning(identifier))
  }

  @Test func aProgramThatIsNotThereIsNamed() {
    #expect(throws: ChildProcess.Failure.self) { try ChildProcess(["/none/such"]) }
    do { _ = try ChildProcess(["/none/such"]) } catch {
      #expect("\(error)" == "cannot start /none/such: No such file or directory")
    }
  }

  @Test func aTickerCallsUntilItIsStopped() {
    let count = Locked(0)
    let ticker = Ticker(every: 0.001) { count.withLock { $0 += 1 } }
    while count.withLock({ $0 }) < 3 { usleep(500) }
    ticker.stop()
    let after = count.withLock { $0 }
    usleep(20_000)
    #expect(count.withLock { $0 } == after)
    ticker.stop()
    // One that waits long is stopped at once, and so is one that is dropped.
    let began = monotonicSeconds()
    Ticker(every: 1000) {}.stop()
    _ = Ticker(every: 1000) {}
    #expect(monotonicSeconds() - began < 5)
  }
}
