import Platform
import Synchronization
import Testing

@testable import Tensors

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8]) func everyIndexRunsOnce(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    for count in [0, 1, 2, 7, 100, 10_000] {
      var calls = [UInt8](repeating: 0, count: count)
      calls.withUnsafeMutableBufferPointer { buffer in
        let base = Shared(buffer)
        pool.run(count: count) { base.value[$0] += 1 }
      }
      #expect(calls.allSatisfy { $0 == 1 })
    }
  }

  @Test func rangesCoverTheLoopWhateverTheThreads() {
    for threads in [1, 3] {
      let pool = ThreadPool(threadCount: threads)
      let ranges = Locked<Set<Range<Int>>>([])
      pool.run(count: 100, grain: 30) { range in ranges.withLock { _ = $0.insert(range) } }
      #expect(ranges.withLock { $0 } == [0..<30, 30..<60, 60..<90, 90..<100])
    }
    let calls = Atomic<Int>(0)
    ThreadPool(threadCount: 2).run(count: 3, grain: 0) { calls.add($0.count, ordering: .relaxed) }
    #expect(calls.load(ordering: .relaxed) == 3)
  }

  @Test func loopsWithinLoopsRun() {
    let pool = ThreadPool(threadCount: 4)
    let calls = Atomic<Int>(0)
    for _ in 0..<50 {
      pool.run(count: 20) { _ in
        pool.run(count: 20) { _ in
          pool.run(count: 3) { _ in calls.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(calls.load(ordering: .relaxed) == 50 * 20 * 20 * 3)
  }

  @Test func manyThreadsMayUseOnePoolAtOnce() {
    let pool = ThreadPool(threadCount: 3)
    let calls = Atomic<Int>(0)
    let outer = ThreadPool(threadCount: 6)
    // Six threads that each start loops on the same pool: one gets its workers, the others run their own.
    outer.run(count: 600) { _ in
      pool.run(count: 50) { _ in calls.add(1, ordering: .relaxed) }
    }
    #expect(calls.load(ordering: .relaxed) == 600 * 50)
  }

  @Test func shortLoopsInARowDoNotMissWork() {
    let pool = ThreadPool(threadCount: 2)
    let calls = Atomic<Int>(0)
    for round in 0..<20_000 {
      pool.run(count: 2) { _ in calls.add(1, ordering: .relaxed) }
      // Now and then long enough for the workers to fall asleep.
      if round % 4000 == 0 { usleep(2000) }
    }
    #expect(calls.load(ordering: .relaxed) == 40_000)
  }

  @Test func workOfOneLoopIsSeenByTheNext() {
    let pool = ThreadPool(threadCount: 4)
    var sums = [Int](repeating: 0, count: 64)
    sums.withUnsafeMutableBufferPointer { buffer in
      let base = Shared(buffer)
      for round in 1...1000 { pool.run(count: 64) { base.value[$0] += round * $0 } }
    }
    #expect(sums == (0..<64).map { $0 * 500_500 })
  }

  @Test func aDroppedPoolEndsItsThreads() throws {
    func threads() throws -> Int {
      let folder = try #require(opendir("/proc/self/task"))
      defer { closedir(folder) }
      var count = 0
      while readdir(folder) != nil { count += 1 }
      return count
    }
    let before = try threads()
    for _ in 0..<20 {
      let pool = ThreadPool(threadCount: 5)
      pool.run(count: 10) { _ in }
    }
    // 80 workers were started. They end on their own; other tests may run meanwhile with a few of theirs.
    var after = try threads()
    for _ in 0..<200 where after > before + 20 {
      usleep(5000)
      after = try threads()
    }
    #expect(after <= before + 20)
  }

  @Test func tensorsHaveTheSameBitsAtAnyNumberOfThreads() throws {
    defer { ThreadPool.setSharedThreadCount(ThreadPool.defaultThreadCount) }
    func results() throws -> [UInt32] {
      let stream = RandomStream(seed: 17, purpose: "threads")
      let x = try Tensor.normal([401, 733], stream: stream)
      let y = try Tensor.uniform([733, 300], from: -1, stream: stream)
      let long = try Tensor.normal([300_001], standardDeviation: 1e3, stream: stream)
      let parts = try [
        x.sum(), x.sum(axes: [0]), x.sum(axes: [1]), x.transposed().mean(axes: [0]), x.variance(), x.norm(axes: [0]),
        long.sum(), long.variance(), long.norm(), x.product(axes: [1]), x.matrixProduct(y),
        y.transposed().matrixProduct(x.transposed()),
        x.matrixProduct(y.slice([.all, 0])), x.softmax(axis: 0).sum(axes: [0]), x.logSumExp(axis: 1),
        (x.exp() * x.transposed().copy().transposed()).sigmoid().sum(axes: [1]), x.sorted(axis: 0).slice([3]),
        x.reshaped([401, 733, 1]).matrixProduct(Tensor.ones([1, 4])).sum(axes: [0, 2]),
      ]
      return try parts.flatMap { try $0.elements().map(\.bitPattern) }
    }
    ThreadPool.setSharedThreadCount(1)
    let one = try results()
    for threads in [2, 3, 7] {
      ThreadPool.setSharedThreadCount(threads)
      #expect(try results() == one, "\(threads) threads")
    }
  }
}
