import TestSupport
import Tensors
import Testing

@testable import Ranking

/// What one batch of triplets says of the weights' network and of the rows: against published vectors, and against a slow version on
/// random cases.
@Suite struct TripletDerivativeTests {
  private func floats(_ pointer: UnsafePointer<Float>, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// Of W1, b1, W2 and b2.
  private func networkGradients(_ outcome: TripletImportancePass.Outcome) -> [[Float]] {
    [outcome.hidden, outcome.bias, outcome.output, [outcome.offset]]
  }

  @Test(arguments: ["til_ui", "til_mi"], ["attached.a", "attached.b", "detached.a", "detached.b"])
  func agreesWithPublishedVectors(_ family: String, _ name: String) throws {
    let inner = try Golden("\(family).inner_\(name)")
    let weighed = try TripletProblem(inner).pass(rate: 0).0
    expectClose(
      floats(weighed.buffers.weights, weighed.count), inner.numbers("expected.values.weight"), rtol: 2e-4, atol: 2e-5)
    expectClose(
      floats(weighed.buffers.losses, weighed.count), inner.numbers("expected.values.bpr"), rtol: 2e-4, atol: 2e-5)
    expectClose(weighed.loss, try inner.number("expected.loss"), rtol: 2e-4, atol: 2e-5)

    let golden = try Golden("\(family).hypergradient_\(name)")
    let problem = try TripletProblem(golden)
    let rate = Float(try golden.number("parameters.inner_step"))
    let pass = try problem.pass(rate: rate).0
    let outcome = try problem.lookAhead(pass)
    expectClose(outcome.loss, try golden.number("expected.loss"), rtol: 2e-4, atol: 2e-5)
    expectClose(pass.loss, try golden.number("expected.values.inner_loss"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], networkGradients(outcome)) {
      expectClose(gradient, golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
    if let clusters = problem.clusters {
      for cluster in 0..<clusters.centers.shape[0] {
        expectClose(
          floats(pass.buffers.centerGradients + cluster * pass.stride, pass.dim),
          golden.rows("expected.values.theta_gradient_inner.Phi")[cluster], rtol: 2e-4, atol: 2e-5)
      }
    }
    // The slow version of the other tests is right as well.
    let slow = try problem.slow.outcome(rate: rate)
    expectClose(slow.gradients[0], golden.numbers("expected.values.theta_gradient_inner.P"), rtol: 2e-4, atol: 2e-5)
    expectClose(slow.gradients[1], golden.numbers("expected.values.theta_gradient_inner.Q"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], slow.networkGradients) {
      expectClose(gradient, golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
  }

  /// One triplet, few and many of them, users without items, users with everything, rows of one number and of more than a vector.
  @Test(
    arguments: [
      (1, 2, 3, 1, 1), (3, 4, 200, 9, 3), (40, 30, 100, 150, 16), (60, 500, 700, 400, 33), (7, 9, 20, 1, 64),
    ],
    [true, false])
  func agreesWithDifferentiatingTwice(_ shape: TripletProblem.Shape, _ isAttached: Bool) throws {
    for (seed, rate) in [(UInt64(1), Float(0.05)), (2, 1e-3), (3, 0)] {
      for (clusters, isOfTheCode) in [(0, false), (min(17, shape.items), false), (0, true)] {
        let problem = try TripletProblem(
          shape, isAttached: isAttached, clusters: clusters, isOfTheCode: isOfTheCode, seed: seed)
        try compare(
          problem, rate: rate, scale: seed == 2 ? 1 / Float(shape.triplets) : 1, "\(shape), \(clusters), seed \(seed)")
      }
    }
  }

  private func compare(_ problem: TripletProblem, rate: Float, scale: Float, _ name: String) throws {
    let (pass, pull) = try problem.pass(rate: rate, scale: scale)
    var version = try problem.slow
    version.scale = scale
    let slow = try version.outcome(rate: rate)
    expectClose(floats(pass.buffers.weights, pass.count), slow.weights, rtol: 1e-4, atol: 1e-5)
    expectClose(pass.loss + (pull?.value ?? 0), slow.loss, rtol: 1e-4, atol: 1e-5)
    let outcome = try problem.lookAhead(pass)
    expectClose(outcome.loss, slow.movedLoss, rtol: 1e-4, atol: 1e-5)
    // Of a number that the network does not have nothing is used.
    let count = problem.importance.network.parameters.count
    for (gradient, wanted) in zip(networkGradients(outcome), slow.networkGradients).prefix(count) {
      let size = Double(wanted.map(abs).max()!)
      expectClose(gradient, wanted, rtol: 1e-3, atol: 1e-9 + 1e-4 * size, "\(name)")
    }
    // All that the weighted loss says of the tables' rows.
    var (users, items) = (slow.gradients[0].map { _ in Float(0) }, slow.gradients[1].map { _ in Float(0) })
    for (slot, user) in pass.users.rows.enumerated() {
      for column in 0..<pass.dim {
        users[Int(user) * pass.dim + column] = pass.buffers.userSums[slot * pass.stride + column]
      }
    }
    if pass.reachesTable {
      let table = try problem.gradientTables(pass).items
      items = (0..<problem.train.itemCount).flatMap { floats(table + $0 * pass.stride, pass.dim).map { Float($0) } }
    } else {
      for (slot, item) in pass.items.rows.enumerated() {
        for column in 0..<pass.dim {
          items[Int(item) * pass.dim + column] = pass.buffers.itemSums[slot * pass.stride + column]
        }
      }
    }
    for (found, wanted) in [(users, slow.gradients[0]), (items, slow.gradients[1])] {
      let size = Double(wanted.map { abs($0) }.max()!)
      expectClose(found.map(Double.init), wanted, rtol: 1e-3, atol: 1e-7 + 1e-4 * size, "rows, \(name)")
    }
    if let clusters = problem.clusters {
      let found = (0..<clusters.centers.shape[0]).flatMap { cluster in
        (0..<pass.dim).map { column in
          pass.buffers.centerGradients[cluster * pass.stride + column]
            + (pull?.centers[cluster * pass.stride + column] ?? 0)
        }
      }
      let size = Double(slow.gradients[2].map(abs).max()!)
      expectClose(found, slow.gradients[2], rtol: 1e-3, atol: 1e-9 + 1e-4 * size, "centers, \(name)")
    }
    let one = try problem.pass(rate: rate, scale: scale, threads: 1).0
    #expect(try networkGradients(problem.lookAhead(one)) == networkGradients(outcome))
  }

  @Test(arguments: ["attached.a", "attached.b", "detached.a", "detached.b"])
  func agreesWithPublishedVectorsOfAGraph(_ name: String) throws {
    let golden = try Golden("til_ui.hypergradient_lightgcn_\(name)")
    let problem = try TripletProblem(golden)
    let rate = Float(try golden.number("parameters.inner_step"))
    let pass = try problem.pass(rate: rate, isGraph: true).0
    let outcome = try problem.lookAhead(pass)
    expectClose(
      floats(pass.buffers.weights, pass.count), golden.numbers("expected.values.weight"), rtol: 2e-4, atol: 2e-5)
    expectClose(pass.loss, try golden.number("expected.values.inner_loss"), rtol: 2e-4, atol: 2e-5)
    expectClose(outcome.loss, try golden.number("expected.loss"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], networkGradients(outcome)) {
      expectClose(gradient, golden.numbers("expected.gradients.\(name)"), rtol: 2e-4, atol: 2e-5, name)
    }
    var version = try problem.slow
    version.graph = try SlowTripletImportance.layer(of: problem.train)
    let slow = try version.outcome(rate: rate)
    expectClose(slow.gradients[0], golden.numbers("expected.values.theta_gradient_inner.P"), rtol: 2e-4, atol: 2e-5)
    expectClose(slow.gradients[1], golden.numbers("expected.values.theta_gradient_inner.Q"), rtol: 2e-4, atol: 2e-5)
    let tables = try problem.gradientTables(pass)
    for (table, name, count) in [
      (tables.users, "P", problem.train.userCount), (tables.items, "Q", problem.train.itemCount),
    ] {
      let gradient = (0..<count).flatMap { floats(table + $0 * pass.stride, pass.dim) }
      expectClose(gradient, golden.numbers("expected.values.theta_gradient_inner.\(name)"), rtol: 2e-4, atol: 2e-5)
    }
  }

  /// Central differences are near the exact derivative; of weights that stand still, as near as their own published vectors.
  @Test(arguments: ["til_ui", "til_mi"], ["attached.a", "attached.b", "detached.a", "detached.b"])
  func differencesAgreeWithPublishedVectors(_ family: String, _ name: String) throws {
    let golden = try Golden("\(family).hypergradient_\(name)")
    let rate = Float(try golden.number("parameters.inner_step"))
    let problem = try TripletProblem(golden)
    let pass = try problem.pass(rate: rate, hypergradient: .finiteDifferences).0
    let outcome = try problem.lookAhead(pass)
    expectClose(outcome.loss, try golden.number("expected.loss"), rtol: 2e-4, atol: 2e-5)
    for (name, gradient) in zip(["W1", "b1", "W2", "b2"], networkGradients(outcome)) {
      let wanted = golden.numbers("expected.values.darts.\(name)")
      expectClose(gradient, wanted, rtol: 2e-3, atol: 1e-3 * wanted.map(abs).max()!, name)
    }
  }

  @Test(arguments: [true, false], [true, false])
  func differencesAreNearTheExactDerivative(_ isAttached: Bool, _ isGraph: Bool) throws {
    for clusters in [0, 5] {
      let problem = try TripletProblem((40, 30, 100, 150, 16), isAttached: isAttached, clusters: clusters, seed: 1)
      // A hidden number that crosses 0 between both sides would count as if the weight had jumped.
      let network = problem.importance.network
      try network.bias.setValues((0..<16).map { $0 % 3 == 0 ? -5 : 5 })
      try network.output.setValues(network.output.currentValues.map { 0.2 * $0 })
      let exact = try networkGradients(problem.lookAhead(problem.pass(rate: 0.05, isGraph: isGraph).0))
      let near = try networkGradients(
        problem.lookAhead(problem.pass(rate: 0.05, isGraph: isGraph, hypergradient: .finiteDifferences).0))
      for (near, exact) in zip(near, exact) {
        expectClose(near, exact.map(Double.init), rtol: 1e-2, atol: 2e-3 * Double(exact.map(abs).max()!))
        #expect(near != exact)
      }
    }
  }
}
