import TestSupport
import Tensors
import Testing

@testable import Ranking

/// What is said of weights, against sums over all of them.
@Suite struct WeightSummaryTests {
  @Test(arguments: [[1], [3, 1, 7], [200, 0, 50]]) func agreesWithSumsOverAllWeights(_ sizes: [Int]) throws {
    let stream = RandomStream(key: UInt64(sizes.count))
    var summary = WeightSummary()
    var all: [Double] = []
    for size in sizes {
      // Some above 1, as softplus has them, and the ends of the tenths.
      let weights = (0..<size).map { place -> Float in
        let drawn = Float(1.2 * stream.uniformDouble(at: UInt64(all.count + place)))
        return [0, 0.1, 0.5, 1, 1.5, drawn][place % 6]
      }
      summary.add(weights)
      all += weights.map(Double.init)
    }
    let mean = all.reduce(0, +) / Double(all.count)
    let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)
    #expect(summary.count == all.count && summary.least == all.min() && summary.most == all.max())
    expectClose(summary.mean, mean, rtol: 1e-12, "mean")
    expectClose(summary.deviation, variance.squareRoot(), rtol: 1e-9, atol: 1e-9, "deviation")
    var tenths = [Int](repeating: 0, count: 10)
    for weight in all {
      var tenth = 0
      while tenth < 9, weight * 10 >= Double(tenth + 1) { tenth += 1 }
      tenths[tenth] += 1
    }
    #expect(summary.tenths == tenths && tenths.reduce(0, +) == all.count)
    #expect(try WeightSummary(numbers: summary.numbers) == summary)
  }

  @Test func emptyOnesAreKept() throws {
    #expect(try WeightSummary(numbers: WeightSummary().numbers) == WeightSummary())
  }

  @Test(arguments: [0, 5]) func numbersThatAreNoSummaryAreRefused(_ place: Int) throws {
    var summary = WeightSummary()
    summary.add([0.25, 0.75])
    for wrong in [-1, 0.5, .nan, .infinity, 1e300, 3 * Double(place)] as [Double] {
      var numbers = summary.numbers
      numbers[place] = wrong
      #expect(throws: TrainingError.self, "\(place): \(wrong)") { try WeightSummary(numbers: numbers) }
    }
    #expect(throws: TrainingError.self) { try WeightSummary(numbers: summary.numbers.dropLast()) }
    #expect(throws: TrainingError.self) { try WeightSummary(numbers: [Double]()) }
  }
}
