import Foundation
import Tensors
import Testing

@testable import Ranking

@Suite struct KMeansTests {
  /// Float rows as a block.
  private func block(_ rows: [[Float]]) throws -> RowBlock {
    try rows.flatMap { $0 }.withUnsafeBufferPointer {
      try RowBlock(copying: $0.baseAddress!, rowCount: rows.count, width: rows[0].count)
    }
  }

  private func randomRows(_ count: Int, _ width: Int, seed: UInt64) -> [[Float]] {
    let stream = RandomStream(seed: seed, purpose: "rows")
    return (0..<count).map { row in
      (0..<width).map { Float(stream.uniformDouble(at: UInt64(row * width + $0))) * 2 - 1 }
    }
  }

  @Test(arguments: ["kmeans.a", "kmeans.b"]) func golden(_ name: String) throws {
    let golden = try Golden(name)
    let rows = try block(golden.rows("inputs.X").map { $0.map(Float.init) })
    let count = Int(try golden.number("parameters.k"))
    let start = golden.numbers("parameters.initial_rows").flatMap { row in
      (0..<rows.width).map { rows[Int(row)][$0] }
    }
    let steps = golden.objects("expected.iterations")
    #expect(steps.count >= 3)
    for (done, step) in zip(1..., steps) {
      let found = try KMeans(rows, count: count, start: .centers(start), iterations: done)
      #expect(found.labels == step.integers("labels"))
      expectClose(found.inertia, try step.number("inertia_before_update"), rtol: 2e-4)
      expectClose(found.centers, step.numbers("centers"), rtol: 2e-4, atol: 2e-5, "\(name), iteration \(done)")
    }
    let found = try KMeans(rows, count: count, start: .centers(start), iterations: 100)
    #expect(found.labels == golden.integers("expected.labels") && found.iterations <= steps.count)
    expectClose(found.inertia, try golden.number("expected.inertia"), rtol: 2e-4)
  }

  /// Lloyd's iterations in float64; of equally near centers the first.
  private func slow(_ rows: [[Float]], _ start: [[Float]], iterations: Int) -> (labels: [Int32], centers: [[Double]]) {
    var centers = start.map { $0.map(Double.init) }
    var labels: [Int32] = []
    for _ in 0..<iterations {
      labels = rows.map { row in
        let distances = centers.map { zip($0, row).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) } }
        return Int32(distances.firstIndex(of: distances.min()!)!)
      }
      for center in centers.indices {
        let own = rows.indices.filter { labels[$0] == Int32(center) }
        guard !own.isEmpty else { continue }
        centers[center] = centers[center].indices.map { column in
          own.reduce(0) { $0 + Double(rows[$1][column]) } / Double(own.count)
        }
      }
    }
    return (labels, centers)
  }

  @Test(arguments: [(30, 1, 3), (90, 7, 15), (200, 16, 16), (200, 17, 17), (70, 33, 40), (2100, 5, 33), (40, 3, 1)])
  func equalsTheSlowOne(_ count: Int, _ width: Int, _ clusters: Int) throws {
    let rows = randomRows(count, width, seed: UInt64(count))
    // Two centers on one row: the second keeps none, and stays.
    var start = Array(rows.prefix(clusters))
    if clusters > 2 { start[clusters - 1] = start[0] }
    for iterations in [1, 2, 6] {
      let found = try KMeans(
        block(rows), count: clusters, start: .centers(start.flatMap { $0 }), iterations: iterations)
      let expected = slow(rows, start, iterations: found.iterations)
      #expect(found.labels == expected.labels)
      expectClose(found.centers, expected.centers.flatMap { $0 }, rtol: 1e-5, atol: 1e-6, "\(iterations) iterations")
    }
  }

  @Test func theBitsDoNotDependOnTheThreads() throws {
    let rows = try block(randomRows(5000, 12, seed: 4))
    let start = KMeans.Start.plusPlus(RandomStream(seed: 3, purpose: "start"))
    let found = try [1, 2, 3].map {
      try KMeans(rows, count: 37, start: start, iterations: 9, pool: ThreadPool(threadCount: $0))
    }
    for other in found.dropFirst() {
      #expect(other.centers == found[0].centers && other.labels == found[0].labels)
      #expect(other.inertia == found[0].inertia)
    }
  }

  /// k-means++: each in proportion to its squared distance from the nearest before it.
  @Test func theStartFollowsTheDistances() throws {
    let values: [Float] = [0, 1, 3, 3, -2]
    let rows = try block(values.map { [$0] })
    func distance(_ a: Int, _ b: Int) -> Double { pow(Double(values[a] - values[b]), 2) }
    var law: [[Int]: Double] = [:]
    for first in 0..<5 {
      let second = (0..<5).map { distance($0, first) }
      for (a, weight) in second.enumerated() where weight > 0 {
        let third = (0..<5).map { min(distance($0, first), distance($0, a)) }
        for (b, last) in third.enumerated() {
          law[[first, a, b]] = 0.2 * weight / second.reduce(0, +) * last / third.reduce(0, +)
        }
      }
    }
    var counts: [[Int]: Int] = [:]
    for seed in 0..<20_000 {
      let seeds = try KMeans.seeds(rows, count: 3, RandomStream(seed: UInt64(seed), purpose: "start"))
      counts[seeds, default: 0] += 1
    }
    let keys = law.keys.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(counts.keys.allSatisfy { law[$0]! > 0 } && abs(law.values.reduce(0, +) - 1) < 1e-9)
    #expect(abs(chiSquareExcess(keys.map { counts[$0] ?? 0 }, keys.map { law[$0]! })) < 5)
  }

  @Test func asManyClustersAsRowsLeaveNothing() throws {
    let rows = randomRows(23, 4, seed: 8)
    let found = try KMeans(
      block(rows), count: 23, start: .plusPlus(RandomStream(seed: 1, purpose: "start")), iterations: 5)
    #expect(Set(found.labels).count == 23 && found.inertia < 1e-9)
  }

  @Test func rowsThatAreAllAlikeShareOneCluster() throws {
    let found = try KMeans(
      block([[Float]](repeating: [0.5, -2], count: 9)), count: 4,
      start: .plusPlus(RandomStream(seed: 1, purpose: "start")), iterations: 5)
    #expect(found.labels == [Int32](repeating: 0, count: 9) && found.inertia == 0)
    #expect(found.centers == [0.5, -2, 0.5, -2, 0.5, -2, 0.5, -2])
  }

  @Test(arguments: [Float.nan, .infinity, 3e30]) func whatIsNoNumberShows(_ value: Float) throws {
    var rows = randomRows(40, 3, seed: 2)
    rows[17][1] = value
    let found = try KMeans(
      block(rows), count: 5, start: .plusPlus(RandomStream(seed: 1, purpose: "start")), iterations: 5)
    #expect(!found.inertia.isFinite || value == 3e30)
    #expect(found.labels.allSatisfy { (0..<5).contains($0) })
  }
}
