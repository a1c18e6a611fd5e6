import Foundation
import Interactions
import Tensors
import Testing

@testable import Ranking

/// Losses whose positives or triplets have weights, against float64 sums of their parts.
@Suite struct LossWeightTests {
  private static let weights: [Float] = [0, 0.5, 1, 3, 0.25, 2]

  /// Evaluates with weights of rows; `nil` leaves them out.
  private func evaluate(_ loss: Loss, _ batch: ScoreBatch, _ weights: [Float]?, rowByRow: Bool = false) throws
    -> (value: Double, gradients: [Float], values: [Double])
  {
    var plane = batch.plane
    let count = max(1, weights?.count ?? 1)
    let numbers = AlignedBuffer<Float>(count: count, repeating: 0)
    for (place, weight) in (weights ?? []).enumerated() { numbers[place] = weight }
    if let weights {
      plane[weights.count == plane.rowCount ? .weight : .tripletWeight] = UnsafePointer(numbers.base)
    }
    try loss.prepare(at: TrainingPosition(epoch: 1, step: 1), negativeCount: plane.negativeCount)
    try loss.begin(plane)
    let weighted = try WeightedLoss(loss, plane)
    if rowByRow {
      for row in (0..<plane.rowCount).reversed() { weighted.evaluate(row..<row + 1) }
    } else {
      try weighted.evaluateBatch()
    }
    let (rows, negatives) = (plane.rowCount, plane.negativeCount)
    var gradients = (0..<rows).map { plane.positiveGradient($0).pointee }
    gradients += (0..<rows).flatMap { row in (0..<negatives).map { plane.negativeGradients(row)[$0] } }
    for channel in Channel.inputs {
      guard let slopes = plane[gradients: channel] else { continue }
      gradients += (0..<rows * channel.columns(negativeCount: negatives)).map { slopes[$0] }
    }
    let values = (0..<rows).map { plane.values[$0] }
    return (values.reduce(0, +), gradients, values)
  }

  // MARK: Positives

  /// The part of each positive is what the loss falls by where the positive's row has no loss at all.
  @Test(arguments: PlaneCase.all.filter { !$0.name.hasPrefix("contrastive cosine") })
  func partsOfPositivesAreMultiplied(_ test: PlaneCase) throws {
    for count in [1, 2, 7, 17] {
      let inputs = test.inputs(rows: 6, negatives: count, seed: UInt64(count))
      func weighted(_ x: PlaneInputs) -> Double {
        let whole = test.reference(x, inputs)
        return (0..<6).reduce(whole) { sum, row in
          let part = whole - test.reference(withoutLoss(x, row, test), inputs)
          return sum + (Double(Self.weights[row]) - 1) * part
        }
      }
      let loss = try test.make(inputs)
      let batch = inputs.batch(test.parts)
      let result = try evaluate(loss, batch, Self.weights)
      expectClose(result.value, weighted(inputs), rtol: 3e-6, atol: 2e-6, "\(count) negatives: value")
      let differences = inputs.differences(test.parts, weighted)
      expectClose(result.gradients, differences.scores, rtol: 1e-5, atol: 4e-6, "\(count) negatives: gradient")
      let sums = GradientSet()
      loss.addParameterGradients(batch.plane, to: sums)
      expectClose(
        loss.parameters.flatMap { sums.of($0).dense() }, differences.margins, rtol: 1e-5, atol: 4e-6,
        "\(count) negatives: margins")
    }
  }

  private func withoutLoss(_ inputs: PlaneInputs, _ row: Int, _ test: PlaneCase) -> PlaneInputs {
    var inputs = inputs
    let isWarp = test.name.hasPrefix("warp")
    // A violator that costs nothing; for all others everything is where it should be.
    inputs.positives[row] = isWarp ? Double(Float(0.3)) : test.areDistances ? 0 : 1e6
    inputs.negatives[row] = inputs.negatives[row].map { _ in isWarp ? 0 : -1e6 }
    inputs.itemScores[row] = inputs.itemScores[row].map { _ in -1e6 }
    inputs.boundary[row] = 0
    return inputs
  }

  @Test(arguments: LossCase.all.filter { !$0.name.contains("bsl multi") && !$0.name.contains("bsl paper") })
  func positivesCountLikeOnesOfTheirOwn(_ test: LossCase) throws {
    for count in [1, 3, 16] {
      let scores = LatticeScores(rows: 6, negatives: count, users: 3, seed: UInt64(count))
      func parts(_ p: [Double], _ n: [[Double]]) -> [Double] {
        p.indices.map { test.reference([p[$0]], [n[$0]], [0]) }
      }
      let (p, n) = (scores.positives.map(Double.init), scores.negatives.map { $0.map(Double.init) })
      // A mean has a part of 1/B for each.
      let share = test.reference(p, n, scores.users) / parts(p, n).reduce(0, +)
      try check(test, scores, count, p, n) { p, n, _ in
        zip(parts(p, n), Self.weights).reduce(0) { $0 + share * $1.0 * Double($1.1) }
      }
    }
  }

  @Test(arguments: [BSLLoss.Mode.multi, .paper], Reduction.allCases)
  func positivesOfOneUserWeighTogether(_ mode: BSLLoss.Mode, _ reduction: Reduction) throws {
    let test = LossCase(
      name: "bsl",
      make: {
        let loss = BSLLoss(mode: mode, temperature: 0.5, negativeExponent: 2, positiveTemperature: 0.25)
        loss.reduction = reduction
        return loss
      }, reference: { _, _, _ in 0 })
    for count in [1, 3, 16] {
      let scores = LatticeScores(rows: 6, negatives: count, users: 3, seed: UInt64(count))
      let (p, n) = (scores.positives.map(Double.init), scores.negatives.map { $0.map(Double.init) })
      try check(test, scores, count, p, n) { p, n, users in
        let (t, e) = mode == .paper ? (0.25, 0.5) : (0.5, 2.0)
        let factor = mode == .paper ? t : 1
        let total = p.indices.reduce(0.0) { sum, b in
          let group = p.indices.filter { users[$0] == users[b] }
          let positives = logSumExp(group.map { p[$0] / t }) - log(Double(group.count))
          let negatives = logSumExp(n[b].map { $0 / 0.5 }) - log(Double(n[b].count))
          return sum + Double(Self.weights[b]) * (e * negatives - factor * positives)
        }
        return reduction == .mean ? total / 6 : total
      }
    }
  }

  private func check(
    _ test: LossCase, _ scores: LatticeScores, _ count: Int, _ p: [Double], _ n: [[Double]],
    weights: [Float] = Self.weights, _ reference: ([Double], [[Double]], [Int32]) -> Double
  ) throws {
    let batch = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
    let result = try evaluate(test.make(), batch, weights)
    expectClose(result.value, reference(p, n, scores.users), rtol: 4e-6, atol: 2e-7, "\(count) negatives: value")
    var (p, n) = (p, n)
    func difference(_ move: (Double) -> Void) -> Double {
      move(1e-5)
      let above = reference(p, n, scores.users)
      move(-2e-5)
      let below = reference(p, n, scores.users)
      move(1e-5)
      return (above - below) / 2e-5
    }
    let slopes =
      p.indices.map { row in difference { p[row] += $0 } }
      + n.indices.flatMap { row in n[row].indices.map { slot in difference { n[row][slot] += $0 } } }
    expectClose(result.gradients, slopes, rtol: 1e-5, atol: 2e-6, "\(count) negatives: gradient")
    let again = ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
    guard try test.make().isRowwise else { return }
    let apart = try evaluate(test.make(), again, weights, rowByRow: true)
    #expect(apart.value == result.value && apart.gradients == result.gradients)
  }

  @Test(arguments: LossCase.all) func aWeightOfOneChangesNoBit(_ test: LossCase) throws {
    let scores = LatticeScores(rows: 6, negatives: 5, users: 3, seed: 2)
    func batch() -> ScoreBatch {
      ScoreBatch(positives: scores.positives, negatives: scores.negatives, users: scores.users)
    }
    let plain = try evaluate(test.make(), batch(), nil)
    let ones = try evaluate(test.make(), batch(), [Float](repeating: 1, count: 6))
    #expect(plain.value == ones.value && plain.gradients == ones.gradients)
  }

  @Test(arguments: PlaneCase.all) func aWeightOfOneOrZeroChangesNoOtherBit(_ test: PlaneCase) throws {
    let inputs = test.inputs(rows: 6, negatives: 5, seed: 4)
    let plain = try evaluate(test.make(inputs), inputs.batch(test.parts), nil)
    let ones = try evaluate(test.make(inputs), inputs.batch(test.parts), [Float](repeating: 1, count: 6))
    #expect(plain.gradients == ones.gradients && abs(plain.value - ones.value) <= 1e-14 * abs(plain.value))
    let without = try evaluate(test.make(inputs), inputs.batch(test.parts), [1, 1, 0, 1, 1, 1])
    var expected = plain.gradients
    expected[2] = 0
    for slot in 6 + 2 * 5..<6 + 3 * 5 { expected[slot] = 0 }
    #expect(without.gradients.prefix(36) == expected.prefix(36))
  }

  // MARK: Triplets

  private static let triplets: [Float] = (0..<24).map { Float($0 * 7 % 11) / 4 }

  @Test(arguments: LossCase.all.filter { $0.name.hasPrefix("bpr") || $0.name.hasPrefix("hinge") })
  func triplesCountLikeOnesOfTheirOwn(_ test: LossCase) throws {
    let scores = LatticeScores(rows: 6, negatives: 4, users: 3, seed: 8)
    func parts(_ p: [Double], _ n: [[Double]]) -> [Double] {
      p.indices.flatMap { row in n[row].map { test.reference([p[row]], [[$0]], [0]) } }
    }
    let (p, n) = (scores.positives.map(Double.init), scores.negatives.map { $0.map(Double.init) })
    let share = test.reference(p, n, scores.users) / parts(p, n).reduce(0, +)
    try check(test, scores, 4, p, n, weights: Self.triplets) { p, n, _ in
      zip(parts(p, n), Self.triplets).reduce(0) { $0 + share * $1.0 * Double($1.1) }
    }
  }

  @Test(
    arguments: PlaneCase.all.filter { test in
      ["triplet", "rce_bpr", "tce_bpr", "weighted_bpr"].contains { test.name.hasPrefix($0) }
    })
  func termsOfPairwiseLossesAreMultiplied(_ test: PlaneCase) throws {
    let inputs = test.inputs(rows: 6, negatives: 4, seed: 9)
    func weighted(_ x: PlaneInputs) -> Double {
      let whole = test.reference(x, inputs)
      return (0..<24).reduce(whole) { sum, place in
        var without = x
        without.negatives[place / 4][place % 4] = -1e6
        return sum + (Double(Self.triplets[place]) - 1) * (whole - test.reference(without, inputs))
      }
    }
    let result = try evaluate(test.make(inputs), inputs.batch(test.parts), Self.triplets)
    expectClose(result.value, weighted(inputs), rtol: 3e-6, atol: 2e-6, "value")
    expectClose(
      result.gradients, inputs.differences(test.parts, weighted).scores, rtol: 1e-5, atol: 4e-6, "gradient")
  }

  @Test(arguments: PlaneCase.all) func lossesOfOtherTermsRefuseWeightsOfTriplets(_ test: PlaneCase) throws {
    let inputs = test.inputs(rows: 6, negatives: 4, seed: 9)
    let loss = try test.make(inputs)
    guard loss.tripletFactor(negativeCount: 4) == nil else { return }
    let error = #expect(throws: TrainingError.self) {
      _ = try evaluate(loss, inputs.batch(test.parts), Self.triplets)
    }
    #expect(error?.description.contains("its terms are not one for each negative") == true)
  }

  @Test(arguments: [-1, .nan, .infinity, -.infinity] as [Float]) func aWeightIsANumberFromZero(_ bad: Float) throws {
    let batch = ScoreBatch(positives: [1, 2], negatives: [[0], [1]], users: [4, 6])
    let error = #expect(throws: TrainingError.self) { _ = try evaluate(BPRLoss(), batch, [1, bad]) }
    #expect(error?.description.contains("row 2 of the batch, user number 7, is ") == true)
  }
}
