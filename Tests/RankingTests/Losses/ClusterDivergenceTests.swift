import Foundation
import Tensors
import Testing

@testable import Ranking

@Suite struct ClusterDivergenceTests {
  private func normal(_ rows: Int, _ columns: Int, seed: UInt64) throws -> Tensor {
    var generator = RandomStream(seed: seed, purpose: "clusters").generator()
    return try Tensor(
      (0..<rows * columns).map { _ in Float.random(in: -1..<1, using: &generator) }, shape: [rows, columns])
  }

  /// The formulas, written to be read.
  private func reference(_ items: [[Double]], _ centers: [[Double]], tau: Double, target fixed: [[Double]]?) -> (
    value: Double, target: [[Double]]
  ) {
    let q = items.map { item in
      let r = centers.map { center in
        pow(1 + zip(item, center).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / tau, -(tau + 1) / 2)
      }
      return r.map { $0 / r.reduce(0, +) }
    }
    let mass = centers.indices.map { k in q.reduce(0) { $0 + $1[k] } }
    let target =
      fixed
      ?? q.map { row in
        let f = row.indices.map { row[$0] * row[$0] / mass[$0] }
        return f.map { $0 / f.reduce(0, +) }
      }
    let value = zip(target, q).reduce(0) { sum, rows in
      sum + zip(rows.0, rows.1).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    }
    return (value, target)
  }

  @Test(arguments: [(1, 1, 1), (5, 3, 2), (70, 16, 17), (130, 33, 8), (9, 17, 64)], [false, true])
  func gradientsAgreeWithDifferences(_ size: (items: Int, clusters: Int, dim: Int), _ through: Bool) throws {
    let items = try normal(size.items, size.dim, seed: 1)
    let centers = try normal(size.clusters, size.dim, seed: 2)
    for tau in [1.0, 3.5] {
      let result = try ClusterDivergence(tau: tau, differentiatesTarget: through).evaluate(
        items: items, centers: centers)
      let (q, c) = (try items.rows().map { $0.map(Double.init) }, try centers.rows().map { $0.map(Double.init) })
      let base = reference(q, c, tau: tau, target: nil)
      expectClose(result.value, base.value, rtol: 1e-5, atol: 1e-6, "value")
      func differences(_ rows: [[Double]], _ value: ([[Double]]) -> Double) -> [Double] {
        var rows = rows
        return rows.indices.flatMap { row in
          rows[row].indices.map { column in
            let at = rows[row][column]
            rows[row][column] = at + 1e-5
            let above = value(rows)
            rows[row][column] = at - 1e-5
            let below = value(rows)
            rows[row][column] = at
            return (above - below) / 2e-5
          }
        }
      }
      let target = through ? nil : base.target
      let atItems = differences(q) { reference($0, c, tau: tau, target: target).value }
      expectClose(try result.itemGradient.elements(), atItems, rtol: 1e-4, atol: 3e-6, "items")
      let atCenters = differences(c) { reference(q, $0, tau: tau, target: target).value }
      expectClose(try result.centerGradient.elements(), atCenters, rtol: 1e-4, atol: 1e-5, "centers")
    }
  }

  @Test func theBitsDoNotDependOnTheThreads() throws {
    let items = try normal(5000, 24, seed: 3)
    let centers = try normal(20, 24, seed: 4)
    func run(_ threads: Int) throws -> [Float] {
      let result = try ClusterDivergence(differentiatesTarget: true).evaluate(
        items: items, centers: centers, pool: ThreadPool(threadCount: threads))
      return try [Float(result.value)] + result.itemGradient.elements() + result.centerGradient.elements()
    }
    let one = try run(1)
    #expect(try run(2) == one && run(3) == one)
  }

  @Test func aTargetOfItsOwnIsTheSameAsNone() throws {
    let items = try normal(12, 4, seed: 5)
    let centers = try normal(3, 4, seed: 6)
    let divergence = ClusterDivergence()
    let target = try divergence.target(items: items, centers: centers)
    let given = try divergence.evaluate(items: items, centers: centers, target: target)
    let own = try divergence.evaluate(items: items, centers: centers)
    #expect(try given.value == own.value && given.itemGradient.elements() == own.itemGradient.elements())
    // A target that stays moves the assignments: the loss is another once the items are.
    let moved = try divergence.evaluate(items: normal(12, 4, seed: 7), centers: centers, target: target)
    #expect(moved.value > own.value)
  }

  @Test func farItemsAreFinite() throws {
    let items = try Tensor([[0, 0], [1e15, 0], [-1e15, 1e15]])
    let centers = try Tensor([[0, 0], [1, 1], [1e15, 1]])
    for tau in [1.0, 10] {
      let result = try ClusterDivergence(tau: tau, differentiatesTarget: true).evaluate(items: items, centers: centers)
      #expect(result.value.isFinite)
      let gradients = try result.itemGradient.elements() + result.centerGradient.elements()
      #expect(gradients.allSatisfy { $0.isFinite })
    }
  }

  @Test func shapesThatDoNotMeetAreRefused() throws {
    let items = try normal(4, 3, seed: 1)
    let narrow = try normal(2, 2, seed: 2)
    #expect(throws: TensorError.self) { try ClusterDivergence().evaluate(items: items, centers: narrow) }
    let centers = try normal(2, 3, seed: 2)
    #expect(throws: TensorError.self) {
      try ClusterDivergence().evaluate(items: items, centers: centers, target: narrow)
    }
    let error = #expect(throws: TrainingError.self) {
      try ClusterDivergence(tau: 0).evaluate(items: items, centers: centers)
    }
    #expect(error?.description == "cluster_kl: tau is 0.0; want a number above 0")
  }
}
