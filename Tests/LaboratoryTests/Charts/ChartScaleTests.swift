import Platform
import Tensors
import Testing

@testable import Laboratory

@Suite struct ChartScaleTests {
  /// Ranges of all sizes, a few values in each.
  private func forRandomValues(seed: UInt64, isPositive: Bool = false, _ body: ([Double]) -> Void) {
    var generator = RandomStream(seed: seed, purpose: "scales").generator()
    for _ in 0..<3000 {
      let center = pow(10, Double.random(in: -12...12, using: &generator))
      let width = center * pow(10, Double.random(in: -8...4, using: &generator))
      let sign = isPositive || Bool.random(using: &generator) ? 1.0 : -1.0
      let count = Int.random(in: 1...5, using: &generator)
      let values = (0..<count).map { _ in sign * center + Double.random(in: 0...width, using: &generator) }
      body(values)
    }
  }

  @Test(arguments: [3, 6, 20]) func roundNumbersEncloseTheValues(count: Int) {
    forRandomValues(seed: 1) { values in
      let scale = ChartScale(values, reaches: .roundNumbers, about: count)
      let space = (scale.high - scale.low) * 1e-5
      #expect(scale.ticks.count >= 2 && scale.ticks.count <= count + 3, "\(values): \(scale.ticks)")
      #expect(scale.ticks.first! <= values.min()! + space && scale.ticks.last! >= values.max()! - space, "\(values)")
      #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 }, "\(values): \(scale.ticks)")
      #expect(Set(scale.labels).count == scale.ticks.count, "\(values): \(scale.labels)")
      #expect(values.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.share($0)) }, "\(values)")
    }
  }

  @Test func marksWithinTheValues() {
    forRandomValues(seed: 2) { values in
      let scale = ChartScale(values, reaches: .exactly, about: 6)
      #expect((1...8).contains(scale.ticks.count), "\(values): \(scale.ticks)")
      #expect(scale.ticks.allSatisfy { $0 >= scale.low && $0 <= scale.high }, "\(values): \(scale.ticks)")
      #expect(scale.low <= values.min()! && scale.high >= values.max()!)
    }
  }

  @Test(arguments: [ChartScale.Reach.exactly, .roundNumbers]) func logarithms(reach: ChartScale.Reach) {
    forRandomValues(seed: 3, isPositive: true) { values in
      let scale = ChartScale(values, isLogarithmic: true, reaches: reach, about: 6)
      #expect(scale.ticks.count <= 9 && (reach == .exactly || scale.ticks.count >= 2), "\(values): \(scale.ticks)")
      #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 }, "\(values): \(scale.ticks)")
      #expect(scale.low > 0 && scale.low <= values.min()! && scale.high >= values.max()!, "\(values): \(scale)")
      #expect(values.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.share($0)) }, "\(values)")
    }
  }

  @Test func labelsAreShort() {
    func labels(_ values: [Double], log: Bool = false, _ reach: ChartScale.Reach = .roundNumbers) -> String {
      ChartScale(values, isLogarithmic: log, isCounting: reach == .exactly, reaches: reach, about: 5).labels.joined(
        separator: " ")
    }
    #expect(labels([0, 1]) == "0.0 0.2 0.4 0.6 0.8 1.0")
    #expect(labels([-5, 5]) == "-6 -4 -2 0 2 4 6")
    #expect(labels([0.13, 0.48], .exactly) == "0.2 0.3 0.4")
    #expect(labels([0, 97000]) == "0 20,000 40,000 60,000 80,000 100,000")
    #expect(labels([1e-9, 4.1e-9]) == "1e-09 2e-09 3e-09 4e-09 5e-09")
    #expect(labels([1, 3], .exactly) == "1 2 3")
    #expect(labels([0.001, 100], log: true) == "0.001 0.01 0.1 1 10 100")
    #expect(labels([2, 30], log: true) == "2 5 10 20 50")
  }

  @Test func nothingAndEqualValues() {
    let nothing = ChartScale([], reaches: .roundNumbers, about: 5)
    #expect(nothing.low == 0 && nothing.high == 1)
    for value in [0, -0.0, 3, -7, 0.42, 1e300, -1e300, 1e-300] {
      let scale = ChartScale([value, value], reaches: .exactly, about: 5)
      #expect(abs(scale.share(value) - 0.5) < 1e-9 && !scale.ticks.isEmpty, "\(value): \(scale)")
    }
    let extremes = ChartScale([-1e300, 1e300], reaches: .roundNumbers, about: 5)
    #expect(extremes.ticks.allSatisfy(\.isFinite) && extremes.share(0) == 0.5)
    let wide = ChartScale([1e-290, 1e300], isLogarithmic: true, reaches: .roundNumbers, about: 5)
    #expect(wide.ticks.allSatisfy(\.isFinite) && wide.share(1e5) > 0.45 && wide.share(1e5) < 0.55)
  }

  @Test func numbersOfEpochsAreWhole() {
    func ticks(_ values: [Double]) -> [Double] {
      ChartScale(values, isCounting: true, reaches: .exactly, about: 6).ticks
    }
    #expect(ticks([1, 2]) == [1, 2] && ticks([7]) == [7] && ticks([1, 1.5]).contains(1.2))
  }
}
